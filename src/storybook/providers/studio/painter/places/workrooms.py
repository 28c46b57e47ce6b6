"""Rooms with running water and rooms to learn in."""

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import indoors, lamps
from storybook.providers.studio.painter.places.forms import box, curve, poly, spot
from storybook.providers.studio.painter.places.stage import Stage


def school(stage: Stage) -> None:
    indoors.wall(stage, "plain")
    lamps.ceiling_light(stage)
    indoors.floor(stage, "boards")
    _board(stage, stage.x(0.36), 230)
    indoors.window(stage, stage.x(0.84) - 85, 210, 170, 280)
    _garland(stage)
    y = stage.horizon + 40
    indoors.bookcase(stage, stage.x(0.85) - 105, y, 210, 1, 120)
    _globe(stage, stage.x(0.85), y - 140)
    for share, dy in ((0.12, 90), (0.46, 40), (0.9, 190)):
        _desk(stage, stage.x(share), stage.horizon + dy, 0.8 + dy / 500)


def _board(stage: Stage, x: float, y: float) -> None:
    """A chalk board with a child's drawing."""
    pen, chalk = stage.pen, "#e9efe6"
    pen.shape(box(x - 255, y, 510, 290, 10), stage.colour("wood"))
    pen.shape(box(x - 236, y + 18, 472, 254, 4), "#3f6a5a", outline=False, shade=False)
    house = (
        f"M{x - 150},{y + 210}L{x - 150},{y + 130}L{x - 95},{y + 80}"
        f"L{x - 40},{y + 130}L{x - 40},{y + 210}L{x - 150},{y + 210}"
        f"M{x - 108},{y + 210}L{x - 108},{y + 160}L{x - 82},{y + 160}"
        f"L{x - 82},{y + 210}"
    )
    sun = "".join(
        f"M{x + 130 + dx * 34:.0f},{y + 96 + dy * 34:.0f}L{x + 130 + dx * 52:.0f},{y + 96 + dy * 52:.0f}"
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))
    )
    pen.stroke(house + sun, chalk, 5, opacity=0.85)
    petals = "".join(spot(x + 40 + dx, y + 150 + dy, 13, 13) for dx, dy in ((-15, 0), (15, 0), (0, -15), (0, 15)))
    pen.shape(petals, "#ef9aae", outline=False, shade=False, opacity=0.85)
    pen.stroke(f"M{x + 40},{y + 214}L{x + 40},{y + 172}", "#a9cf9a", 5, opacity=0.85)
    pen.ellipse(x + 130, y + 96, 24, 24, "#f2c46d", outline=False, shade=False, opacity=0.85)
    pen.shape(box(x - 255, y + 286, 510, 16, 6), darker(stage.colour("wood"), 0.12))
    pen.shape(box(x + 120, y + 274, 60, 13, 4), "#e8695a", shade=False)


def _garland(stage: Stage) -> None:
    points = [(k * 80.0, 90 + 46 * (1 - ((k - 6) / 6) ** 2)) for k in range(13)]
    stage.pen.stroke(curve([(-10, 84), *points[1:-1], (WIDTH + 10, 84)]), "#a98a6a", 3)
    for offset, colour in enumerate(("#e8695a", "#f6cf58", "#5fa8c4", "#8fb573")):
        flags = "".join(poly((x, y), (x + 34, y + 2), (x + 17, y + 38)) for x, y in points[offset::4])
        stage.pen.shape(flags, colour, shade=False)


def _globe(stage: Stage, x: float, y: float) -> None:
    pen = stage.pen
    pen.stroke(f"M{x},{y}L{x},{y - 18}M{x - 26},{y - 2}L{x + 26},{y - 2}", "#8a6347", 9)
    pen.ellipse(x, y - 62, 46, 46, "#79b5d3")
    pen.shape(spot(x - 14, y - 74, 17, 14) + spot(x + 18, y - 50, 13, 16), "#8fbd78", outline=False, shade=False)


def _desk(stage: Stage, x: float, y: float, scale: float) -> None:
    pen, wood = stage.pen, stage.colour("wood")
    pen.contact_shadow(x, y + 4, 110 * scale)
    pen.stroke(
        (
            f"M{x - 86 * scale},{y}L{x - 80 * scale},{y - 90 * scale}"
            f"M{x + 86 * scale},{y}L{x + 80 * scale},{y - 90 * scale}"
        ),
        "#6f7b86",
        10 * scale,
    )
    pen.shape(box(x - 100 * scale, y - 112 * scale, 200 * scale, 26 * scale, 8), lighter(wood, 0.2))
    pen.shape(box(x - 60 * scale, y - 128 * scale, 70 * scale, 16 * scale, 4), indoors.BOOKS[int(x) % 8], shade=False)


def kitchen(stage: Stage) -> None:
    indoors.wall(stage, "tiles")
    indoors.floor(stage, "checks")
    wx = stage.x(0.3) - 110
    indoors.window(stage, wx, 150, 220, 250)
    lamps.hanging_lamp(stage, stage.x(0.66))
    y = stage.horizon + 40
    _counter(stage, y)
    _stove(stage, stage.x(0.84), y)
    _jars(stage, stage.x(0.8) - 110, 300)


def _counter(stage: Stage, y: float) -> None:
    pen, cloth = stage.pen, stage.colour("cloth")
    pen.shape(box(-20, y - 210, WIDTH + 40, 210), cloth, outline=False)
    doors = "".join(box(12 + k * 122, y - 168, 106, 140, 8) for k in range(8))
    pen.shape(doors, lighter(cloth, 0.16), outline=False, shade=False)
    knobs = "".join(spot(98 + k * 122 - (64 if k % 2 else 0), y - 110, 6, 6) for k in range(8))
    pen.shape(knobs, "#e0b35a", outline=False, shade=False)
    pen.shape(box(-20, y - 226, WIDTH + 40, 30, 6), stage.colour("wood"), outline=False)
    pen.shape(box(-20, y - 10, WIDTH + 40, 14), darker(cloth, 0.4), outline=False, shade=False)
    x = stage.x(0.1)
    indoors.plant_pot(stage, x, y - 224, 100)
    bowl = stage.x(0.52)
    for dx, colour in ((-26, "#d9483f"), (8, "#e9b64a"), (32, "#8fb54f")):
        pen.ellipse(bowl + dx, y - 266, 24, 24, colour)
    pen.shape(
        (
            f"M{bowl - 70},{y - 266}L{bowl + 70},{y - 266}C{bowl + 60},{y - 216} {bowl + 30},{y - 224}"
            f" {bowl},{y - 224}C{bowl - 30},{y - 224} {bowl - 60},{y - 216} {bowl - 70},{y - 266}"
            f"Z"
        ),
        "#f3ead9",
    )


def _stove(stage: Stage, x: float, y: float) -> None:
    pen = stage.pen
    pen.shape(box(x - 105, y - 240, 210, 240, 12), "#e9e4da")
    pen.shape(box(x - 78, y - 158, 156, 112, 12), "#ffc95c" if stage.lamps else "#5b5a66", shade=False)
    pen.shape(box(x - 80, y - 182, 160, 10, 5), "#a8a296", outline=False, shade=False)
    pen.shape(
        "".join(spot(x + dx, y - 208, 10, 10) for dx in (-66, -22, 22, 66)), "#6b6a74", outline=False, shade=False
    )
    pen.shape(box(x - 62, y - 318, 110, 78, 14), stage.colour("rug"))
    pen.shape(box(x - 70, y - 328, 126, 16, 8), darker(stage.colour("rug"), 0.15))
    pen.stroke(
        (
            f"M{x - 20},{y - 350}Q{x - 34},{y - 374} {x - 20},{y - 396}"
            f"M{x + 14},{y - 350}Q{x},{y - 376} {x + 14},{y - 402}"
        ),
        "#fffaf0",
        7,
        opacity=0.6,
    )


def _jars(stage: Stage, x: float, y: float) -> None:
    pen = stage.pen
    for k, colour in enumerate(("#d98f5c", "#e5c46b", "#a9be7e", "#c9736a")):
        pen.shape(box(x + 14 + k * 52, y - 62, 40, 62, 10), colour)
        pen.shape(box(x + 12 + k * 52, y - 72, 44, 14, 5), "#f4ecdd", shade=False)
    pen.shape(box(x, y, 224, 16, 5), stage.colour("wood"))


def bathroom(stage: Stage) -> None:
    indoors.wall(stage, "tiles")
    lamps.ceiling_light(stage)
    indoors.floor(stage, "checks")
    indoors.window(stage, stage.x(0.76) - 90, 150, 180, 220)
    y, pen = stage.horizon + 50, stage.pen
    x = stage.x(0.22)
    pen.ellipse(x, 330, 96, 122, stage.colour("wood"))
    pen.ellipse(x, 330, 80, 106, "#cfe6ec", outline=False, shade=False)
    pen.shape(
        poly((x - 50, 390), (x + 10, 250), (x + 34, 256), (x - 26, 404)),
        "#eaf6f8",
        outline=False,
        shade=False,
        opacity=0.8,
    )
    _basin(stage, x, y)
    _tub(stage, stage.x(0.74), y + 20)
    indoors.rug(stage, WIDTH * 0.5, HEIGHT - 150, 330, 84)


def _basin(stage: Stage, x: float, y: float) -> None:
    pen = stage.pen
    pen.shape(poly((x - 34, y - 170), (x + 34, y - 170), (x + 26, y), (x - 26, y)), "#f0efe9")
    pen.shape(
        (
            f"M{x - 120},{y - 236}L{x + 120},{y - 236}C{x + 110},{y - 170} {x + 60},{y - 160} {x},{y - 160}"
            f"C{x - 60},{y - 160} {x - 110},{y - 170} {x - 120},{y - 236}"
            f"Z"
        ),
        "#fbfaf5",
    )
    pen.stroke(f"M{x},{y - 236}L{x},{y - 284}Q{x},{y - 300} {x + 30},{y - 296}L{x + 34},{y - 278}", "#a9b3b8", 12)
    pen.shape(box(x + 62, y - 282, 40, 46, 8), stage.colour("cloth"))
    pen.stroke(f"M{x + 74},{y - 280}L{x + 66},{y - 322}M{x + 90},{y - 280}L{x + 98},{y - 326}", "#e8695a", 7)


def _tub(stage: Stage, x: float, y: float) -> None:
    pen = stage.pen
    pen.contact_shadow(x, y, 230)
    pen.ellipse(x - 130, y - 4, 20, 16, "#c9a45a")
    pen.ellipse(x + 130, y - 4, 20, 16, "#c9a45a")
    foam = "".join(
        spot(x + dx, y - 168 - h, r, r)
        for dx, h, r in ((-150, 0, 36), (-100, 18, 44), (-40, 8, 38), (20, 22, 46), (90, 6, 40), (146, 2, 34))
    )
    pen.shape(foam, "#fdfdfb")
    pen.shape(
        (
            f"M{x - 222},{y - 164}L{x + 222},{y - 164}C{x + 216},{y - 40} {x + 150},{y} {x},{y}"
            f"C{x - 150},{y} {x - 216},{y - 40} {x - 222},{y - 164}Z"
        ),
        stage.colour("cloth"),
    )
    pen.shape(box(x - 234, y - 180, 468, 30, 15), "#fbfaf5")
