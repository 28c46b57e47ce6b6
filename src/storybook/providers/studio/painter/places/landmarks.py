"""Things that give one view of a place a face of its own: a windmill, a fountain, a wreck, an island in the sky."""

import math

from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import WIDTH
from storybook.providers.studio.painter.places import built, plants
from storybook.providers.studio.painter.places.forms import arch, blob, box, closed, curve, leaf, poly, spot
from storybook.providers.studio.painter.places.stage import Stage


def windmill(stage: Stage, x: float, y: float, height: float) -> None:
    """A windmill that stands at (x, y)."""
    pen, h = stage.pen, height
    pen.contact_shadow(x, y, h * 0.24, opacity=0.18)
    pen.shape(
        poly((x - h * 0.18, y), (x - h * 0.1, y - h * 0.66), (x + h * 0.1, y - h * 0.66), (x + h * 0.18, y)), "#f3e9d6"
    )
    roof = [(x - h * 0.13, y - h * 0.64), (x, y - h * 0.84), (x + h * 0.13, y - h * 0.64)]
    pen.shape(poly(*roof), "#b5604d")
    pen.shape(arch(x - h * 0.05, y, h * 0.1, h * 0.17), "#7a5338")
    built.pane(stage, x - h * 0.03, y - h * 0.42, h * 0.06, h * 0.08)
    hub, turn = (x, y - h * 0.68), stage.rng.uniform(0.2, 1.2)
    for quarter in range(4):
        a = turn + quarter * math.pi / 2
        along, across = (math.cos(a), math.sin(a)), (-math.sin(a), math.cos(a))

        def at(
            u: float, v: float, along: tuple[float, float] = along, across: tuple[float, float] = across
        ) -> tuple[float, float]:
            return hub[0] + (along[0] * u + across[0] * v) * h, hub[1] + (along[1] * u + across[1] * v) * h

        tip = at(0.46, 0)
        pen.stroke(f"M{hub[0]:.1f},{hub[1]:.1f}L{tip[0]:.1f},{tip[1]:.1f}", "#7a5338", h * 0.016)
        pen.shape(poly(at(0.1, 0.01), at(0.46, 0.01), at(0.46, 0.11), at(0.1, 0.09)), "#fbf3e2")
    pen.ellipse(*hub, h * 0.03, h * 0.03, "#7a5338")


def fountain(stage: Stage, x: float, y: float, width: float) -> None:
    """A round fountain with two bowls."""
    pen, w, rock = stage.pen, width / 2, "#b9b4b6"
    pen.contact_shadow(x, y, w)
    pen.shape(box(x - w, y - w * 0.42, w * 2, w * 0.42, 14), rock)
    pen.ellipse(x, y - w * 0.42, w, w * 0.2, lighter(rock, 0.3))
    pen.ellipse(x, y - w * 0.42, w * 0.86, w * 0.14, "#86c3d8", outline=False, shade=False)
    pen.shape(box(x - w * 0.1, y - w * 1.15, w * 0.2, w * 0.72, 4), rock)
    pen.ellipse(x, y - w * 1.12, w * 0.46, w * 0.11, lighter(rock, 0.2))
    falls = "".join(
        f"M{x:.1f},{y - w * 1.42:.1f}Q{x + d * w * 0.5:.1f},{y - w * 1.6:.1f} {x + d * w * 0.66:.1f},{y - w * 0.48:.1f}"
        for d in (-1, -0.55, 0.55, 1)
    )
    stage.bare.stroke(falls, mix(stage.light.bottom, "#e9f7fb", 0.6), 5, opacity=0.8)


def stall(stage: Stage, x: float, y: float, width: float) -> None:
    """A market stall with a striped awning and fruit."""
    pen, w = stage.pen, width / 2
    pen.contact_shadow(x, y, w)
    posts = box(x - w * 0.92, y - w * 1.5, w * 0.09, w * 1.5) + box(x + w * 0.83, y - w * 1.5, w * 0.09, w * 1.5)
    pen.shape(posts, "#8a6347", shade=False)
    pen.shape(box(x - w, y - w * 0.62, w * 2, w * 0.56, 6), "#c08b57")
    for index in range(7):
        colour = ("#d8483f", "#e9a13f", "#8fb54f")[index % 3]
        pen.ellipse(x + (index - 3) * w * 0.26, y - w * 0.66, w * 0.13, w * 0.12, colour)
    step = w * 2.2 / 6
    for index in range(6):
        left = x - w * 1.1 + index * step
        flap = (
            f"M{left:.1f},{y - w * 1.3:.1f}L{left + (x - left) * 0.1:.1f},{y - w * 1.78:.1f}"
            f"L{left + step + (x - left - step) * 0.1:.1f},{y - w * 1.78:.1f}L{left + step:.1f},{y - w * 1.3:.1f}"
            f"Q{left + step / 2:.1f},{y - w * 1.1:.1f} {left:.1f},{y - w * 1.3:.1f}Z"
        )
        pen.shape(flap, ("#e8695a", "#fbf3e2")[index % 2])


def well(stage: Stage, x: float, y: float, height: float) -> None:
    """A stone well with a little roof."""
    pen, h = stage.pen, height
    pen.contact_shadow(x, y, h * 0.34)
    pen.shape(
        box(x - h * 0.26, y - h * 0.8, h * 0.05, h * 0.5) + box(x + h * 0.21, y - h * 0.8, h * 0.05, h * 0.5),
        "#8a6347",
        shade=False,
    )
    pen.shape(poly((x - h * 0.42, y - h * 0.74), (x, y - h), (x + h * 0.42, y - h * 0.74)), "#b5604d")
    pen.stroke(f"M{x:.1f},{y - h * 0.76:.1f}L{x:.1f},{y - h * 0.5:.1f}", "#8b7a6a", 4)
    pen.shape(box(x - h * 0.07, y - h * 0.52, h * 0.14, h * 0.13, 4), "#c08b57")
    pen.shape(box(x - h * 0.32, y - h * 0.36, h * 0.64, h * 0.36, 12), "#a9a5a2")
    bricks = "".join(
        spot(x + dx * h, y - dy * h, h * 0.06, h * 0.035)
        for dx, dy in ((-0.2, 0.27), (0.02, 0.24), (0.2, 0.28), (-0.1, 0.12), (0.13, 0.12))
    )
    pen.shape(bricks, "#bdb9b4", outline=False, shade=False)
    pen.ellipse(x, y - h * 0.36, h * 0.33, h * 0.07, "#8d898a")


def waterfall(stage: Stage, x: float, y: float, height: float) -> None:
    """A waterfall down a cliff into a small pool at (x, y)."""
    pen, rock, h = stage.pen, stage.colour("rock"), height
    cliff = [
        (x - h * 0.5, y + 10),
        (x - h * 0.42, y - h * 0.62),
        (x - h * 0.16, y - h),
        (x + h * 0.2, y - h * 0.96),
        (x + h * 0.44, y - h * 0.5),
        (x + h * 0.5, y + 10),
    ]
    pen.shape(closed(cliff), rock)
    cracks = "".join(
        curve([(x + dx * h, y - h * 0.7), (x + dx * h * 1.1, y - h * 0.45), (x + dx * h * 1.05, y - h * 0.2)])
        for dx in (-0.3, 0.28, 0.36)
    )
    pen.stroke(cracks, darker(rock, 0.2), 4, opacity=0.7)
    fall = (
        f"M{x - h * 0.1:.1f},{y - h * 0.97:.1f}L{x + h * 0.1:.1f},{y - h * 0.97:.1f}"
        f"Q{x + h * 0.13:.1f},{y - h * 0.4:.1f} {x + h * 0.17:.1f},{y:.1f}"
        f"L{x - h * 0.17:.1f},{y:.1f}Q{x - h * 0.13:.1f},{y - h * 0.4:.1f} {x - h * 0.1:.1f},{y - h * 0.97:.1f}"
        f"Z"
    )
    pen.shape(fall, "#b9e0ec", outline=False)
    streaks = "".join(
        f"M{x + d * h:.1f},{y - h * 0.9:.1f}L{x + d * h * 1.5:.1f},{y - h * 0.06:.1f}" for d in (-0.06, 0.0, 0.06)
    )
    pen.stroke(streaks, "#f3fbfd", 6, opacity=0.8)
    pen.shape(spot(x, y + 12, h * 0.46, h * 0.09), "#8cc7dc", outline=False)
    pen.shape(
        "".join(spot(x + d * h, y + 2, h * 0.09, h * 0.045) for d in (-0.16, -0.05, 0.06, 0.17)),
        "#f3fbfd",
        outline=False,
        shade=False,
    )


def palm(stage: Stage, x: float, y: float, height: float) -> None:
    """A palm that leans a little."""
    pen, h, lean = stage.pen, height, 0.16 if x < WIDTH / 2 else -0.16
    top = (x + lean * h, y - h * 0.82)
    pen.contact_shadow(x, y, h * 0.16)
    stem = [(x - h * 0.035, y), (x + lean * h * 0.3 - h * 0.025, y - h * 0.45), (top[0] - h * 0.02, top[1])]
    back = [(top[0] + h * 0.02, top[1]), (x + lean * h * 0.3 + h * 0.03, y - h * 0.45), (x + h * 0.05, y)]
    pen.shape(curve(stem) + "L" + curve(back)[1:] + "Z", "#a67c52")
    rings = "".join(
        (
            f"M{x + lean * h * s * s - h * 0.025:.1f},{y - h * 0.8 * s:.1f}"
            f"L{x + lean * h * s * s + h * 0.03:.1f},{y - h * 0.8 * s - 3:.1f}"
        )
        for s in (0.15, 0.3, 0.45, 0.6, 0.75)
    )
    pen.stroke(rings, "#83603f", 4)
    for angle in (-170, -10, -140, -40, 165, 15, -95):
        pen.shape(leaf(top[0], top[1], h * 0.36, angle, 0.26), darker("#79a95a", 0.16 if angle in (165, 15) else 0.0))
    pen.ellipse(top[0] - h * 0.02, top[1] + h * 0.03, h * 0.028, h * 0.028, "#8a5b3a")
    pen.ellipse(top[0] + h * 0.03, top[1] + h * 0.035, h * 0.028, h * 0.028, "#8a5b3a")


def oasis(stage: Stage, x: float, y: float) -> None:
    """A small pool with two palms."""
    stage.pen.shape(blob(stage.rng, x, y, 170, 30, rough=0.06), "#9ab56a", outline=False)
    stage.pen.shape(blob(stage.rng, x, y, 140, 22, rough=0.06), "#6fbccb", outline=False)
    palm(stage, x - 110, y - 10, 330)
    palm(stage, x + 70, y - 16, 260)


def wreck(stage: Stage, x: float, y: float, width: float) -> None:
    """A sunken ship, leaning, half lost in the blue."""
    pen, w, wood = stage.bare, width / 2, stage.light.far("#7d6a5a", 0.0)
    wood = mix(wood, stage.light.on(stage.colour("water")), 0.5)
    with pen.group(f"translate({x:.0f},{y:.0f}) rotate(-9)"):
        pen.stroke(
            (
                f"M0,{-w * 0.5:.0f}L{w * 0.1:.0f},{-w * 1.5:.0f}M{-w * 0.3:.0f},{-w * 1.1:.0f}"
                f"L{w * 0.46:.0f},{-w * 1.2:.0f}"
            ),
            darker(wood, 0.1),
            13,
        )
        hull = (
            f"M{-w},{-w * 0.72}L{-w * 0.62},{-w * 0.72}L{-w * 0.56},{-w * 0.5}"
            f"L{w * 0.6},{-w * 0.5}L{w * 0.72},{-w * 0.66}L{w},{-w * 0.66}"
            f"Q{w * 0.86},0 {w * 0.4},{w * 0.1}L{-w * 0.5},{w * 0.1}Q{-w * 0.9},0 {-w},{-w * 0.72}"
            f"Z"
        )
        pen.shape(hull, wood, outline=False)
        pen.stroke(
            (
                f"M{-w * 0.9:.0f},{-w * 0.34:.0f}L{w * 0.84:.0f},{-w * 0.32:.0f}"
                f"M{-w * 0.76:.0f},{-w * 0.1:.0f}L{w * 0.64:.0f},{-w * 0.08:.0f}"
            ),
            darker(wood, 0.2),
            4,
        )
        pen.shape(
            "".join(spot(k * w * 0.34, -w * 0.24, w * 0.08, w * 0.08) for k in (-1.4, -0.4, 0.6, 1.5)),
            darker(wood, 0.4),
            outline=False,
            shade=False,
        )


def floating_island(stage: Stage, x: float, y: float, width: float) -> None:
    """A small green island that hangs in the sky."""
    pen, w = stage.pen, width / 2
    under = [
        (x - w, y),
        (x - w * 0.7, y + w * 0.4),
        (x - w * 0.2, y + w * 0.7),
        (x + w * 0.1, y + w * 1.05),
        (x + w * 0.5, y + w * 0.5),
        (x + w, y),
    ]
    pen.shape(curve(under) + "Z", "#a98a78")
    pen.shape(blob(stage.rng, x, y, w * 1.05, w * 0.2, rough=0.05), "#93c06a")
    plants.broad_tree(pen, stage.rng, x - w * 0.3, y - 2, w * 1.3, "#6aa35a")
    built.house(stage, x + w * 0.42, y + 4, w * 0.62, "#f6ead2", "#c4694f")


def dome(stage: Stage, x: float, y: float, width: float) -> None:
    """A glass dome with a garden in it, on a strange ground."""
    pen, w = stage.pen, width / 2
    pen.glow(x, y - w * 0.4, w * 1.5, "#bdf5ff", opacity=0.3)
    shell = f"M{x - w},{y}C{x - w},{y - w * 1.3} {x + w},{y - w * 1.3} {x + w},{y}Z"
    pen.shape(shell, "#8fc7d8", opacity=0.45)
    for dx, h in ((-0.5, 0.5), (0.0, 0.7), (0.46, 0.46)):
        plants.broad_tree(pen, stage.rng, x + dx * w, y, w * h, "#7fbf7a")
    pen.stroke(
        f"M{x - w * 0.7:.0f},{y - w * 0.5:.0f}"
        f"Q{x - w * 0.5:.0f},{y - w * 0.8:.0f} {x - w * 0.2:.0f},{y - w * 0.88:.0f}",
        "#ffffff",
        6,
        opacity=0.7,
    )
    pen.shape(box(x - w * 1.06, y - 14, w * 2.12, 28, 12), "#d5cfe4")


def frozen_pond(stage: Stage, x: float, y: float, width: float) -> None:
    """Smooth ice with the marks of skates."""
    stage.pen.shape(blob(stage.rng, x, y, width / 2, width * 0.13, rough=0.06), "#bfdcea", outline=False)
    marks = curve([(x - width * 0.3, y - 10), (x, y + 20), (x + width * 0.28, y - 14)])
    marks += curve([(x - width * 0.1, y + 34), (x + width * 0.1, y - 4), (x + width * 0.34, y + 14)])
    stage.pen.stroke(marks, "#eef7fb", 4)


def seesaw(stage: Stage, x: float, y: float, width: float) -> None:
    pen, w = stage.pen, width / 2
    pen.contact_shadow(x, y, w * 0.6)
    pen.shape(poly((x - w * 0.16, y), (x, y - w * 0.36), (x + w * 0.16, y)), stage.colour("frame"))
    pen.stroke(f"M{x - w:.0f},{y - w * 0.12:.0f}L{x + w:.0f},{y - w * 0.6:.0f}", stage.colour("bloom"), 15)
    pen.stroke(
        (
            f"M{x - w * 0.76:.0f},{y - w * 0.2:.0f}L{x - w * 0.79:.0f},{y - w * 0.38:.0f}"
            f"M{x + w * 0.76:.0f},{y - w * 0.55:.0f}L{x + w * 0.73:.0f},{y - w * 0.74:.0f}"
        ),
        stage.colour("slide"),
        8,
    )


def fairy_lights(stage: Stage, y: float) -> None:
    """A string of small lamps along a wall, lit when it is dark."""
    points = [(-20 + k * (WIDTH + 40) / 12, y + (34 if k % 2 else 0)) for k in range(13)]
    stage.pen.stroke(curve(points), "#8b6d5a", 3)
    bulbs = [(px, py + 14) for px, py in points[1:-1]]
    colour = "#ffe28a" if stage.lamps else "#f4d9a0"
    stage.pen.shape("".join(spot(px, py, 10, 13) for px, py in bulbs), colour, shade=False)
    if stage.lamps:
        for px, py in bulbs[::2]:
            stage.pen.glow(px, py, 70, stage.sun.warm, opacity=0.5)
