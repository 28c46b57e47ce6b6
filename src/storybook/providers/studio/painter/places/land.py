"""Places under the open sky, on grass."""

from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import built, heavens, landmarks, plants
from storybook.providers.studio.painter.places.forms import (
    below,
    blob,
    box,
    poly,
    rolling,
    spot,
    winding,
)
from storybook.providers.studio.painter.places.stage import Stage


def hills(stage: Stage, *, swing: float = 46) -> None:
    """Three pale rows of hills behind the horizon, the nearest with fields and hedges."""
    rng, y = stage.rng, stage.horizon
    for name, rise, distance in (("far", 210, 0.74), ("far", 128, 0.52), ("mid", 50, 0.34)):
        line = rolling(rng, y - rise, swing)
        pale = stage.far(name, min(1.0, distance + 0.22))
        stage.bare.wash(below(line, y + 40), stage.far(name, distance), pale)
    for _ in range(4):
        x, r = rng.uniform(0, WIDTH), rng.uniform(50, 120)
        patch = spot(x, y - rng.uniform(2, 26), r, r * 0.13)
        stage.bare.shape(patch, stage.far(rng.choice(("mid", "ground")), 0.22), outline=False, shade=False, opacity=0.7)


def ground(stage: Stage, *, swing: float = 18, light: float = 0.22) -> None:
    """The ground from the horizon to the lower edge, paler in the distance, with one swell and one near fold."""
    colour, depth = stage.colour("ground"), HEIGHT - stage.horizon
    stage.pen.wash(below(rolling(stage.rng, stage.horizon, swing)), lighter(colour, light), darker(colour, 0.16))
    swell = below(rolling(stage.rng, stage.horizon + depth * 0.2, 30, 4))
    stage.pen.shape(swell, lighter(colour, 0.12), outline=False, shade=False)
    fold = below(rolling(stage.rng, stage.horizon + depth * 0.54, 32, 4))
    stage.pen.wash(fold, lighter(colour, 0.02), darker(colour, 0.18))


def meadow(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    heavens.far_birds(stage)
    hills(stage, swing=60)
    plants.far_woods(stage.bare, rng, horizon + 6, 24, stage.far("mid", 0.22))
    ground(stage)
    variant = rng.randrange(3)
    if variant == 0:
        stage.pen.wash(
            winding(rng, (stage.x(0.62), horizon + 12), stage.x(0.4), (7, 150)),
            lighter(stage.colour("path"), 0.2),
            stage.colour("path"),
        )
    tree_x = stage.x(0.87 if variant != 1 else 0.12)
    stage.pen.contact_shadow(tree_x, horizon + 62, 150, opacity=0.18)
    plants.broad_tree(stage.pen, rng, tree_x, horizon + 64, 620, stage.colour("leaf"))
    if variant == 2:
        built.house(stage, stage.x(0.2), horizon + 26, 150, "#f3e6cf", stage.colour("roof"))
    else:
        plants.bush(stage.pen, rng, stage.x(0.1 if variant == 0 else 0.9), horizon + 52, 150, stage.colour("leaf"))
    if variant == 1 and stage.free(stage.x(0.84), 90):
        landmarks.windmill(stage, stage.x(0.84), horizon + 34, 330)
    area = (0.0, horizon + 40, float(WIDTH), HEIGHT - 60.0)
    plants.grass(stage, stage.colour("ground"), 90, area)
    plants.blossom_dots(stage, 22, area, ("#fbf4e2", stage.colour("bloom"), "#f7d560"))
    plants.drifts(stage)


def meadow_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=150)
    for side in (0.04, 0.11, 0.9, 0.97):
        plants.flower(
            stage.pen,
            WIDTH * side + stage.rng.uniform(-15, 15),
            HEIGHT + 20,
            stage.rng.uniform(120, 210),
            stage.rng.choice(plants.PETALS),
        )


def garden(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    hills(stage)
    plants.far_woods(stage.bare, rng, horizon + 10, 44, stage.far("mid", 0.3))
    ground(stage, swing=6)
    built.house(stage, stage.x(0.2), horizon + 50, 310, "#f6ead2", stage.colour("roof"))
    built.smoke(stage, stage.x(0.2) + 80, horizon - 270)
    built.fence(stage, horizon + 62, "#f5efe3", height=92)
    plants.broad_tree(stage.pen, rng, stage.x(0.88), horizon + 90, 620, stage.colour("leaf"), fruit="#d9483f")
    pebbles = winding(rng, (stage.x(0.24), horizon + 64), stage.x(0.46), (20, 130), 0.7)
    stage.pen.wash(pebbles, lighter(stage.colour("path"), 0.3), stage.colour("path"))
    if rng.random() < 0.5:
        landmarks.well(stage, stage.x(0.6), horizon + 140, 250)
    for row, share in enumerate((0.84, 0.1)):
        _flower_bed(stage, stage.x(share), horizon + 150 + row * 70, 300)
    plants.grass(stage, stage.colour("ground"), 60, (0, horizon + 90, WIDTH, HEIGHT - 60))
    plants.blossom_dots(stage, 14, (0, horizon + 120, WIDTH, HEIGHT - 40), ("#fbf4e2", stage.colour("bloom")))


def _flower_bed(stage: Stage, x: float, y: float, width: float) -> None:
    stage.pen.shape(blob(stage.rng, x, y, width / 2, 34), stage.colour("soil"))
    for index in range(9):
        dx = (index / 8 - 0.5) * width * 0.84
        plants.flower(
            stage.pen, x + dx, y + stage.rng.uniform(-12, 12), stage.rng.uniform(80, 120), plants.PETALS[index % 5]
        )


def garden_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=120)
    for share in (0.05, 0.95):
        x = WIDTH * share + stage.rng.uniform(-14, 14)
        plants.flower(stage.pen, x, HEIGHT + 30, 300, "#f6c445", outline=True)
    plants.corner_leaves(stage, stage.colour("leaf"), right=not stage.flip, size=0.8)


def farm(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    heavens.far_birds(stage)
    hills(stage)
    plants.far_woods(stage.bare, rng, horizon + 4, 26, stage.far("mid", 0.28))
    ground(stage)
    _furrows(stage)
    built.barn(stage, stage.x(0.76), horizon + 66, 330)
    plants.broad_tree(stage.pen, rng, stage.x(0.07), horizon + 80, 580, stage.colour("leaf"))
    built.fence(
        stage,
        horizon + 120,
        "#cdae86",
        height=80,
        start=-20 if stage.flip else WIDTH * 0.56,
        end=WIDTH * 0.44 if stage.flip else WIDTH + 20,
    )
    if stage.free(stage.x(0.34), 60):
        landmarks.windmill(stage, stage.x(0.34), horizon + 14, 250)
    for share in (0.3, 0.42):
        _haystack(stage, stage.x(share), horizon + 78 + 40 * share, 110)
    plants.grass(stage, stage.colour("ground"), 70, (0, horizon + 130, WIDTH, HEIGHT - 60))
    plants.blossom_dots(stage, 14, (0, horizon + 130, WIDTH, HEIGHT - 50), ("#fbf4e2", "#f7d560"))


def _furrows(stage: Stage) -> None:
    """A field with rows that run together in the distance."""
    x, y = stage.x(0.3), stage.horizon + 22
    soil = stage.colour("field")
    rows = "".join(
        poly((x + k * 20 - 5, y), (x + k * 20 + 5, y), (x + k * 74 + 26, y + 150), (x + k * 74 - 26, y + 150))
        for k in range(-4, 5)
    )
    stage.pen.shape(rows, soil, outline=False, shade=False, opacity=0.75)


def _haystack(stage: Stage, x: float, y: float, width: float) -> None:
    pen, w = stage.pen, width / 2
    pen.contact_shadow(x, y, w * 1.1)
    pen.shape(
        (
            f"M{x - w},{y}C{x - w},{y - w * 1.1} {x - w * 0.5},{y - w * 1.7} {x},{y - w * 1.7}"
            f"C{x + w * 0.5},{y - w * 1.7} {x + w},{y - w * 1.1} {x + w},{y}"
            f"Z"
        ),
        "#e5be5f",
    )
    pen.stroke(
        "".join(
            leafy
            for leafy in (
                f"M{x + dx * w:.1f},{y - w * 0.2:.1f}l{dx * 6:.1f},{-w * 0.4:.1f}"
                for dx in (-0.6, -0.25, 0.1, 0.45, 0.7)
            )
        ),
        "#bf9440",
        3,
    )


def playground(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    built.far_town(stage, horizon - 30, stage.far("far", 0.72))
    plants.far_woods(stage.bare, rng, horizon + 10, 60, stage.far("mid", 0.3))
    ground(stage, swing=6)
    plants.broad_tree(stage.pen, rng, stage.x(0.94), horizon + 50, 620, stage.colour("leaf"))
    built.fence(stage, horizon + 44, "#f1e4c8", height=60)
    sand = blob(rng, stage.x(0.5), horizon + 260, 430, 120, rough=0.05)
    stage.pen.shape(sand, stage.colour("path"), outline=False)
    if rng.random() < 0.5:
        _swing(stage, stage.x(0.75), horizon + 130)
    else:
        landmarks.seesaw(stage, stage.x(0.73), horizon + 190, 330)
    _slide(stage, stage.x(0.2), horizon + 140)
    plants.grass(stage, stage.colour("ground"), 50, (0, horizon + 330, WIDTH, HEIGHT - 40))
    plants.blossom_dots(stage, 12, (0, horizon + 350, WIDTH, HEIGHT - 30), ("#fbf4e2", "#f7d560"))


def _swing(stage: Stage, x: float, y: float) -> None:
    pen, top = stage.pen, y - 330
    pen.contact_shadow(x, y, 150, opacity=0.18)
    legs = (
        f"M{x - 150},{y}L{x - 112},{top}M{x - 74},{y}L{x - 112},{top}"
        f"M{x + 150},{y}L{x + 112},{top}M{x + 74},{y}L{x + 112},{top}"
    )
    pen.stroke(legs, stage.colour("frame"), 15)
    pen.stroke(f"M{x - 125},{top}L{x + 125},{top}", darker(stage.colour("frame"), 0.12), 17)
    for dx in (-52, 52):
        pen.stroke(
            f"M{x + dx - 24},{top}L{x + dx - 24},{y - 92}M{x + dx + 24},{top}L{x + dx + 24},{y - 92}", "#7b7469", 4
        )
        pen.shape(box(x + dx - 33, y - 96, 66, 14, 6), stage.colour("bloom"), shade=False)


def _slide(stage: Stage, x: float, y: float) -> None:
    pen, side = stage.pen, 1 if x < WIDTH / 2 else -1
    pen.contact_shadow(x, y, 170, opacity=0.18)
    a, b = x - side * 90, x - side * 20
    pen.stroke(f"M{a},{y}L{a},{y - 330}M{b},{y}L{b},{y - 330}", stage.colour("frame"), 14)
    pen.stroke("".join(f"M{a},{y - 50 - k * 44}L{b},{y - 50 - k * 44}" for k in range(5)), "#f1e4c8", 10)
    pen.shape(poly((a - side * 20, y - 322), ((a + b) / 2, y - 392), (b + side * 20, y - 322)), "#e8695a")
    pen.shape(box(min(a, b) - 14, y - 262, abs(a - b) + 28, 20, 5), stage.colour("frame"))
    end = x + side * 190
    chute = (
        f"M{b},{y - 258}C{b + side * 60},{y - 250} {b + side * 90},{y - 20} {end},{y - 26}"
        f"L{end},{y}C{b + side * 60},{y + 14} {b + side * 30},{y - 190} {b},{y - 216}"
        f"Z"
    )
    pen.shape(chute, stage.colour("slide"))


def playground_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=100)
    plants.corner_leaves(stage, stage.colour("near"), right=stage.flip, size=0.8)
