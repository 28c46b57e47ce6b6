"""What every room is made of: walls, floor, the window and simple furniture."""

from storybook.domain.story import Weather
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import heavens
from storybook.providers.studio.painter.places.forms import below, box, dots, leaf, poly, spot
from storybook.providers.studio.painter.places.stage import Stage

BOOKS = ("#c8574d", "#e0a04a", "#5f8f8b", "#7b6aa6", "#e9d3a4", "#54759e", "#8aa35a", "#b9748b")


def wall(stage: Stage, pattern: str) -> None:
    """The wall down to the floor, papered with `stripes`, `dots`, `tiles`, `panels`, `sprigs` or nothing."""
    pen, paper, y = stage.pen, stage.colour("wall"), stage.horizon
    pen.wash(box(-20, -20, WIDTH + 40, y + 24), lighter(paper, 0.12), paper)
    _PATTERNS[pattern](stage, darker(paper, 0.07))
    pen.shape(box(-20, y - 34, WIDTH + 40, 36), stage.colour("trim"), outline=False, shade=False)
    pen.shape(box(-20, y - 4, WIDTH + 40, 7), darker(stage.colour("trim"), 0.25), outline=False, shade=False)


def _plain(stage: Stage, colour: str) -> None:
    stage.pen.shape(box(-20, stage.horizon - 60, WIDTH + 40, 26), colour, outline=False, shade=False, opacity=0.5)


def _stripes(stage: Stage, colour: str) -> None:
    path = "".join(box(x, -20, 30, stage.horizon + 10) for x in range(0, WIDTH + 60, 80))
    stage.pen.shape(path, colour, outline=False, shade=False, opacity=0.7)


def _spots(stage: Stage, colour: str) -> None:
    path = "".join(
        spot(x + (40 if row % 2 else 0), 30 + row * 62, 8, 8)
        for row in range(int(stage.horizon / 62))
        for x in range(10, WIDTH + 60, 80)
    )
    stage.pen.shape(path, colour, outline=False, shade=False)


def _tiles(stage: Stage, colour: str) -> None:
    low = stage.horizon
    lines = "".join(f"M-10,{y:.0f}L{WIDTH + 10},{y:.0f}" for y in range(int(low * 0.42), int(low), 64))
    lines += "".join(f"M{x},{low * 0.42:.0f}L{x},{low:.0f}" for x in range(20, WIDTH, 64))
    stage.pen.shape(
        box(-20, low * 0.42, WIDTH + 40, low * 0.58), lighter(stage.colour("wall"), 0.3), outline=False, shade=False
    )
    stage.pen.stroke(lines, colour, 3)
    stage.pen.shape(box(-20, low * 0.42 - 14, WIDTH + 40, 18), stage.colour("trim"), outline=False, shade=False)


def _panels(stage: Stage, colour: str) -> None:
    top = stage.horizon - 210
    stage.pen.shape(box(-20, top, WIDTH + 40, 180), colour, outline=False, shade=False)
    stage.pen.shape(box(-20, top - 12, WIDTH + 40, 16), stage.colour("trim"), outline=False, shade=False)
    frames = "".join(box(x, top + 24, 130, 128, 8) for x in range(14, WIDTH, 160))
    stage.pen.shape(frames, lighter(colour, 0.12), outline=False, shade=False)


def _sprigs(stage: Stage, colour: str) -> None:
    path = ""
    for row in range(int(stage.horizon / 78)):
        for x in range(20, WIDTH + 60, 96):
            px, py = x + (48 if row % 2 else 0), 40 + row * 78
            path += leaf(px, py, 26, -60) + leaf(px, py, 26, -120) + spot(px, py - 28, 6, 6)
    stage.pen.shape(path, colour, outline=False, shade=False)


_PATTERNS = {
    "plain": _plain,
    "stripes": _stripes,
    "dots": _spots,
    "tiles": _tiles,
    "panels": _panels,
    "sprigs": _sprigs,
}


def floor(stage: Stage, kind: str) -> None:
    """The floor of `boards`, `checks` or `plain`, running towards the viewer."""
    pen, colour, y = stage.pen, stage.colour("ground"), stage.horizon
    pen.wash(box(-20, y, WIDTH + 40, HEIGHT - y + 40), darker(colour, 0.12), lighter(colour, 0.1))
    vanish, depth = WIDTH / 2, HEIGHT - y
    if kind == "boards":
        lines = "".join(f"M{vanish + k * 92:.0f},{y:.0f}L{vanish + k * 190:.0f},{HEIGHT + 20}" for k in range(-7, 8))
        lines += "".join(
            (
                f"M{vanish + k * 92 + 98 * k * s:.0f},{y + depth * s:.0f}"
                f"L{vanish + (k + 1) * 92 + 98 * (k + 1) * s:.0f},{y + depth * s:.0f}"
            )
            for k, s in zip(range(-5, 5), (0.3, 0.7, 0.16, 0.5, 0.82, 0.24, 0.6, 0.4, 0.75, 0.2), strict=True)
        )
        pen.stroke(lines, darker(colour, 0.2), 3.5, opacity=0.7)
    if kind == "checks":
        tiles, rows = "", (0.0, 0.08, 0.2, 0.37, 0.6, 0.9, 1.25)
        for row in range(6):
            a, b = rows[row], rows[row + 1]
            for k in range(-9 + row % 2, 9, 2):
                tiles += poly(
                    *(
                        (vanish + (k + dk) * 74 * (1 + 1.3 * s), y + depth * s)
                        for dk, s in ((0, a), (1, a), (1, b), (0, b))
                    )
                )
        pen.shape(tiles, darker(colour, 0.14), outline=False, shade=False)
    pen.wash(box(-20, y, WIDTH + 40, 50), darker(colour, 0.4), darker(colour, 0.12), opacity=0.35)


def window(stage: Stage, x: float, y: float, width: float, height: float) -> None:
    """A window with curtains that shows the sky and the weather outside; (x, y) is its upper left corner."""
    pen, bare, light, rng = stage.pen, stage.bare, stage.sun, stage.rng
    glass = box(x, y, width, height, 8)
    with bare.group(clip=glass):
        bare.wash(glass, light.top, light.bottom)
        view(stage, x, y, width, height)
        bare.shape(
            below(
                [(x - 10, y + height * 0.84), (x + width * 0.4, y + height * 0.7), (x + width + 10, y + height * 0.82)],
                y + height + 10,
            ),
            light.far("#8fb573", 0.3),
            outline=False,
            shade=False,
        )
        for share in (0.2, 0.86):
            r = width * rng.uniform(0.1, 0.16)
            bare.shape(
                spot(x + width * share, y + height * 0.8, r, r * 1.2),
                light.far("#6f9e62", 0.15),
                outline=False,
                shade=False,
            )
        weather_outside(stage, (x, y, x + width, y + height))
    frame, bar = stage.colour("trim"), 12
    sides = box(x - bar, y - bar, width + 2 * bar, bar) + box(x - bar, y, bar, height) + box(x + width, y, bar, height)
    pen.shape(sides + box(x + width / 2 - 5, y, 10, height) + box(x, y + height * 0.42, width, 9), frame, shade=False)
    pen.shape(box(x - 26, y + height, width + 52, 22, 6), lighter(frame, 0.2))
    curtains(stage, x, y, width, height)
    if not light.dark:
        bare.glow(x + width / 2, y + height / 2, width, light.warm, opacity=0.34)


def view(stage: Stage, x: float, y: float, width: float, height: float) -> None:
    light, bare, clear = stage.sun, stage.bare, stage.weather in {Weather.CLEAR, Weather.WIND}
    if light.dark:
        bare.shape(
            dots(stage.rng, (x, y, x + width, y + height * 0.7), 26, (1.2, 2.6)), "#fffbe6", outline=False, shade=False
        )
        heavens.moon(bare, x + width * 0.7, y + height * 0.24, width * 0.11, light, opacity=1.0 if clear else 0.5)
    elif clear:
        bare.ellipse(
            x + width * 0.26,
            y + height * 0.24,
            width * 0.1,
            width * 0.1,
            mix(light.warm, "#ffffff", 0.4),
            outline=False,
            shade=False,
        )
    if not light.dark:
        pale = mix(light.bottom, "#ffffff", 0.6)
        heavens.cloud(
            bare, stage.rng, x + width * 0.64, y + height * 0.36, width * 0.22, pale, mix(pale, light.middle, 0.5)
        )


def weather_outside(stage: Stage, area: tuple[float, float, float, float]) -> None:
    if stage.weather is Weather.SNOW:
        stage.bare.shape(dots(stage.rng, area, 50, (1.6, 4)), "#ffffff", outline=False, shade=False, opacity=0.9)
    if stage.weather is Weather.RAIN:
        left, top, right, bottom = area
        drops = ""
        for _ in range(34):
            px, py = stage.rng.uniform(left, right), stage.rng.uniform(top, bottom)
            drops += f"M{px:.1f},{py:.1f}L{px - 6:.1f},{py + 24:.1f}"
        stage.bare.stroke(drops, mix(stage.sun.bottom, "#ffffff", 0.5), 2.5, opacity=0.8)


def curtains(stage: Stage, x: float, y: float, width: float, height: float) -> None:
    pen, cloth = stage.pen, stage.colour("cloth")
    low = y + height + 44
    for edge, side in ((x - 40, 1), (x + width + 40, -1)):
        inner, tie = edge + side * width * 0.36, y + height * 0.62
        drape = (
            f"M{edge:.1f},{y - 34:.1f}L{inner:.1f},{y - 34:.1f}"
            f"C{inner:.1f},{y + height * 0.3:.1f} {edge + side * 30:.1f},{tie - 30:.1f} "
            f"{edge + side * 26:.1f},{tie:.1f}"
            f"C{edge + side * 30:.1f},{tie + 40:.1f} {edge + side * 60:.1f},{low - 40:.1f} "
            f"{edge + side * 58:.1f},{low:.1f}L{edge - side * 14:.1f},{low:.1f}Z"
        )
        pen.shape(drape, cloth)
        folds = "".join(
            (
                f"M{edge + side * d * 0.9:.1f},{y - 20:.1f}Q{edge + side * d * 0.5:.1f},{tie - 60:.1f}"
                f" {edge + side * (8 + d * 0.12):.1f},{tie - 8:.1f}"
            )
            for d in (30, 62)
        )
        pen.stroke(folds, darker(cloth, 0.18), 3.5, opacity=0.7)
        pen.shape(box(min(edge - side * 6, edge + side * 32), tie - 8, 38, 16, 8), lighter(cloth, 0.4), shade=False)
    pen.stroke(f"M{x - 66:.1f},{y - 38:.1f}L{x + width + 66:.1f},{y - 38:.1f}", "#8a6347", 11)


def rug(stage: Stage, x: float, y: float, rx: float, ry: float) -> None:
    """A round rug lying on the floor."""
    cloth = stage.colour("rug")
    stage.pen.ellipse(x, y, rx, ry, cloth, outline=False)
    stage.pen.ellipse(x, y, rx * 0.84, ry * 0.8, lighter(cloth, 0.35), outline=False, shade=False)
    stage.pen.ellipse(x, y, rx * 0.74, ry * 0.68, cloth, outline=False, shade=False)
    stage.pen.ellipse(x, y, rx * 0.34, ry * 0.3, lighter(cloth, 0.22), outline=False, shade=False)


def picture(stage: Stage, x: float, y: float, width: float, height: float) -> None:
    """A framed picture of a hill and a sun."""
    pen = stage.pen
    pen.shape(box(x, y, width, height, 6), stage.colour("wood"))
    view = box(x + 11, y + 11, width - 22, height - 22)
    pen.shape(view, "#f6ecd4", outline=False, shade=False)
    with pen.group(clip=view):
        pen.ellipse(
            x + width * 0.66, y + height * 0.36, width * 0.12, width * 0.12, "#f0a35e", outline=False, shade=False
        )
        pen.shape(spot(x + width * 0.3, y + height, width * 0.42, height * 0.4), "#8fb573", outline=False, shade=False)
        pen.shape(
            spot(x + width * 0.8, y + height * 1.04, width * 0.4, height * 0.36), "#6f9a79", outline=False, shade=False
        )


def book_row(stage: Stage, x: float, y: float, width: float, height: float) -> None:
    """Books standing on a board whose top is at y: one path for each colour."""
    rng, paths, at = stage.own, dict.fromkeys(BOOKS, ""), x
    while at < x + width - 12:
        w, h = rng.uniform(14, 27), height * rng.uniform(0.66, 0.95)
        if rng.random() < 0.08:
            at += w * 1.6
            continue
        w = min(w, x + width - at)
        paths[rng.choice(BOOKS)] += box(at, y - h, w - 2, h, 3)
        at += w
    for colour, path in paths.items():
        if path:
            stage.pen.shape(path, colour, outline=False)


def bookcase(stage: Stage, x: float, y: float, width: float, shelves: int, shelf: float) -> None:
    """A bookcase that stands at y; x is its left edge, `shelf` the height of one shelf."""
    pen, wood, height = stage.pen, stage.colour("wood"), shelves * shelf + 20
    pen.shape(box(x, y - height, width, height, 6), wood)
    for row in range(shelves):
        top = y - height + 14 + row * shelf
        pen.shape(box(x + 13, top, width - 26, shelf - 14, 3), darker(wood, 0.42), outline=False, shade=False)
        book_row(stage, x + 17, top + shelf - 14, width - 34, shelf - 20)


def moonlight(stage: Stage, x: float, width: float) -> None:
    """The light of the window on the floor."""
    y, lean = stage.horizon + 30, stage.light.side * -90
    patch = poly((x, y), (x + width, y), (x + width * 1.3 + lean, y + 220), (x - width * 0.3 + lean, y + 220))
    stage.bare.wash(
        patch, mix(stage.sun.bottom, stage.sun.warm, 0.5), stage.sun.bottom, opacity=0.16 if stage.sun.dark else 0.24
    )


def plant_pot(stage: Stage, x: float, y: float, height: float) -> None:
    """A pot plant that stands at (x, y)."""
    pen, h = stage.pen, height
    fan = "".join(leaf(x, y - h * 0.34, h * 0.62, a, 0.26) for a in (-160, -130, -105, -75, -50, -20))
    pen.shape(fan, "#6e9f5e")
    pen.shape(
        poly((x - h * 0.2, y - h * 0.36), (x + h * 0.2, y - h * 0.36), (x + h * 0.14, y), (x - h * 0.14, y)), "#c97a54"
    )
    pen.shape(box(x - h * 0.23, y - h * 0.42, h * 0.46, h * 0.09, 4), "#d68b63")
