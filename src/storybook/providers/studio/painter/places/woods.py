"""Forest, mountains and river."""

import math

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import heavens, land, landmarks, plants
from storybook.providers.studio.painter.places.forms import (
    Point,
    banks,
    between,
    box,
    curve,
    peaks,
    poly,
    puff,
    spot,
    winding,
)
from storybook.providers.studio.painter.places.stage import Stage


def forest(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    _glade(stage)
    variant = rng.randrange(3)
    stage.pen.wash(
        winding(rng, (stage.x(0.5), horizon + 16), stage.x(0.56), (16, 190)),
        lighter(stage.colour("path"), 0.3),
        stage.colour("path"),
    )
    for share, size in ((0.3, 560), (0.72, 600), (0.12, 640), (0.92, 660)):
        x, y = stage.x(share + rng.uniform(-0.03, 0.03)), horizon + size * 0.1
        tree = plants.pine if variant == 1 and size < 640 else plants.broad_tree
        tree(stage.pen, rng, x, y, size, stage.colour("leaf" if size > 600 else "mid"))
    _undergrowth(stage)
    _old_trunks(stage, variant)


def _glade(stage: Stage) -> None:
    """The light in the depth of the wood and the pale trees before it."""
    rng, horizon = stage.rng, stage.horizon
    stage.bare.wash(box(-20, -20, WIDTH + 40, horizon + 80), stage.far("far", 0.4), stage.far("far", 0.85))
    stage.bare.glow(stage.x(0.5), horizon - 90, 310, stage.sun.warm, opacity=0.18 if stage.sun.dark else 0.7)
    for distance, count, width in ((0.66, 13, 22), (0.44, 9, 34)):
        path = ""
        for index in range(count):
            x = (index + rng.uniform(0.1, 0.9)) / count * WIDTH
            path += plants.trunk(x, horizon + 20, horizon + 60, width * rng.uniform(0.6, 1.2), rng.uniform(-30, 30))
        stage.bare.shape(path, stage.far("bark", distance), outline=False, shade=False)
        canopy = "".join(
            puff(rng, WIDTH * i / 6, 130 * (1.1 - distance) + rng.uniform(-50, 30), 150, 110 * (1.5 - distance))
            for i in range(7)
        )
        stage.bare.shape(canopy, stage.far("mid", distance), outline=False, shade=False)
    heavens.sunbeams(stage, stage.x(0.42), opacity=0.09 if stage.sun.dark else 0.22)
    land.ground(stage)


def _undergrowth(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    for share in (0.03, 0.22, 0.8, 0.99):
        plants.bush(
            stage.pen, rng, stage.x(share), horizon + rng.uniform(70, 120), rng.uniform(150, 230), stage.colour("leaf")
        )
    area = (0.0, horizon + 60, float(WIDTH), HEIGHT - 80.0)
    plants.grass(stage, stage.colour("ground"), 70, area)
    plants.flowers(stage, 7, area, ("#f2f0e6", stage.colour("bloom")))
    for share in (0.08, 0.9):
        x, y = stage.x(share), horizon + rng.uniform(190, 260)
        plants.stone(stage.pen, rng, x, y, rng.uniform(70, 110))
        plants.fern(stage.pen, rng, x + rng.uniform(-50, 50), y + 14, 110, darker(stage.colour("leaf"), 0.1))


def _old_trunks(stage: Stage, variant: int) -> None:
    """One or two great trunks at the sides that run out of the picture."""
    pen, rng = stage.pen, stage.rng
    shares = ((0.02,), (0.98,), (0.01, 1.0))[variant]
    for share in shares:
        x, y, w = stage.x(share), stage.horizon + 250, 150
        pen.contact_shadow(x, y, 170)
        pen.shape(plants.trunk(x, y, y + 40, w, rng.uniform(-20, 20)), stage.colour("bark"))
        marks = "".join(
            curve([(x + dx, y - 80 - k * 150), (x + dx + 8, y - 130 - k * 150), (x + dx - 2, y - 190 - k * 150)])
            for k, dx in enumerate((-30, 22, -14, 30))
        )
        pen.stroke(marks, darker(stage.colour("bark"), 0.3), 5)
    crowns = "".join(
        puff(rng, WIDTH * s, rng.uniform(-50, 10), 170, rng.uniform(80, 130)) for s in (0.0, 0.24, 0.8, 1.0)
    )
    pen.shape(crowns, darker(stage.colour("leaf"), 0.12))
    light = "".join(puff(rng, WIDTH * s, rng.uniform(-70, -30), 130, 80) for s in (0.04, 0.3, 0.75, 0.97))
    pen.shape(light, lighter(stage.colour("leaf"), 0.05), outline=False, shade=False)


def forest_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=120)
    for share in (-0.01, 1.01):
        plants.fern(stage.pen, stage.rng, WIDTH * share, HEIGHT + 10, 250, darker(stage.colour("near"), 0.3))
    plants.corner_leaves(stage, stage.colour("near"), right=stage.flip)


def mountain(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    for name, height, count, distance in (("far", 430, 3, 0.62), ("rock", 520, 2, 0.34)):
        _range(
            stage, peaks(rng, horizon + 10, height, count), stage.far(name, distance), stage.far("snow", distance * 0.6)
        )
    plants.far_woods(stage.bare, rng, horizon - 4, 30, stage.far("mid", 0.4))
    plants.far_pines(stage.bare, rng, horizon + 20, 90, stage.far("mid", 0.2))
    heavens.far_birds(stage)
    land.ground(stage, swing=34)
    stage.pen.wash(
        winding(rng, (stage.x(0.66), horizon + 30), stage.x(0.42), (8, 130)),
        lighter(stage.colour("path"), 0.3),
        stage.colour("path"),
    )
    if rng.random() < 0.45:
        landmarks.waterfall(stage, stage.x(0.74), horizon + 60, 330)
    for share, size in ((0.05, 620), (0.2, 330), (0.95, 520), (0.81, 260)):
        plants.pine(stage.pen, rng, stage.x(share), horizon + size * 0.24, size, stage.colour("mid"))
    for _ in range(6):
        plants.stone(
            stage.pen, rng, rng.uniform(20, WIDTH), rng.uniform(horizon + 90, HEIGHT - 90), rng.uniform(40, 110)
        )
    plants.grass(stage, stage.colour("ground"), 66, (0, horizon + 50, WIDTH, HEIGHT - 60))
    plants.blossom_dots(stage, 18, (0, horizon + 60, WIDTH, HEIGHT - 60), ("#f6f2ff", stage.colour("bloom")))


def _range(stage: Stage, line: list[tuple[float, float]], rock: str, snow: str) -> None:
    """Mountains along a jagged line with shaded sides and snow on the summits."""
    outline = poly(*line, (WIDTH + 140, HEIGHT), (-140, HEIGHT))
    stage.bare.shape(outline, rock, outline=False, shade=False)
    for index in range(1, len(line) - 1, 2):
        (fx, fy), (x, y), (tx, ty) = line[index - 1 : index + 2]
        away = (tx, ty) if stage.light.side < 0 else (fx, fy)
        shadow = poly(
            (x, y),
            away,
            (x * 0.85 + away[0] * 0.15, max(fy, ty) + 200),
            (x + (away[0] - x) * 0.1, y + (away[1] - y) * 0.6),
        )
        stage.bare.shape(shadow, darker(rock, 0.16), outline=False, shade=False, opacity=0.7)
        a, b = (x + (fx - x) * 0.34, y + (fy - y) * 0.34), (x + (tx - x) * 0.34, y + (ty - y) * 0.34)
        drip = (b[1] - y) * 0.3
        steps = [
            (b[0] + (a[0] - b[0]) * s, b[1] + (a[1] - b[1]) * s + (drip if k % 2 else -drip * 0.4))
            for k, s in enumerate((0.2, 0.4, 0.6, 0.8))
        ]
        stage.bare.shape(poly((x, y), b, *steps, a), snow, outline=False, shade=False)


def mountain_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=110)
    plants.stone(stage.pen, stage.rng, stage.x(0.02), HEIGHT + 16, 330, stage.colour("rock"))


def river(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    heavens.far_birds(stage)
    land.hills(stage, swing=70)
    plants.far_woods(stage.bare, rng, horizon + 8, 34, stage.far("mid", 0.25))
    land.ground(stage)
    if rng.random() < 0.5:
        _lake(stage)
    else:
        _water(stage, *banks(rng, (stage.x(0.66), horizon + 10), stage.x(1.05), (16, 330), 1.1))
    plants.broad_tree(stage.pen, rng, stage.x(0.1), horizon + 70, 620, stage.colour("leaf"))
    plants.bush(stage.pen, rng, stage.x(0.3), horizon + 60, 150, stage.colour("leaf"))
    for share, dy in ((0.42, 200), (0.5, 330), (0.92, 120)):
        plants.stone(stage.pen, rng, stage.x(share), horizon + dy, rng.uniform(60, 100))
    plants.grass(stage, stage.colour("ground"), 60, (0, horizon + 60, WIDTH, HEIGHT - 60))
    plants.flowers(stage, 7, (0, HEIGHT - 260, WIDTH, HEIGHT - 90), ("#fbf4e2", "#f7d560", "#a98fd6"))


def _water(stage: Stage, left: list[Point], right: list[Point]) -> None:
    """Water between two banks, with ripples that keep away from them."""
    path, low, rng = between(left, right), stage.colour("water"), stage.rng
    stage.pen.stroke(path, lighter(stage.colour("ground"), 0.45), 12)
    stage.pen.wash(path, lighter(low, 0.45), low)
    ripples = ""
    for _ in range(20):
        part, along = rng.randrange(len(left) - 1), rng.uniform(0.1, 0.9)
        a, b = _way(left[part], left[part + 1], along), _way(right[part], right[part + 1], along)
        x, y = _way(a, b, rng.uniform(0.3, 0.7))
        wide = min(70.0, math.dist(a, b) * 0.14)
        ripples += heavens.ripple(x, y, wide)
    stage.bare.stroke(ripples, stage.sun.far("#ffffff", 0.4), 3, opacity=0.6)


def _way(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _lake(stage: Stage) -> None:
    y = stage.horizon + 16
    far = [(-40.0, y), (WIDTH * 0.3, y - 6), (WIDTH * 0.7, y + 2), (WIDTH + 40.0, y)]
    near = [(-40.0, y + 190), (WIDTH * 0.34, y + 150), (WIDTH * 0.7, y + 225), (WIDTH + 40.0, y + 205)]
    _water(stage, far, near)


def river_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=130)
    x = stage.x(0.06)
    for index in range(5):
        px = x + (index - 2) * 26
        top = HEIGHT - stage.rng.uniform(190, 320)
        stage.pen.stroke(
            f"M{px:.1f},{HEIGHT + 10}Q{px:.1f},{(top + HEIGHT) / 2:.1f} {px + (index - 2) * 6:.1f},{top:.1f}",
            "#6c8f4a",
            5,
        )
        stage.pen.shape(spot(px + (index - 2) * 6, top, 10, 34), "#80563a", shade=False)
