"""Places beyond the everyday: above the clouds, in space and in a cave."""

from storybook.domain.story import TimeOfDay, Weather
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import heavens, landmarks, plants
from storybook.providers.studio.painter.places.forms import (
    below,
    blob,
    box,
    closed,
    curve,
    poly,
    rolling,
    spot,
)
from storybook.providers.studio.painter.places.stage import Stage


def above_clouds(stage: Stage) -> None:
    rng, horizon = stage.rng, stage.horizon
    heavens.sky(stage)
    light = stage.light
    if stage.weather in {Weather.CLEAR, Weather.WIND} and not light.dark and rng.random() < 0.6:
        _rainbow(stage, stage.x(0.68), horizon + 60, 420)
    elif rng.random() < 0.7:
        landmarks.floating_island(stage, stage.x(0.8), horizon - 90, 250)
    base = light.on("#ffffff")
    for row, (rise, size, distance) in enumerate(((-30, 110, 0.6), (60, 160, 0.36), (170, 220, 0.14))):
        path = ""
        for index in range(9 - row):
            x = (index + rng.uniform(0.1, 0.9)) / (9 - row) * (WIDTH + 100) - 50
            path += spot(
                x, horizon + rise + rng.uniform(-14, 20), size * rng.uniform(0.6, 1.0), size * rng.uniform(0.4, 0.62)
            )
        path += box(-40, horizon + rise, WIDTH + 80, HEIGHT, 0)
        stage.bare.shape(path, mix(base, light.middle, distance), outline=False, shade=False)
    floor = [(x, y + 250) for x, y in rolling(rng, horizon, 26, 7)]
    stage.pen.wash(below(floor), "#ffffff", stage.colour("ground"))
    for _ in range(8):
        x, y, w = rng.uniform(0, WIDTH), rng.uniform(horizon + 300, HEIGHT - 50), rng.uniform(60, 130)
        heap = spot(x - w * 0.5, y, w * 0.6, w * 0.17) + spot(x + w * 0.3, y - w * 0.06, w * 0.7, w * 0.2)
        stage.pen.shape(heap, stage.colour("far"), outline=False, shade=False, opacity=0.45)
        stage.pen.shape(spot(x, y - w * 0.09, w * 0.9, w * 0.16), "#ffffff", outline=False, shade=False, opacity=0.9)


def _rainbow(stage: Stage, x: float, y: float, radius: float) -> None:
    for index, colour in enumerate(("#ef8079", "#f5b266", "#f7df7a", "#8fcf8a", "#7db6e8", "#a690d8")):
        r = radius - index * 17
        k = r * 0.5523
        arc = f"M{x - r},{y}C{x - r},{y - k} {x - k},{y - r} {x},{y - r}C{x + k},{y - r} {x + r},{y - k} {x + r},{y}"
        stage.bare.stroke(arc, stage.light.far(colour, 0.3), 18, opacity=0.5)


def above_clouds_front(stage: Stage) -> None:
    for share in (0.0, 1.0):
        heads = "".join(
            spot(WIDTH * share + dx, HEIGHT + dy, r, r * 0.8)
            for dx, dy, r in ((-90, 0, 120), (0, -20, 120), (100, 20, 110))
        )
        stage.pen.shape(heads, "#ffffff", outline=False)


def space(stage: Stage) -> None:
    rng, bare, horizon = stage.rng, stage.bare, stage.horizon
    shift = {TimeOfDay.MORNING: 0.2, TimeOfDay.DAY: 0.12, TimeOfDay.DUSK: 0.16, TimeOfDay.NIGHT: 0.0}[stage.time]
    bare.wash(
        box(-20, -20, WIDTH + 40, HEIGHT), mix("#131338", stage.sun.top, shift), mix("#3d2f6e", stage.sun.bottom, shift)
    )
    for share, y, colour in ((0.25, 240, "#5d4bb0"), (0.75, 430, "#a2508f"), (0.5, 620, "#2d6fa8")):
        bare.glow(stage.x(share), y, 225, colour, opacity=0.65)
    heavens.stars(bare, rng, horizon, 130)
    _planet(stage, stage.x(0.78), 250, 96, stage.own.choice(("#e89a5b", "#d9778f", "#6fb4c9")), ring=True)
    _earth(stage, stage.x(0.17), 330 + rng.uniform(-60, 60), 62)
    _planet(stage, stage.x(0.5), 130, 26, "#c9b3ea", ring=False)
    ash = stage.colour("ground")
    stage.pen.shape(below(rolling(rng, horizon - 40, 30)), darker(ash, 0.35), outline=False, shade=False)
    stage.pen.wash(below(rolling(rng, horizon + 10, 20)), lighter(ash, 0.2), darker(ash, 0.15))
    for _ in range(9):
        depth = rng.uniform(0.06, 0.85)
        _crater(stage, rng.uniform(0, WIDTH), horizon + (HEIGHT - horizon) * depth, 30 + 70 * depth)
    if rng.random() < 0.5:
        landmarks.dome(stage, stage.x(0.76), horizon + 70, 330)
    for share in (0.06, 0.94):
        plants.stone(
            stage.pen, rng, stage.x(share), horizon + rng.uniform(90, 160), rng.uniform(120, 170), darker(ash, 0.1)
        )


def _planet(stage: Stage, x: float, y: float, r: float, colour: str, *, ring: bool) -> None:
    bare, a, k = stage.bare, r * 1.75, r * 0.42
    bare.glow(x, y, r * 1.7, colour, opacity=0.35)
    with bare.group(f"translate({x:.1f},{y:.1f}) rotate(-16)"):
        if ring:
            behind = f"M{-a:.1f},0C{-a:.1f},{-k:.1f} {a:.1f},{-k:.1f} {a:.1f},0"
            bare.stroke(behind, "#e6cf9c", r * 0.12)
        bare.ellipse(0, 0, r, r, colour, outline=False)
        for dy, h in ((-0.45, 0.1), (0.02, 0.15), (0.5, 0.09)):
            half = (1 - dy * dy) ** 0.5 * 0.97 * r
            band = curve([(-half, dy * r), (0, dy * r + r * 0.1), (half, dy * r)])
            bare.stroke(band, lighter(colour, 0.3), h * r, opacity=0.55)
        if ring:
            front = f"M{-a:.1f},0C{-a:.1f},{k:.1f} {a:.1f},{k:.1f} {a:.1f},0"
            bare.stroke(front, "#f6e3b8", r * 0.13)


def _earth(stage: Stage, x: float, y: float, r: float) -> None:
    bare = stage.bare
    bare.glow(x, y, r * 1.8, "#8fd0ff", opacity=0.5)
    bare.ellipse(x, y, r, r, "#5aa7dc", outline=False)
    with bare.group(clip=spot(x, y, r, r)):
        for dx, dy, w, h in ((-0.4, -0.3, 0.5, 0.4), (0.4, 0.1, 0.45, 0.5), (-0.3, 0.6, 0.4, 0.3)):
            bare.shape(blob(stage.own, x + dx * r, y + dy * r, w * r, h * r), "#7cc07a", outline=False, shade=False)
        bare.shape(
            spot(x - r * 0.1, y - r * 0.55, r * 0.6, r * 0.1) + spot(x + r * 0.3, y + r * 0.5, r * 0.5, r * 0.09),
            "#ffffff",
            outline=False,
            shade=False,
            opacity=0.7,
        )


def _crater(stage: Stage, x: float, y: float, w: float) -> None:
    ash = stage.colour("ground")
    stage.pen.shape(spot(x, y, w, w * 0.27), lighter(ash, 0.25), outline=False, shade=False)
    stage.pen.shape(spot(x, y + w * 0.04, w * 0.86, w * 0.2), darker(ash, 0.2), outline=False, shade=False)


def space_front(stage: Stage) -> None:
    ash = darker(stage.colour("ground"), 0.3)
    plants.stone(stage.pen, stage.rng, stage.x(0.0), HEIGHT + 16, 340, ash)
    plants.stone(stage.pen, stage.rng, stage.x(1.0), HEIGHT + 16, 240, ash)


def cave(stage: Stage) -> None:
    rng, pen, horizon = stage.rng, stage.pen, stage.horizon
    rock = stage.colour("rock")
    heavens.sky(stage)
    stage.bare.wash(below(rolling(rng, horizon - 70, 30)), stage.far("mid", 0.4), stage.far("mid", 0.2))
    mouth_x, mouth_y = stage.x(0.56), horizon - 190
    for scale, shade in ((1.0, lighter(rock, 0.22)), (1.3, lighter(rock, 0.08)), (1.72, rock)):
        hole = blob(rng, mouth_x, mouth_y, 215 * scale, 255 * scale, points=11, rough=0.09)
        pen.shape(
            poly((-40, -40), (-40, HEIGHT + 40), (WIDTH + 40, HEIGHT + 40), (WIDTH + 40, -40)) + hole,
            shade,
            outline=False,
            shade=False,
        )
    stage.bare.glow(mouth_x, mouth_y + 60, 330, stage.sun.warm, opacity=0.14 if stage.sun.dark else 0.4)
    floor = stage.colour("ground")
    pen.wash(below(rolling(rng, horizon, 22)), lighter(floor, 0.3), darker(floor, 0.3))
    stage.bare.glow(mouth_x, horizon + 60, 230, stage.sun.warm, opacity=0.1 if stage.sun.dark else 0.34)
    for share, dy in ((0.16, 120), (0.9, 90)):
        _crystals(stage, stage.x(share), horizon + dy)
    for _ in range(7):
        plants.stone(
            pen,
            rng,
            rng.uniform(0, WIDTH),
            rng.uniform(horizon + 60, HEIGHT - 110),
            rng.uniform(40, 100),
            lighter(rock, 0.18),
        )
    pen.shape(spot(stage.x(0.36), horizon + 230, 150, 26), mix(floor, "#9fd6e6", 0.5), outline=False)
    _stalactites(stage)


def _stalactites(stage: Stage) -> None:
    path, x = "M-40,-40", -40.0
    while x < WIDTH:
        w, edge = stage.rng.uniform(50, 110), abs(x / WIDTH - 0.5) * 2
        h = 60 + 210 * edge * stage.rng.uniform(0.4, 1.0)
        path += (
            f"L{x:.1f},40Q{x + w * 0.4:.1f},{40 + h * 0.5:.1f} {x + w * 0.5:.1f},{40 + h:.1f}"
            f"Q{x + w * 0.6:.1f},{40 + h * 0.5:.1f} {x + w:.1f},40"
        )
        x += w
    stage.pen.shape(path + f"L{WIDTH + 60},-40Z", darker(stage.colour("rock"), 0.2))


def _crystals(stage: Stage, x: float, y: float) -> None:
    pen, colour = stage.pen, stage.own.choice(("#7fd8e6", "#b79cf0", "#f2a6cf"))
    pen.glow(x, y - 60, 190, colour, opacity=0.5)
    for dx, h, lean in ((-46, 80, -26), (42, 96, 24), (0, 140, 2)):
        a, w = x + dx, 24
        body = poly(
            (a - w, y),
            (a - w * 0.9 + lean, y - h * 0.8),
            (a + lean, y - h),
            (a + w * 0.9 + lean, y - h * 0.76),
            (a + w, y),
        )
        pen.shape(body, colour)
        pen.shape(
            poly((a - w * 0.5, y - 4), (a - w * 0.5 + lean, y - h * 0.8), (a + lean, y - h * 0.9), (a, y - 4)),
            lighter(colour, 0.5),
            outline=False,
            shade=False,
            opacity=0.6,
        )


def cave_front(stage: Stage) -> None:
    rock = darker(stage.colour("rock"), 0.45)
    for left, side in ((-40, 1), (WIDTH + 40, -1)):
        wall = [
            (left, -40),
            (left + side * 120, 60),
            (left + side * 70, 420),
            (left + side * 60, 800),
            (left + side * 130, 1110),
            (left + side * 230, HEIGHT + 40),
            (left, HEIGHT + 40),
        ]
        stage.pen.shape(closed(wall), rock, outline=False, shade=False)
