"""Places by the water and under it."""

import math

from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import heavens, landmarks, plants
from storybook.providers.studio.painter.places.forms import (
    below,
    blades,
    blob,
    box,
    closed,
    curve,
    dots,
    poly,
    rolling,
    spot,
)
from storybook.providers.studio.painter.places.stage import Stage


def sea(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    heavens.far_birds(stage)
    shore = horizon + 190
    far, near = stage.far("water", 0.5), stage.light.on(stage.colour("water"))
    stage.bare.wash(box(-20, horizon, WIDTH + 40, shore - horizon + 90), far, near)
    if rng.random() < 0.5:
        _lighthouse(stage, stage.x(0.84), horizon + 12)
    else:
        _island(stage, stage.x(0.8), horizon + 8)
    _sail(stage, stage.x(rng.uniform(0.3, 0.5)), horizon + 26, 62)
    _glitter(stage, horizon, shore)
    line = [(-40.0, shore + 20), (WIDTH * 0.3, shore - 14), (WIDTH * 0.62, shore + 26), (WIDTH + 40.0, shore - 8)]
    for rise, colour, opacity in ((-44, lighter(stage.colour("water"), 0.35), 0.7), (-14, "#ffffff", 0.85)):
        stage.pen.shape(below([(x, y + rise) for x, y in line]), colour, outline=False, shade=False, opacity=opacity)
    sand = stage.colour("ground")
    stage.pen.wash(below([(x, y + 4) for x, y in line]), darker(sand, 0.18), sand)
    stage.pen.wash(below([(x, y + 44 + 10 * (k % 2)) for k, (x, y) in enumerate(line)]), lighter(sand, 0.25), sand)
    _strand(stage, shore)
    if rng.random() < 0.5:
        landmarks.palm(stage, stage.x(0.1), shore + 90, 560)


def _strand(stage: Stage, shore: float) -> None:
    """What lies about on the sand."""
    rng, pen, sand = stage.rng, stage.pen, stage.colour("ground")
    pen.shape(
        dots(rng, (0, shore + 70, WIDTH, HEIGHT), 90, (1.5, 3.5)),
        darker(sand, 0.2),
        outline=False,
        shade=False,
        opacity=0.6,
    )
    for _ in range(5):
        x, y = rng.uniform(40, WIDTH - 40), rng.uniform(shore + 90, HEIGHT - 70)
        pen.stroke(heavens.ripple(x, y, rng.uniform(30, 70)), darker(sand, 0.12), 4, opacity=0.5)
    for share, dy in ((0.12, 130), (0.88, 200)):
        plants.stone(pen, rng, stage.x(share), shore + dy, rng.uniform(60, 90), "#b3aca6")
    starfish(stage, stage.x(0.78), shore + 130, 30)
    _shell(stage, stage.x(0.3), shore + 110, 24)


def _glitter(stage: Stage, top: float, bottom: float) -> None:
    rng, path = stage.rng, ""
    for _ in range(40):
        y = rng.uniform(top + 8, bottom)
        path += heavens.ripple(rng.uniform(0, WIDTH), y, 8 + 34 * (y - top) / (bottom - top))
    stage.bare.stroke(path, mix(stage.light.bottom, "#ffffff", 0.4), 3, opacity=0.55)


def _sail(stage: Stage, x: float, y: float, size: float) -> None:
    """A small sailing boat far out."""
    bare, light = stage.bare, stage.light
    bare.shape(
        poly((x - 4, y - 8), (x - 4, y - size * 1.3), (x - size * 0.55, y - 12)),
        light.far("#ffffff", 0.15),
        outline=False,
    )
    bare.shape(
        poly((x + 3, y - 8), (x + 3, y - size * 1.1), (x + size * 0.45, y - 12)),
        light.far("#ef8a6a", 0.15),
        outline=False,
    )
    hull = (
        f"M{x - size * 0.6},{y - 6}L{x + size * 0.6},{y - 6}Q{x + size * 0.45},{y + 12} {x + size * 0.3},{y + 12}"
        f"L{x - size * 0.35},{y + 12}Q{x - size * 0.5},{y + 10} {x - size * 0.6},{y - 6}"
        f"Z"
    )
    bare.shape(hull, light.far("#8a5b45", 0.2), outline=False)


def _island(stage: Stage, x: float, y: float) -> None:
    land = [(x - 190, y), (x - 120, y - 36), (x - 30, y - 74), (x + 70, y - 48), (x + 190, y)]
    stage.bare.shape(curve(land) + "Z", stage.far("mid", 0.5), outline=False, shade=False)


def _lighthouse(stage: Stage, x: float, y: float) -> None:
    bare, light = stage.bare, stage.light
    land = [(x - 170, y), (x - 90, y - 30), (x, y - 46), (x + 110, y - 34), (x + 200, y)]
    bare.shape(curve(land) + "Z", stage.far("mid", 0.4), outline=False, shade=False)
    bare.shape(
        poly((x - 22, y - 38), (x - 14, y - 190), (x + 14, y - 190), (x + 22, y - 38)),
        light.far("#f4efe6", 0.15),
        outline=False,
    )
    for k in range(2):
        s, t = 0.25 + k * 0.45, 0.45 + k * 0.45
        band = poly(
            (x - 22 + 8 * s, y - 38 - 152 * s),
            (x - 22 + 8 * t, y - 38 - 152 * t),
            (x + 22 - 8 * t, y - 38 - 152 * t),
            (x + 22 - 8 * s, y - 38 - 152 * s),
        )
        bare.shape(band, light.far("#d8584c", 0.2), outline=False, shade=False)
    bare.shape(box(x - 11, y - 214, 22, 24), "#ffe28a", outline=False, shade=False)
    bare.shape(poly((x - 17, y - 213), (x, y - 236), (x + 17, y - 213)), light.far("#b8463f", 0.2), outline=False)
    if stage.lamps:
        bare.glow(x, y - 202, 150, stage.sun.warm, opacity=0.7)


def starfish(stage: Stage, x: float, y: float, r: float) -> None:
    tips = [
        (x + math.cos(a) * r * k, y + math.sin(a) * r * k * 0.62)
        for a, k in ((math.tau * i / 10 - 1.2, 1.0 if i % 2 == 0 else 0.46) for i in range(10))
    ]
    stage.pen.shape(closed(tips), "#ef8d63")


def _shell(stage: Stage, x: float, y: float, r: float) -> None:
    stage.pen.shape(
        (
            f"M{x},{y}C{x - r * 1.6},{y - r * 0.4} {x - r},{y - r * 1.5} {x},{y - r * 1.5}"
            f"C{x + r},{y - r * 1.5} {x + r * 1.6},{y - r * 0.4} {x},{y}"
            f"Z"
        ),
        "#f6d6cf",
    )
    stage.pen.stroke(
        "".join(f"M{x},{y - 3}L{x + d * r:.1f},{y - r * 1.25:.1f}" for d in (-0.6, -0.2, 0.2, 0.6)), "#d9a59c", 2.5
    )


def sea_front(stage: Stage) -> None:
    path = ""
    for k in range(9):
        path += blades(
            stage.rng, stage.x(0.0) + (1 if not stage.flip else -1) * k * 20, HEIGHT + 12, 250 - k * 16, 5, 0.6
        )
    stage.pen.shape(path, stage.colour("near"), outline=False, shade=False)


def underwater(stage: Stage) -> None:
    rng, pen, horizon = stage.rng, stage.pen, stage.horizon
    deep, bright = stage.colour("water"), lighter(stage.colour("far"), 0.35)
    pen.wash(box(-20, -20, WIDTH + 40, horizon + 60), bright, deep)
    pen.glow(stage.x(0.4), 40, 360, "#d8fff0", opacity=0.15 if stage.sun.dark else 0.55)
    for rise, share in ((230, 0.25), (120, 0.5)):
        line = rolling(rng, horizon - rise, 90, 7)
        pen.shape(below(line), mix(bright, stage.colour("rock"), share), outline=False, shade=False)
    if rng.random() < 0.5:
        landmarks.wreck(stage, stage.x(0.74), horizon - 10, 460)
    _shoal(stage)
    heavens.sunbeams(stage, stage.x(0.45), count=5, opacity=0.05 if stage.sun.dark else 0.2)
    sand = stage.colour("ground")
    pen.wash(below(rolling(rng, horizon, 24)), lighter(sand, 0.1), darker(sand, 0.2))
    pen.wash(below(rolling(rng, horizon + 150, 34)), lighter(sand, 0.2), sand)
    for share in (0.05, 0.16, 0.86, 0.97):
        weed(stage, stage.x(share), horizon + rng.uniform(40, 100), rng.uniform(260, 480))
    for share, dy in ((0.22, 90), (0.8, 110)):
        plants.stone(pen, rng, stage.x(share), horizon + dy, rng.uniform(110, 170), stage.colour("rock"))
        coral(stage, stage.x(share + 0.06), horizon + dy + 6, rng.uniform(100, 150))
    starfish(stage, stage.x(0.62), horizon + 170, 28)
    pen.shape(
        dots(rng, (0, horizon + 60, WIDTH, HEIGHT), 70, (1.5, 4)),
        darker(sand, 0.2),
        outline=False,
        shade=False,
        opacity=0.5,
    )
    _bubbles(stage)


def _bubbles(stage: Stage) -> None:
    for _ in range(16):
        x, y, r = stage.rng.uniform(0, WIDTH), stage.rng.uniform(80, stage.horizon), stage.rng.uniform(4, 15)
        stage.bare.ellipse(x, y, r, r, "#d9fbff", outline=False, shade=False, opacity=0.35)
        stage.bare.ellipse(
            x - r * 0.3, y - r * 0.3, r * 0.25, r * 0.25, "#ffffff", outline=False, shade=False, opacity=0.8
        )


def _shoal(stage: Stage) -> None:
    """A distant school of fish in one path."""
    rng, path = stage.rng, ""
    cx, cy, face = stage.x(0.68), stage.horizon * rng.uniform(0.32, 0.5), 1 if stage.flip else -1
    for _ in range(11):
        x, y, w = cx + rng.uniform(-150, 150), cy + rng.uniform(-70, 70), rng.uniform(12, 20)
        path += spot(x, y, w, w * 0.42) + poly(
            (x - face * w * 0.8, y), (x - face * w * 1.5, y - w * 0.5), (x - face * w * 1.5, y + w * 0.5)
        )
    stage.pen.shape(path, mix(stage.colour("water"), "#f7c873", 0.6), outline=False, shade=False, opacity=0.75)


def weed(stage: Stage, x: float, y: float, height: float) -> None:
    """Three swaying bands of seaweed."""
    for k, shade in enumerate(
        (darker(stage.colour("weed"), 0.25), stage.colour("weed"), lighter(stage.colour("weed"), 0.15))
    ):
        h, sway, x0 = height * (1 - k * 0.2), stage.rng.choice((-1, 1)) * 26, x + (k - 1) * 26
        left, right = [], []
        for step in range(7):
            s = step / 6
            px = x0 + math.sin(s * 5 + k) * sway * s
            left.append((px - 13 * (1 - s), y - h * s))
            right.append((px + 13 * (1 - s), y - h * s))
        stage.pen.shape(curve(left) + "L" + curve(right[::-1])[1:] + "Z", shade, outline=False)


def coral(stage: Stage, x: float, y: float, height: float) -> None:
    colour = stage.rng.choice(("#f08a7b", "#f4b25f", "#d98bc0"))
    pen, w = stage.pen, height * 0.13
    branches = ((0, -1.0, 0), (-0.36, -0.72, -0.3), (0.36, -0.78, -0.34), (-0.6, -0.42, -0.16), (0.6, -0.46, -0.2))
    path = "".join(
        (
            f"M{x:.1f},{y + root * height * 0.4:.1f}Q{x + dx * height * 0.9:.1f},{y + dy * height * 0.35:.1f}"
            f" {x + dx * height:.1f},{y + dy * height:.1f}"
        )
        for dx, dy, root in branches
    )
    pen.stroke(path, darker(colour, 0.3), w * 1.25)
    pen.stroke(path, colour, w)


def underwater_front(stage: Stage) -> None:
    for share in (-0.01, 1.0):
        weed(stage, WIDTH * share, HEIGHT + 20, stage.rng.uniform(300, 460))
    plants.stone(stage.pen, stage.rng, stage.x(0.04), HEIGHT + 20, 300, darker(stage.colour("rock"), 0.2))
    coral(stage, stage.x(0.12), HEIGHT + 10, 150)
    stage.pen.shape(blob(stage.rng, stage.x(0.99), HEIGHT + 10, 150, 56), darker(stage.colour("rock"), 0.25))
