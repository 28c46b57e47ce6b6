"""Houses, fences, lamps and what else people build outdoors."""

import random

from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import WIDTH
from storybook.providers.studio.painter.places.forms import arch, box, closed, curve, poly, spot
from storybook.providers.studio.painter.places.stage import Stage

GLASS = "#9cc3d6"
LIT = "#ffe28a"


def pane(stage: Stage, x: float, y: float, width: float, height: float, frame: str = "#f4ecdd") -> None:
    """A house window seen from outside, lit when it is dark; (x, y) is its upper left corner."""
    pen = stage.pen
    rim = max(3.0, width * 0.1)
    pen.shape(box(x - rim, y - rim, width + 2 * rim, height + 2 * rim, rim), frame, shade=False)
    pen.shape(box(x, y, width, height, rim * 0.5), LIT if stage.lamps else GLASS, outline=False, shade=False)
    if not stage.lamps:
        glint = poly(
            (x + width * 0.1, y + height), (x + width * 0.55, y), (x + width * 0.85, y), (x + width * 0.4, y + height)
        )
        pen.shape(glint, "#d6eaf0", outline=False, shade=False, opacity=0.6)
    cross = f"M{x + width / 2:.1f},{y:.1f}L{x + width / 2:.1f},{y + height:.1f}"
    pen.stroke(cross + f"M{x:.1f},{y + height * 0.45:.1f}L{x + width:.1f},{y + height * 0.45:.1f}", frame, rim * 0.6)
    if stage.lamps:
        pen.glow(x + width / 2, y + height / 2, max(width, height) * 1.5, stage.sun.warm, opacity=0.45)


def house(stage: Stage, x: float, y: float, width: float, wall: str, roof: str) -> None:
    """A gabled house that stands at (x, y) with its door, two windows and a chimney."""
    pen, h = stage.pen, width * 0.62
    left, top = x - width / 2, y - h
    pen.shape(box(x + width * 0.2, top - width * 0.44, width * 0.11, width * 0.36), darker(roof, 0.15))
    pen.shape(box(left, top, width, h), wall)
    pen.shape(poly((left - width * 0.09, top + 4), (x, top - width * 0.48), (left + width * 1.09, top + 4)), roof)
    for row in range(1, 4):
        line_y = top - width * 0.48 + row * width * 0.13
        half = width * 0.59 * row * 0.13 / 0.48
        pen.stroke(
            f"M{x - half * 0.8:.1f},{line_y:.1f}Q{x:.1f},{line_y + 8:.1f} {x + half * 0.8:.1f},{line_y:.1f}",
            darker(roof, 0.2),
            2.5,
            opacity=0.6,
        )
    door = arch(x - width * 0.1, y, width * 0.2, h * 0.62)
    pen.shape(door, darker(roof, 0.3))
    pen.ellipse(x + width * 0.055, y - h * 0.26, width * 0.014, width * 0.014, "#f6cf58", outline=False, shade=False)
    pane(stage, left + width * 0.12, top + h * 0.3, width * 0.17, h * 0.32)
    pane(stage, left + width * 0.71, top + h * 0.3, width * 0.17, h * 0.32)


def smoke(stage: Stage, x: float, y: float) -> None:
    """Smoke from a chimney at (x, y)."""
    for index in range(4):
        r = 9 + index * 6
        stage.pen.ellipse(
            x + index * 13,
            y - 16 - index * 27,
            r,
            r * 0.85,
            "#f2efe9",
            outline=False,
            shade=False,
            opacity=0.6 - index * 0.12,
        )


def town_house(stage: Stage, x: float, y: float, size: tuple[float, float], wall: str, roof: str) -> None:
    """A tall narrow house in a row; (x, y) is its lower left corner, `size` width and height without the roof."""
    pen, (width, height) = stage.pen, size
    top = y - height
    kind = stage.own.choice(("gable", "steps", "hip"))
    if kind == "gable":
        pen.shape(poly((x - 8, top + 4), (x + width / 2, top - width * 0.55), (x + width + 8, top + 4)), roof)
    elif kind == "hip":
        pen.shape(
            poly(
                (x - 8, top + 4),
                (x + width * 0.2, top - width * 0.4),
                (x + width * 0.8, top - width * 0.4),
                (x + width + 8, top + 4),
            ),
            roof,
        )
    else:
        steps = [
            (x + width * s, top - width * r)
            for s, r in ((0.0, -0.02), (0.0, 0.14), (0.2, 0.14), (0.2, 0.3), (0.36, 0.3), (0.36, 0.46))
        ]
        steps += [(2 * x + width - sx, sy) for sx, sy in reversed(steps)]
        pen.shape(poly(*steps), wall)
    pen.shape(box(x, top, width, height), wall)
    rows = max(2, round(height / 125))
    gap = height / (rows + 0.35)
    for row in range(rows):
        wy = top + gap * (row + 0.25)
        if row == rows - 1:
            pen.shape(arch(x + width * 0.56, y, width * 0.26, gap * 0.92), darker(roof, 0.25))
            pane(stage, x + width * 0.16, wy, width * 0.26, gap * 0.48)
            continue
        pane(stage, x + width * 0.16, wy, width * 0.22, gap * 0.5)
        pane(stage, x + width * 0.62, wy, width * 0.22, gap * 0.5)
        pen.shape(
            box(x + width * 0.12, wy + gap * 0.56, width * 0.3, 7, 3), darker(wall, 0.3), outline=False, shade=False
        )


def fence(
    stage: Stage, y: float, colour: str, *, height: float = 90, start: float = -20, end: float = WIDTH + 20
) -> None:
    """A picket fence along the ground at height y."""
    pen = stage.pen
    rails = box(start, y - height * 0.72, end - start, height * 0.11, 4) + box(
        start, y - height * 0.34, end - start, height * 0.11, 4
    )
    pen.shape(rails, darker(colour, 0.12), shade=False)
    posts, x, w = "", start + 8.0, height * 0.21
    while x < end - w:
        posts += poly((x, y), (x, y - height * 0.85), (x + w / 2, y - height), (x + w, y - height * 0.85), (x + w, y))
        x += w * 2.3
    pen.shape(posts, colour, shade=False)


def lamp_post(stage: Stage, x: float, y: float, height: float) -> None:
    """A street lamp that stands at (x, y)."""
    pen, metal = stage.pen, "#4a5161"
    pen.contact_shadow(x, y, height * 0.08)
    pen.shape(box(x - height * 0.012, y - height * 0.84, height * 0.024, height * 0.84, 3), metal, shade=False)
    pen.shape(box(x - height * 0.035, y - height * 0.09, height * 0.07, height * 0.09, 5), metal, shade=False)
    top = y - height * 0.84
    glass = poly(
        (x - height * 0.03, top),
        (x - height * 0.05, top - height * 0.11),
        (x + height * 0.05, top - height * 0.11),
        (x + height * 0.03, top),
    )
    pen.shape(glass, LIT if stage.lamps else "#e9eee4")
    pen.shape(
        poly(
            (x - height * 0.065, top - height * 0.11),
            (x, top - height * 0.16),
            (x + height * 0.065, top - height * 0.11),
        ),
        metal,
        shade=False,
    )
    if stage.lamps:
        pen.glow(x, top - height * 0.055, height * 0.5, stage.sun.warm, opacity=0.6)
        pen.glow(x, y, height * 0.42, stage.sun.warm, opacity=0.25)


def bunting(stage: Stage, y: float, sag: float, colours: tuple[str, ...]) -> None:
    """Small flags on a string across the picture."""
    points = [(-20 + index * (WIDTH + 40) / 14, y + sag * (1 - ((index - 7) / 7) ** 2)) for index in range(15)]
    stage.pen.stroke(curve(points), "#8b6d5a", 3)
    for offset, colour in enumerate(colours):
        flags = "".join(
            poly((px, py), (px + 38, py + 3), (px + 19, py + 42)) for px, py in points[offset :: len(colours)]
        )
        stage.pen.shape(flags, colour, shade=False)


def far_town(stage: Stage, y: float, colour: str) -> None:
    """Pale roofs and towers on the horizon in one path."""
    rng, path, x = stage.own, "", -30.0
    while x < WIDTH + 30:
        w, h = rng.uniform(50, 95), rng.uniform(60, 190)
        path += poly(
            (x, y + 60), (x, y - h), (x + w / 2, y - h - rng.choice((20, 40, 70))), (x + w, y - h), (x + w, y + 60)
        )
        x += w * rng.uniform(0.8, 1.05)
    stage.bare.shape(path, colour, outline=False, shade=False)


def castle(stage: Stage, x: float, y: float, width: float, wall: str, roof: str) -> None:
    """A castle of five towers that stands at (x, y)."""
    pen, u = stage.pen, width / 100
    for dx, w, h in ((-24, 15, 96), (24, 15, 88), (2, 18, 122)):
        _tower(stage, x + dx * u, y, (w * u, h * u), darker(wall, 0.1), roof)
    pen.shape(box(x - 34 * u, y - 48 * u, 68 * u, 48 * u), wall)
    teeth = "".join(box(x + (-34 + 9.7 * i) * u, y - 54 * u, 5.6 * u, 7 * u) for i in range(7))
    pen.shape(teeth, wall, shade=False)
    for dx in (-40, 40):
        _tower(stage, x + dx * u, y, (19 * u, 66 * u), wall, roof)
    pen.shape(arch(x - 11 * u, y, 22 * u, 34 * u), darker(wall, 0.35))
    pen.shape(arch(x - 8 * u, y, 16 * u, 29 * u), "#7a5338")
    bars = "".join(f"M{x + dx * u:.1f},{y:.1f}L{x + dx * u:.1f},{y - 25 * u:.1f}" for dx in (-4, 0, 4))
    pen.stroke(bars, "#5a3b28", 2.5)
    for dx in (-22, 16):
        pane(stage, x + dx * u, y - 38 * u, 6 * u, 11 * u, darker(wall, 0.2))


def _tower(stage: Stage, x: float, y: float, size: tuple[float, float], wall: str, roof: str) -> None:
    pen, (w, h) = stage.pen, size
    pen.shape(box(x - w / 2, y - h, w, h), wall)
    pen.shape(box(x - w * 0.58, y - h - w * 0.1, w * 1.16, w * 0.2, 4), lighter(wall, 0.2), shade=False)
    tip = y - h - w * 1.5
    pen.stroke(f"M{x:.1f},{tip + 6:.1f}L{x:.1f},{tip - w * 0.5:.1f}", "#5c4b45", 3.5)
    sway = w * 0.5 * (1 if stage.light.side < 0 else -1)
    pen.shape(poly((x, tip - w * 0.5), (x + sway, tip - w * 0.36), (x, tip - w * 0.2)), "#e9b64a", shade=False)
    pen.shape(poly((x - w * 0.68, y - h), (x, tip), (x + w * 0.68, y - h)), roof)
    lamp = LIT if stage.lamps else "#4f4a5c"
    pen.shape(arch(x - w * 0.12, y - h * 0.72, w * 0.24, w * 0.4), lamp, shade=False)
    if stage.lamps:
        pen.glow(x, y - h * 0.72 - w * 0.2, w * 0.7, stage.sun.warm, opacity=0.4)


def barn(stage: Stage, x: float, y: float, width: float) -> None:
    """A red barn with a round roof and its silo."""
    pen, red, trim = stage.pen, stage.colour("barn"), "#f3ead9"
    h, left = width * 0.5, x - width / 2
    side = 1 if x < WIDTH / 2 else -1
    sx = x + side * width * 0.63
    pen.shape(box(sx - width * 0.12, y - h * 1.5, width * 0.24, h * 1.5), "#c9c6bd")
    pen.shape(
        closed([(sx - width * 0.12, y - h * 1.48), (sx, y - h * 1.78), (sx + width * 0.12, y - h * 1.48)]), "#98a3a8"
    )
    roof = [
        (left - 12, y - h),
        (left + width * 0.14, y - h * 1.42),
        (x, y - h * 1.66),
        (left + width * 0.86, y - h * 1.42),
        (left + width + 12, y - h),
    ]
    pen.shape(poly((left, y), (left, y - h), *roof[1:4], (left + width, y - h), (left + width, y)), red)
    pen.stroke("M" + "L".join(f"{px:.1f},{py:.1f}" for px, py in roof), mix(red, "#3e3138", 0.55), width * 0.055)
    planks = "".join(f"M{left + width * s / 8:.1f},{y:.1f}L{left + width * s / 8:.1f},{y - h:.1f}" for s in range(1, 8))
    pen.stroke(planks, darker(red, 0.16), 2.5, opacity=0.7)
    dx, dw, dh = x - width * 0.17, width * 0.34, h * 0.72
    pen.shape(box(dx, y - dh, dw, dh), lighter(red, 0.08), shade=False)
    pen.stroke(
        f"M{dx:.1f},{y:.1f}L{dx:.1f},{y - dh:.1f}L{dx + dw:.1f},{y - dh:.1f}"
        f"L{dx + dw:.1f},{y:.1f}L{dx:.1f},{y - dh:.1f}"
        f"M{dx + dw:.1f},{y - dh:.1f}L{dx:.1f},{y:.1f}",
        trim,
        width * 0.02,
    )
    pen.shape(spot(x, y - h * 1.14, width * 0.07, width * 0.07), LIT if stage.lamps else "#5b3a36", shade=False)


def palette_pick(rng: random.Random, colours: tuple[str, ...], count: int) -> list[str]:
    """`count` colours, no two neighbours alike."""
    picked: list[str] = []
    for _ in range(count):
        picked.append(rng.choice([colour for colour in colours if not picked or colour != picked[-1]]))
    return picked
