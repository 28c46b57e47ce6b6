"""Trees, bushes, flowers and grass."""

import math
import random

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH, Pen
from storybook.providers.studio.painter.places.forms import blades, blob, closed, leaf, poly, puff, spot
from storybook.providers.studio.painter.places.stage import Stage

PETALS = ("#f4a7b9", "#f7d560", "#f2f0e6", "#e2736b", "#a98fd6", "#f19b4c")


def trunk(x: float, y: float, height: float, width: float, lean: float = 0.0) -> str:
    """A trunk that stands at (x, y), wider at its foot."""
    w, top = width / 2, x + lean
    return (
        f"M{x - w * 1.7:.1f},{y:.1f}Q{x - w:.1f},{y - height * 0.1:.1f} "
        f"{x - w * 0.9 + lean * 0.4:.1f},{y - height * 0.4:.1f}"
        f"L{top - w * 0.6:.1f},{y - height:.1f}L{top + w * 0.6:.1f},{y - height:.1f}"
        f"L{x + w * 0.9 + lean * 0.4:.1f},{y - height * 0.4:.1f}"
        f"Q{x + w:.1f},{y - height * 0.1:.1f} {x + w * 1.7:.1f},{y:.1f}"
        f"Q{x:.1f},{y + w * 0.5:.1f} {x - w * 1.7:.1f},{y:.1f}Z"
    )


def broad_tree(
    pen: Pen,
    rng: random.Random,
    x: float,
    y: float,
    height: float,
    crown: str,
    *,
    bark: str = "#8a6347",
    fruit: str = "",
) -> None:
    """A tree with a round crown; (x, y) is its foot."""
    radius, cy = height * 0.3, y - height * 0.66
    lean = rng.uniform(-0.03, 0.03) * height
    pen.shape(trunk(x, y, height * 0.6, height * 0.085, lean), bark)
    limb = f"M{x + lean * 0.6:.1f},{y - height * 0.36:.1f}Q{x + height * 0.08:.1f},{y - height * 0.42:.1f} "
    pen.stroke(limb + f"{x + height * 0.13:.1f},{y - height * 0.52:.1f}", bark, height * 0.022)
    pen.shape(puff(rng, x + lean, cy + radius * 0.1, radius * 0.82, radius * 0.72, bumps=10), darker(crown, 0.16))
    pen.shape(
        puff(rng, x + lean - radius * 0.12, cy - radius * 0.18, radius * 0.62, radius * 0.5, bumps=8),
        crown,
        outline=False,
        shade=False,
    )
    pen.shape(
        puff(rng, x + lean - radius * 0.3, cy - radius * 0.4, radius * 0.3, radius * 0.22, bumps=6),
        lighter(crown, 0.2),
        outline=False,
        shade=False,
        opacity=0.8,
    )
    if fruit:
        for index in range(9):
            a, r = index * 2.4, radius * (0.25 + 0.085 * index)
            pen.ellipse(
                x + lean + math.cos(a) * r,
                cy + math.sin(a) * r * 0.8,
                radius * 0.085,
                radius * 0.085,
                fruit,
                outline=False,
            )


def pine(
    pen: Pen,
    rng: random.Random,
    x: float,
    y: float,
    height: float,
    needles: str,
    *,
    snowy: bool = False,
    outline: bool = True,
) -> None:
    """A fir tree in four tiers; (x, y) is its foot."""
    pen.shape(trunk(x, y, height * 0.2, height * 0.07), "#7b5a44", outline=outline)
    for tier in range(4):
        base, top = y - height * (0.1 + 0.2 * tier), y - height * (0.46 + 0.18 * tier)
        half = height * (0.25 - 0.048 * tier) * rng.uniform(0.93, 1.07)
        pen.shape(_tier(x, base, top, half), lighter(darker(needles, 0.2), 0.06 * tier), outline=outline)
        if snowy:
            cap = top + (base - top) * 0.52
            pen.shape(_tier(x, cap, top - 3, half * 0.56), "#f4f8fc", outline=False, shade=False)


def _tier(x: float, base: float, top: float, half: float) -> str:
    drop = half * 0.16
    return (
        f"M{x:.1f},{top:.1f}Q{x + half * 0.32:.1f},{(top + base) / 2:.1f} {x + half:.1f},{base:.1f}"
        f"Q{x + half * 0.7:.1f},{base + drop:.1f} {x + half * 0.45:.1f},{base - drop * 0.2:.1f}"
        f"Q{x + half * 0.2:.1f},{base + drop * 1.5:.1f} {x:.1f},{base:.1f}"
        f"Q{x - half * 0.25:.1f},{base + drop * 1.5:.1f} {x - half * 0.5:.1f},{base - drop * 0.2:.1f}"
        f"Q{x - half * 0.75:.1f},{base + drop:.1f} {x - half:.1f},{base:.1f}"
        f"Q{x - half * 0.32:.1f},{(top + base) / 2:.1f} {x:.1f},{top:.1f}Z"
    )


def bush(pen: Pen, rng: random.Random, x: float, y: float, width: float, colour: str, *, outline: bool = True) -> None:
    """A low bush that stands at (x, y)."""
    r = width / 2
    pen.shape(puff(rng, x, y - r * 0.34, r * 0.8, r * 0.42, bumps=8), darker(colour, 0.14), outline=outline)
    pen.shape(
        puff(rng, x - r * 0.15, y - r * 0.52, r * 0.5, r * 0.24, bumps=6),
        lighter(colour, 0.1),
        outline=False,
        shade=False,
    )


def flower(pen: Pen, x: float, y: float, height: float, colour: str, *, outline: bool = False) -> None:
    """A daisy on its stem, rooted at (x, y)."""
    top, r = y - height, height * 0.17
    pen.stroke(
        f"M{x:.1f},{y:.1f}Q{x + r * 0.5:.1f},{y - height * 0.5:.1f} {x:.1f},{top:.1f}",
        "#5d9148",
        max(2.5, height * 0.05),
    )
    pen.shape(
        leaf(x, y - height * 0.25, height * 0.3, -35) + leaf(x, y - height * 0.3, height * 0.28, -145),
        "#6ea554",
        outline=False,
        shade=False,
    )
    petals = "".join(
        spot(x + math.cos(a) * r, top + math.sin(a) * r, r * 0.62, r * 0.62)
        for a in (math.tau * i / 6 for i in range(6))
    )
    pen.shape(petals, colour, outline=outline, shade=False)
    pen.ellipse(x, top, r * 0.62, r * 0.62, "#f6cf58", outline=False, shade=False)


def flowers(
    stage: Stage, count: int, area: tuple[float, float, float, float], colours: tuple[str, ...] = PETALS
) -> None:
    """Flowers scattered over an area (left, top, right, bottom), larger towards the viewer, back to front."""
    left, top, right, bottom = area
    spots = sorted((stage.rng.uniform(top, bottom), stage.rng.uniform(left, right)) for _ in range(count))
    for y, x in spots:
        depth = (y - stage.horizon) / (HEIGHT - stage.horizon)
        flower(stage.pen, x, y, 26 + 74 * depth, stage.rng.choice(colours))


def drifts(stage: Stage, colours: tuple[str, ...] = PETALS) -> None:
    """Three groups of flowers of one kind each, away from the middle."""
    rng, depth = stage.rng, HEIGHT - stage.horizon
    for share, low in ((0.1, 0.34), (0.9, 0.5), (0.24, 0.72)):
        x, y = stage.x(share + rng.uniform(-0.04, 0.04)), stage.horizon + depth * (low + rng.uniform(-0.06, 0.06))
        flowers(stage, 6, (x - 95, y - 34, x + 95, y + 30), (rng.choice(colours),))


def blossom_dots(stage: Stage, count: int, area: tuple[float, float, float, float], colours: tuple[str, ...]) -> None:
    """Distant flowers: one path of dots for each colour."""
    left, top, right, bottom = area
    for colour in colours:
        path = ""
        for _ in range(count):
            y = stage.rng.uniform(top, bottom)
            r = 2.5 + 6 * (y - stage.horizon) / (HEIGHT - stage.horizon)
            path += spot(stage.rng.uniform(left, right), y, r, r * 0.8)
        stage.pen.shape(path, colour, outline=False, shade=False)


def grass(stage: Stage, colour: str, count: int, area: tuple[float, float, float, float]) -> None:
    """Tufts of grass over an area, in three shades and three paths."""
    left, top, right, bottom = area
    for shade in (darker(colour, 0.18), darker(colour, 0.06), lighter(colour, 0.16)):
        path = ""
        for _ in range(count // 3):
            y = stage.rng.uniform(top, bottom)
            depth = max(0.0, (y - stage.horizon) / (HEIGHT - stage.horizon))
            path += blades(stage.rng, stage.rng.uniform(left, right), y, 14 + 52 * depth, 4)
        stage.pen.shape(path, shade, outline=False, shade=False, opacity=0.8)


def front_grass(stage: Stage, colour: str, *, height: float = 120) -> None:
    """High grass along the lower edge, lower in the middle, where everyone stands."""
    rng = stage.rng
    for shade, rise in ((darker(colour, 0.3), 1.0), (darker(colour, 0.12), 0.74)):
        path = ""
        for index in range(26):
            x = -20 + index * (WIDTH + 40) / 25 + rng.uniform(-16, 16)
            edge = abs(x / WIDTH - 0.5) * 2
            path += blades(
                rng, x, HEIGHT + 14, height * rise * (0.34 + 0.66 * edge**1.6) * rng.uniform(0.8, 1.15), 5, 0.6
            )
        stage.pen.shape(path, shade, outline=False, shade=False)


def corner_leaves(stage: Stage, colour: str, *, right: bool, size: float = 1.0) -> None:
    """Foliage that hangs into an upper corner of the picture, near and dark."""
    rng, pen = stage.rng, stage.pen
    x0, sign = (WIDTH, -1) if right else (0, 1)
    for reach, shade in ((1.0, darker(colour, 0.42)), (0.8, darker(colour, 0.26)), (0.58, darker(colour, 0.1))):
        path = ""
        for index in range(14):
            turn = math.radians(index * 7.4 + rng.uniform(-5, 5))
            away = reach * size * (300 - 9 * index)
            x, y = x0 + sign * math.cos(turn) * away * 0.72, math.sin(turn) * away * 0.62 - 30
            droop = 62 + rng.uniform(-26, 26)
            angle = droop if sign > 0 else 180 - droop
            path += leaf(x, y, rng.uniform(70, 112) * size, angle, 0.3)
        mass = puff(rng, x0, -30, 200 * reach * size, 150 * reach * size, bumps=9)
        pen.shape(mass + path, shade, outline=False, shade=False)


def fern(pen: Pen, rng: random.Random, x: float, y: float, height: float, colour: str) -> None:
    """A fern of five fronds in one path, rooted at (x, y)."""
    path = ""
    for angle in (-150, -120, -90, -62, -32):
        turn = math.radians(angle + rng.uniform(-8, 8))
        for step in range(2, 9):
            s = step / 8
            px, py = x + math.cos(turn) * height * s, y + math.sin(turn) * height * s + height * 0.28 * s * s
            size = height * 0.26 * (1.1 - s)
            path += leaf(px, py, size, math.degrees(turn) + 62, 0.34) + leaf(
                px, py, size, math.degrees(turn) - 62, 0.34
            )
    pen.shape(path, colour, outline=False, shade=False)


def far_woods(pen: Pen, rng: random.Random, y: float, size: float, colour: str) -> None:
    """A distant edge of a wood in one path."""
    path, x = "", -40.0
    while x < WIDTH + 60:
        r = size * rng.uniform(0.7, 1.25)
        path += spot(x, y - r * 0.35, r * 0.8, r)
        x += r * 1.05
    pen.shape(
        path + poly((-40, y - size * 0.3), (WIDTH + 40, y - size * 0.3), (WIDTH + 40, HEIGHT), (-40, HEIGHT)),
        colour,
        outline=False,
        shade=False,
    )


def far_pines(pen: Pen, rng: random.Random, y: float, size: float, colour: str) -> None:
    """A distant edge of a pine wood in one path."""
    path, x = "", -40.0
    while x < WIDTH + 60:
        h = size * rng.uniform(0.7, 1.3)
        path += f"M{x - h * 0.24:.1f},{y + 20:.1f}L{x:.1f},{y - h:.1f}L{x + h * 0.24:.1f},{y + 20:.1f}Z"
        x += h * rng.uniform(0.22, 0.38)
    pen.shape(path, colour, outline=False, shade=False)


def stone(
    pen: Pen, rng: random.Random, x: float, y: float, width: float, colour: str = "#a6a39c", *, outline: bool = True
) -> None:
    """A round stone lying at (x, y)."""
    w, h = width / 2, width * rng.uniform(0.26, 0.36)
    lump = [
        (x - w, y),
        (x - w * 0.8, y - h * 0.8),
        (x - w * 0.1, y - h * 1.2),
        (x + w * 0.75, y - h * 0.75),
        (x + w, y),
    ]
    pen.shape(closed([*lump, (x, y + h * 0.22)]), colour, outline=outline)
    pen.shape(
        blob(rng, x - w * 0.2, y - h * 0.75, w * 0.4, h * 0.2),
        lighter(colour, 0.35),
        outline=False,
        shade=False,
        opacity=0.6,
    )
