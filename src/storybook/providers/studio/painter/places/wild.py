"""Snow, desert and castle."""

from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import built, heavens, landmarks, plants
from storybook.providers.studio.painter.places.forms import (
    below,
    box,
    curve,
    leaf,
    poly,
    rolling,
    winding,
)
from storybook.providers.studio.painter.places.stage import Stage


def snow(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    for rise, distance in ((130, 0.5), (60, 0.25)):
        line = rolling(rng, horizon - rise, 50)
        stage.bare.wash(below(line), stage.far("ground", distance), stage.far("far", distance))
        if rise > 100:
            plants.far_pines(stage.bare, rng, horizon - 60, 80, stage.far("mid", 0.5))
    white = stage.colour("ground")
    stage.pen.wash(below(rolling(rng, horizon, 26)), white, stage.colour("far"))
    if rng.random() < 0.6:
        built.house(stage, stage.x(0.78), horizon + 40, 230, "#a87452", "#eef3f9")
        built.smoke(stage, stage.x(0.78) + 58, horizon - 204)
    pond = rng.random() < 0.5
    for share, size in ((0.08, 470), (0.24, 320), (0.95, 420), (0.6, 180)):
        y = horizon + size * 0.18
        stage.pen.contact_shadow(stage.x(share), y, size * 0.2, opacity=0.15)
        plants.pine(stage.pen, rng, stage.x(share), y, size, stage.colour("mid"), snowy=True)
    stage.pen.wash(below(rolling(rng, horizon + 130, 34, 4)), white, mix(white, stage.colour("far"), 0.7))
    stage.pen.wash(below(rolling(rng, horizon + 300, 30, 4)), white, mix(white, stage.colour("far"), 0.5))
    if pond:
        landmarks.frozen_pond(stage, stage.x(0.66), horizon + 220, 620)
    for _ in range(9):
        x, y = rng.uniform(0, WIDTH), rng.uniform(horizon + 160, HEIGHT - 40)
        stage.pen.stroke(heavens.ripple(x, y, rng.uniform(40, 90)), stage.colour("far"), 5, opacity=0.6)


def snow_front(stage: Stage) -> None:
    pen, white = stage.pen, stage.colour("ground")
    line = [
        (-40, HEIGHT - 130),
        (WIDTH * 0.16, HEIGHT - 90),
        (WIDTH * 0.5, HEIGHT - 18),
        (WIDTH * 0.86, HEIGHT - 86),
        (WIDTH + 40, HEIGHT - 140),
    ]
    twig = stage.x(0.05)
    side = 1 if twig < WIDTH / 2 else -1
    for k in range(4):
        tip = (twig + side * (k - 1.2) * 44, HEIGHT - 250 - 34 * (k % 2))
        pen.stroke(
            f"M{twig + side * k * 10},{HEIGHT - 60}Q{twig + side * k * 12},{HEIGHT - 170} {tip[0]},{tip[1]}",
            "#7a5a4c",
            6,
        )
        pen.ellipse(tip[0], tip[1], 11, 11, "#cf4a4a", outline=False)
    pen.wash(below(line), white, stage.colour("far"))


def desert(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    _mesas(stage)
    sand = stage.colour("ground")
    for rise, distance in ((70, 0.4), (24, 0.2)):
        stage.bare.wash(
            below(rolling(rng, horizon - rise, 40, 4)), stage.far("ground", distance), stage.far("far", distance)
        )
    stage.pen.wash(below(rolling(rng, horizon + 10, 26, 4)), lighter(sand, 0.2), sand)
    for share, size in ((0.1, 330), (0.9, 250), (0.7, 130)):
        _cactus(stage, stage.x(share), horizon + 30 + size * 0.22, size)
    _dune(stage, horizon + 150)
    if rng.random() < 0.5:
        landmarks.oasis(stage, stage.x(0.76), horizon + 250)
    _dune(stage, horizon + 330)
    for share, dy in ((0.2, 190), (0.84, 300)):
        plants.stone(stage.pen, rng, stage.x(share), horizon + dy, rng.uniform(60, 110), stage.colour("rock"))
    for _ in range(8):
        x, y = rng.uniform(0, WIDTH), rng.uniform(horizon + 170, HEIGHT - 60)
        stage.pen.stroke(heavens.ripple(x, y, rng.uniform(50, 110)), darker(sand, 0.14), 4, opacity=0.5)


def _mesas(stage: Stage) -> None:
    for share, width, height in ((0.74, 270, 190), (0.34, 170, 110)):
        x, y, w = stage.x(share), stage.horizon, width / 2
        table = poly(
            (x - w, y),
            (x - w * 0.7, y - height * 0.9),
            (x - w * 0.45, y - height),
            (x + w * 0.5, y - height),
            (x + w * 0.66, y - height * 0.84),
            (x + w, y),
        )
        stage.bare.shape(table, stage.far("rock", 0.45), outline=False, shade=False)
        band = poly(
            (x - w * 0.8, y - height * 0.6),
            (x + w * 0.76, y - height * 0.55),
            (x + w * 0.8, y - height * 0.42),
            (x - w * 0.85, y - height * 0.46),
        )
        stage.bare.shape(band, stage.far("rock", 0.62), outline=False, shade=False)


def _dune(stage: Stage, y: float) -> None:
    """A dune with a lit and a shaded flank."""
    sand, crest = stage.colour("ground"), stage.x(stage.rng.uniform(0.3, 0.5))
    line = [
        (-40, y + 60),
        (crest * 0.5, y + 20),
        (crest, y - 30),
        (crest + (WIDTH - crest) * 0.5, y + 34),
        (WIDTH + 40, y + 10),
    ]
    stage.pen.wash(below(line), lighter(sand, 0.3), darker(sand, 0.06))
    flank = curve(line[2:]) + (
        f"L{WIDTH + 40},{HEIGHT + 40}L{crest + 120},{HEIGHT + 40}"
        f"C{crest + 40},{y + 190} {crest + 90},{y + 90} {crest},{y - 30}"
        f"Z"
    )
    stage.pen.wash(flank, darker(sand, 0.08), sand)


def _cactus(stage: Stage, x: float, y: float, height: float) -> None:
    pen, green, w = stage.pen, stage.colour("mid"), height * 0.2
    pen.contact_shadow(x, y, w * 1.6)
    for side, low, high in ((-1, 0.34, 0.66), (1, 0.46, 0.8)):
        ax = x + side * w * 1.25
        arm = (
            f"M{x:.1f},{y - height * low:.1f}L{ax - side * w * 0.3:.1f},{y - height * low:.1f}"
            f"Q{ax:.1f},{y - height * low:.1f} {ax:.1f},{y - height * (low + 0.1):.1f}"
            f"L{ax:.1f},{y - height * high:.1f}"
        )
        pen.stroke(arm, darker(green, 0.3), w * 0.66)
        pen.stroke(arm, green, w * 0.56)
    pen.shape(box(x - w / 2, y - height, w, height, w / 2), green)
    ribs = "".join(
        f"M{x + d * w:.1f},{y - height * 0.06:.1f}L{x + d * w:.1f},{y - height * 0.9:.1f}" for d in (-0.2, 0.1)
    )
    pen.stroke(ribs, darker(green, 0.18), 3)
    pen.ellipse(x, y - height, w * 0.26, w * 0.2, "#f08fa6", outline=False)


def desert_front(stage: Stage) -> None:
    x = stage.x(0.03)
    for angle, length in ((-150, 150), (-120, 200), (-90, 220), (-60, 200), (-30, 150)):
        tip = leaf(x, HEIGHT + 6, length, angle, 0.17)
        stage.pen.shape(tip, darker(stage.colour("mid"), 0.2))
    plants.stone(stage.pen, stage.rng, stage.x(1.0), HEIGHT + 14, 260, darker(stage.colour("rock"), 0.1))


def castle(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    heavens.far_birds(stage)
    for rise, distance in ((120, 0.6), (50, 0.36)):
        stage.bare.wash(below(rolling(rng, horizon - rise, 46)), stage.far("far", distance), stage.far("mid", distance))
    hill = [
        (-60, horizon + 40),
        (WIDTH * 0.25, horizon - 40),
        (WIDTH * 0.5, horizon - 80),
        (WIDTH * 0.75, horizon - 40),
        (WIDTH + 60, horizon + 40),
    ]
    stage.pen.wash(below(hill), stage.colour("mid"), darker(stage.colour("ground"), 0.1))
    built.castle(stage, stage.x(0.56), horizon - 50, 450, stage.colour("wall"), stage.colour("roof"))
    plants.far_woods(stage.pen.bare, rng, horizon + 30, 30, stage.far("mid", 0.1))
    grass = stage.colour("ground")
    stage.pen.wash(below(rolling(rng, horizon + 24, 14)), lighter(grass, 0.16), darker(grass, 0.14))
    stage.pen.wash(
        winding(rng, (stage.x(0.56), horizon + 20), stage.x(0.45), (14, 170), 0.8),
        lighter(stage.colour("path"), 0.25),
        stage.colour("path"),
    )
    if rng.random() < 0.5:
        landmarks.well(stage, stage.x(0.86), horizon + 190, 230)
    for share in (0.04, 0.16, 0.86, 0.98):
        plants.bush(
            stage.pen, rng, stage.x(share), horizon + rng.uniform(80, 130), rng.uniform(150, 210), stage.colour("leaf")
        )
    plants.grass(stage, grass, 60, (0, horizon + 60, WIDTH, HEIGHT - 60))
    plants.blossom_dots(stage, 16, (0, horizon + 100, WIDTH, HEIGHT - 50), ("#fbf4e2", stage.colour("bloom")))


def castle_front(stage: Stage) -> None:
    plants.front_grass(stage, stage.colour("near"), height=110)
    for share in (0.05, 0.95):
        for k in range(3):
            plants.flower(
                stage.pen, WIDTH * share + (k - 1) * 40, HEIGHT + 20, 150 + 40 * (k % 2), ("#e2736b", "#f2f0e6")[k % 2]
            )
