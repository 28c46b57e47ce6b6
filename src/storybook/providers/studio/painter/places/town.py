"""Streets."""

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import built, heavens, landmarks, plants
from storybook.providers.studio.painter.places.forms import box, poly, spot
from storybook.providers.studio.painter.places.stage import Stage

WALLS = ("#f0c9a0", "#e8a58c", "#bcd3c2", "#f3e2b8", "#a9c4d8", "#e3b7bd")
ROOFS = ("#b5604d", "#8a6a70", "#c9834f", "#6f7f92")


def town(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    built.far_town(stage, horizon - 210, stage.far("far", 0.72))
    built.far_town(stage, horizon - 90, stage.far("far", 0.5))
    _row(stage)
    _street(stage)
    plants.broad_tree(stage.pen, rng, stage.x(0.94), horizon + 84, 380, stage.colour("leaf"))
    built.lamp_post(stage, stage.x(0.1), horizon + 120, 470)
    variant = rng.randrange(3)
    if variant == 0:
        landmarks.fountain(stage, stage.x(0.64), horizon + 170, 300)
    if variant == 1:
        landmarks.stall(stage, stage.x(0.72), horizon + 120, 270)
    if rng.random() < 0.5:
        built.bunting(stage, horizon - 520, 70, ("#e8695a", "#f6cf58", "#5fa8c4"))


def _row(stage: Stage) -> None:
    """A row of houses from edge to edge; they are the same houses on every page."""
    walls = built.palette_pick(stage.own, WALLS, 8)
    roofs = built.palette_pick(stage.own, ROOFS, 8)
    x, index, gap_at = -30.0, 0, stage.rng.uniform(0.35, 0.6) * WIDTH
    while x < WIDTH:
        width, height = stage.own.uniform(150, 200), stage.own.uniform(230, 400)
        if x < gap_at <= x + width:
            height = 200.0
        built.town_house(stage, x, stage.horizon + 30, (width, height), walls[index % 8], roofs[index % 8])
        x, index = x + width + 4, index + 1


def _street(stage: Stage) -> None:
    rng, pen, horizon = stage.rng, stage.pen, stage.horizon
    paving = stage.colour("ground")
    pen.shape(box(-20, horizon + 26, WIDTH + 40, 46), lighter(paving, 0.3), outline=False, shade=False)
    pen.shape(box(-20, horizon + 68, WIDTH + 40, 12), darker(paving, 0.16), outline=False, shade=False)
    pen.wash(box(-20, horizon + 80, WIDTH + 40, HEIGHT), lighter(paving, 0.08), darker(paving, 0.12))
    y, row = horizon + 96.0, 0
    while y < HEIGHT:
        depth = (y - horizon) / (HEIGHT - horizon)
        w, h, path = 34 + 90 * depth, 10 + 26 * depth, ""
        x = -40.0 - (row % 2) * w * 0.6
        while x < WIDTH + 40:
            if rng.random() < 0.34:
                path += box(x, y, w * 0.92, h * 0.8, h * 0.4)
            x += w * 1.1
        pen.shape(path, darker(paving, 0.1 + 0.05 * (row % 2)), outline=False, shade=False, opacity=0.6)
        y, row = y + h * 1.5, row + 1


def town_front(stage: Stage) -> None:
    """A tub of flowers at one side and a low wall at the other."""
    pen, x = stage.pen, stage.x(0.06)
    for k in range(5):
        plants.flower(pen, x + (k - 2) * 38, HEIGHT - 70, 130 + 26 * (k % 2), plants.PETALS[k % 4])
    plants.bush(pen, stage.rng, x, HEIGHT - 56, 230, stage.colour("leaf"))
    pen.shape(
        poly((x - 110, HEIGHT - 80), (x + 110, HEIGHT - 80), (x + 90, HEIGHT + 30), (x - 90, HEIGHT + 30)), "#c77b55"
    )
    pen.shape(box(x - 120, HEIGHT - 92, 240, 26, 10), "#d98d66")
    plants.corner_leaves(stage, stage.colour("leaf"), right=not stage.flip, size=0.8)


def puddle(stage: Stage, x: float, y: float, width: float) -> None:
    """A puddle that shows the sky."""
    stage.bare.shape(spot(x, y, width, width * 0.2), stage.light.middle, outline=False, shade=False, opacity=0.6)
