"""Rooms."""

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import indoors, lamps, landmarks
from storybook.providers.studio.painter.places.forms import arch, blob, box, poly, spot
from storybook.providers.studio.painter.places.stage import Stage


def bedroom(stage: Stage) -> None:
    indoors.wall(stage, stage.own.choice(("stripes", "dots", "sprigs")))
    indoors.floor(stage, "boards")
    wx = stage.x(0.3) - 120
    indoors.window(stage, wx, 190, 240, 300)
    indoors.moonlight(stage, wx, 240)
    y = stage.horizon + 60
    if stage.rng.random() < 0.5:
        landmarks.fairy_lights(stage, 96)
    _shelf(stage, stage.x(0.76) - 120, 330, 240)
    bed = stage.x(0.72)
    if not stage.bedded:
        with stage.pen.group(f"translate({bed:.0f},{y:.0f}) scale(1.22)"):
            _bed(stage, 1 if bed > WIDTH / 2 else -1)
    side = stage.x(0.42)
    _night_table(stage, side, y - 20)
    lamps.table_lamp(stage, side, y - 132, 120)
    indoors.rug(stage, WIDTH * 0.5, HEIGHT - 160, 390, 104)
    _toys(stage)


def _bed(stage: Stage, out: int) -> None:
    """A bed that stands on (0, 0) with its head to the right (`out` is 1) or to the left (-1)."""
    pen, wood, cloth = stage.pen, stage.colour("wood"), stage.colour("cloth")
    x, y = 0.0, 0.0
    head, foot = out * 210.0, out * -170.0
    pen.contact_shadow(x, y + 10, 260)
    pen.shape(box(min(head, head - out * 34), y - 260, 34, 270, 14), wood)
    pen.shape(box(min(foot, foot + out * 28), y - 150, 28, 160, 12), wood)
    left, width = min(head, foot) + 20, abs(head - foot) - 40
    pen.shape(box(left, y - 110, width, 84, 16), "#f4ece0")
    pen.shape(blob(stage.own, head - out * 88, y - 128, 74, 34, rough=0.05), "#fbf6ec")
    cx = left + (0 if out > 0 else width * 0.34)
    pen.shape(box(cx, y - 130, width * 0.66, 110, 26), cloth)
    dots = "".join(spot(cx + 34 + k * 44, y - 96 + 40 * (k % 2), 9, 9) for k in range(int(width * 0.66 / 48)))
    pen.shape(dots, lighter(cloth, 0.4), outline=False, shade=False)
    edge = cx + (width * 0.66 if out > 0 else 0)
    pen.shape(box(edge - 20, y - 134, 40, 114, 18), lighter(cloth, 0.5), outline=False)
    pen.shape(box(left - 6, y - 36, width + 12, 24, 8), wood)


def _night_table(stage: Stage, x: float, y: float) -> None:
    pen, wood = stage.pen, stage.colour("wood")
    pen.contact_shadow(x, y + 4, 70)
    pen.shape(box(x - 52, y - 104, 104, 104, 8), lighter(wood, 0.1))
    pen.shape(box(x - 60, y - 114, 120, 16, 6), wood)
    pen.shape(box(x - 40, y - 82, 80, 34, 6), lighter(wood, 0.3), outline=False, shade=False)
    pen.ellipse(x, y - 65, 6, 6, darker(wood, 0.3), outline=False, shade=False)


def _shelf(stage: Stage, x: float, y: float, width: float) -> None:
    """A board on the wall with books and a small globe."""
    pen, wood = stage.pen, stage.colour("wood")
    indoors.book_row(stage, x + 12, y, width * 0.55, 78)
    pen.ellipse(x + width * 0.78, y - 38, 27, 27, "#7fb4cf")
    pen.shape(
        spot(x + width * 0.75, y - 44, 11, 9) + spot(x + width * 0.82, y - 30, 8, 8),
        "#92bd7c",
        outline=False,
        shade=False,
    )
    pen.shape(box(x, y, width, 15, 5), wood)
    pen.shape(
        poly((x + 24, y + 14), (x + 44, y + 14), (x + 24, y + 40))
        + poly((x + width - 24, y + 14), (x + width - 44, y + 14), (x + width - 24, y + 40)),
        darker(wood, 0.15),
        shade=False,
    )


def _toys(stage: Stage) -> None:
    """Building bricks in a corner."""
    x, y = stage.x(0.1), stage.horizon + 150
    stage.pen.contact_shadow(x, y, 80)
    for dx, dy, colour in ((-42, 0, "#e0a04a"), (14, 0, "#5f8f8b"), (-14, -50, "#c8574d")):
        stage.pen.shape(box(x + dx - 26, y + dy - 50, 52, 50, 6), colour)
    stage.pen.shape(arch(x + 2, y, 24, 26), darker("#5f8f8b", 0.3), outline=False, shade=False)


def living_room(stage: Stage) -> None:
    indoors.wall(stage, stage.own.choice(("panels", "sprigs")))
    indoors.floor(stage, "boards")
    wx = stage.x(0.7) - 130
    indoors.window(stage, wx, 170, 260, 300)
    indoors.moonlight(stage, wx, 260)
    indoors.picture(stage, stage.x(0.2) - 85, 250, 170, 130)
    y = stage.horizon + 70
    _sofa(stage, stage.x(0.26), y)
    indoors.plant_pot(stage, stage.x(0.94), y + 10, 270)
    table = stage.x(0.62)
    _night_table(stage, table, y - 20)
    lamps.table_lamp(stage, table, y - 132, 150)
    indoors.rug(stage, WIDTH * 0.5, HEIGHT - 160, 420, 110)


def _sofa(stage: Stage, x: float, y: float) -> None:
    pen, cloth = stage.pen, stage.colour("cloth")
    pen.contact_shadow(x, y + 8, 250)
    pen.shape(box(x - 200, y - 230, 400, 190, 50), darker(cloth, 0.08))
    pen.shape(box(x - 186, y - 120, 186, 86, 30), cloth)
    pen.shape(box(x, y - 120, 186, 86, 30), cloth)
    for dx in (-240, 180):
        pen.shape(box(x + dx, y - 160, 62, 150, 30), lighter(cloth, 0.08))
    pen.shape(box(x - 190, y - 44, 380, 40, 12), darker(cloth, 0.12))
    pen.shape(box(x - 130, y - 186, 100, 92, 24), stage.colour("rug"))


def library(stage: Stage) -> None:
    indoors.wall(stage, "panels")
    indoors.floor(stage, "boards")
    y = stage.horizon + 24
    indoors.bookcase(stage, stage.x(0.16) - 165, y, 330, 6, 118)
    indoors.bookcase(stage, stage.x(0.87) - 140, y, 280, 6, 118)
    indoors.bookcase(stage, stage.x(0.51) - 165, y, 330, 2, 118)
    _round_window(stage, stage.x(0.515), 290, 130)
    _ladder(stage, stage.x(0.3), y + 36)
    for share in (0.42, 0.6):
        lamps.table_lamp(stage, stage.x(share), y - 250, 90) if share > 0.5 else indoors.plant_pot(
            stage, stage.x(share), y - 254, 110
        )
    indoors.rug(stage, WIDTH * 0.5, HEIGHT - 160, 430, 110)
    _pile(stage, stage.x(0.9), stage.horizon + 150)
    lamps.hanging_lamp(stage, stage.x(0.27))


def _round_window(stage: Stage, x: float, y: float, r: float) -> None:
    pane, bare, light = spot(x, y, r, r), stage.bare, stage.sun
    stage.pen.ellipse(x, y, r + 18, r + 18, stage.colour("wood"))
    with bare.group(clip=pane):
        bare.wash(box(x - r, y - r, 2 * r, 2 * r), light.top, light.bottom)
        indoors.view(stage, x - r, y - r, 2 * r, 2 * r)
        indoors.weather_outside(stage, (x - r, y - r, x + r, y + r))
    stage.pen.stroke(f"M{x - r},{y}L{x + r},{y}M{x},{y - r}L{x},{y + r}", stage.colour("wood"), 10)
    if not light.dark:
        bare.glow(x, y, r * 2.6, light.warm, opacity=0.3)


def _ladder(stage: Stage, x: float, y: float) -> None:
    lean = 60 if x < WIDTH / 2 else -60
    top = y - 620
    wood = lighter(stage.colour("wood"), 0.3)
    rungs = "".join(
        f"M{x - 40 + lean * -s:.0f},{y - 620 * s:.0f}L{x + 40 + lean * -s:.0f},{y - 620 * s:.0f}"
        for s in (0.1, 0.23, 0.36, 0.49, 0.62, 0.75, 0.88)
    )
    stage.pen.stroke(rungs, darker(wood, 0.12), 10)
    stage.pen.stroke(f"M{x - 42},{y}L{x - 42 - lean},{top}M{x + 42},{y}L{x + 42 - lean},{top}", wood, 13)


def _pile(stage: Stage, x: float, y: float) -> None:
    stage.pen.contact_shadow(x, y, 90)
    for k in range(4):
        w = 130 - 14 * (k % 3)
        stage.pen.shape(box(x - w / 2 + 8 * (k % 2), y - 28 - 28 * k, w, 27, 5), indoors.BOOKS[k * 3 % 8])


def room_front(stage: Stage) -> None:
    """A plant or the corner of a table near the viewer, at one lower corner."""
    pen, plant = stage.pen, stage.rng.random() < 0.55
    x = next((x for x in (stage.x(0.02), stage.x(0.98)) if stage.free(x, 230)), None)
    if x is None or stage.bedded:
        return
    if plant:
        indoors.plant_pot(stage, x, HEIGHT + 90, 400)
        return
    wood, side = stage.colour("wood"), 1 if x < WIDTH / 2 else -1
    pen.ellipse(x, HEIGHT + 6, 236, 74, darker(wood, 0.25))
    pen.ellipse(x, HEIGHT - 8, 236, 70, lighter(wood, 0.08))
    at = x + side * 92
    for k, colour in enumerate(("#5f8f8b", "#e0a04a", "#c8574d")):
        pen.shape(box(at - 66 + 7 * k, HEIGHT - 56 - 24 * k, 124 - 12 * k, 24, 5), colour)
    pen.ellipse(at - 4, HEIGHT - 146, 24, 26, "#d8453f")
    pen.stroke(f"M{at - 4:.0f},{HEIGHT - 168}L{at:.0f},{HEIGHT - 182}", "#6b4a30", 4)
