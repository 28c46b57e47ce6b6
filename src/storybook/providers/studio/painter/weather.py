"""Rain, snow, fog and wind, in front of a place and behind everyone, and again in front of all."""

from collections.abc import Mapping, Sequence

from storybook.domain.story import Weather
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places.forms import Rect, curve, leaf, spot
from storybook.providers.studio.painter.places.stage import Stage

_COVERED = {"ground": 0.82, "path": 0.7, "far": 0.55, "mid": 0.5, "field": 0.6, "leaf": 0.35, "near": 0.3, "roof": 0.55}


def dressed(palette: Mapping[str, str], weather: Weather) -> Mapping[str, str]:
    """The colours of a place outdoors in that weather: snow lies on everything that it falls on."""
    if weather is not Weather.SNOW:
        return palette
    return {name: mix(colour, "#f1f6fb", _COVERED.get(name, 0.0)) for name, colour in palette.items()}


def behind(stage: Stage) -> None:
    """The weather between the place and the actors."""
    if stage.weather is Weather.RAIN:
        _puddles(stage)
        _drops(stage, 90, 26, 2.2, 0.4)
    elif stage.weather is Weather.SNOW:
        _flakes(stage, 110, (1.6, 4.0), 0.75)
    elif stage.weather is Weather.FOG:
        _banks(stage, stage.horizon - 90, 3, 0.6)


def before(stage: Stage, faces: Sequence[Rect]) -> None:
    """The weather in front of everything, light enough to see everyone through it and never on a face."""
    if stage.weather is Weather.RAIN:
        _drops(stage, 46, 54, 3.2, 0.42, faces)
    elif stage.weather is Weather.SNOW:
        _flakes(stage, 44, (4.5, 9.5), 0.85, faces)
    elif stage.weather is Weather.FOG:
        _banks(stage, HEIGHT - 120, 2, 0.4)
    elif stage.weather is Weather.WIND:
        _gusts(stage, faces)


def _free(x: float, y: float, faces: Sequence[Rect]) -> bool:
    return not any(left < x < right and top < y < bottom for left, top, right, bottom in faces)


def _drops(stage: Stage, count: int, length: float, width: float, opacity: float, faces: Sequence[Rect] = ()) -> None:
    rng, path = stage.rng, ""
    for _ in range(count):
        x, y = rng.uniform(-40, WIDTH + 100), rng.uniform(-40, HEIGHT)
        run = length * rng.uniform(0.7, 1.2)
        if _free(x, y + run / 2, faces):
            path += f"M{x:.1f},{y:.1f}L{x - run * 0.24:.1f},{y + run:.1f}"
    stage.bare.stroke(path, mix(stage.light.bottom, "#ffffff", 0.35), width, opacity=opacity)


def _puddles(stage: Stage) -> None:
    rng = stage.rng
    for _ in range(4):
        y = rng.uniform(stage.horizon + 90, HEIGHT - 60)
        depth = (y - stage.horizon) / (HEIGHT - stage.horizon)
        x, w = rng.uniform(60, WIDTH - 60), 60 + 90 * depth
        stage.bare.shape(spot(x, y, w, w * 0.17), stage.light.middle, outline=False, shade=False, opacity=0.55)
        rings = spot(x - w * 0.2, y, w * 0.3, w * 0.05) + spot(x + w * 0.35, y + 2, w * 0.18, w * 0.03)
        stage.bare.stroke(rings, mix(stage.light.bottom, "#ffffff", 0.4), 2.5, opacity=0.7)


def _flakes(stage: Stage, count: int, size: tuple[float, float], opacity: float, faces: Sequence[Rect] = ()) -> None:
    rng, path = stage.rng, ""
    for _ in range(count):
        x, y, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(*size)
        if _free(x, y, faces):
            path += spot(x, y, r, r)
    stage.bare.shape(path, "#ffffff", outline=False, shade=False, opacity=opacity)


def _banks(stage: Stage, top: float, count: int, opacity: float) -> None:
    """Long soft banks of fog, one below the other."""
    rng = stage.rng
    pale = mix(stage.light.haze, "#ffffff", 0.1 if stage.light.dark else 0.4)
    for index in range(count):
        y = top + index * 70 + rng.uniform(-16, 16)
        for _ in range(2):
            x = rng.uniform(0.1, 0.9) * WIDTH
            with stage.bare.group(f"translate({x:.0f},{y:.0f}) scale(2.6,0.42)"):
                stage.bare.glow(0, 0, rng.uniform(200, 260), pale, opacity=opacity)


def _gusts(stage: Stage, faces: Sequence[Rect]) -> None:
    """Curls of wind and leaves flying in it."""
    rng, bare = stage.rng, stage.bare
    way = -stage.light.side
    for _ in range(5):
        x, y, w = rng.uniform(60, WIDTH - 60), rng.uniform(90, HEIGHT * 0.42), rng.uniform(90, 160)
        a = way * w
        line = [(x - a, y + 14), (x - a * 0.3, y - 12), (x + a * 0.5, y + 6)]
        line += [(x + a, y - 16), (x + a * 0.94, y - 44), (x + a * 0.7, y - 34)]
        bare.stroke(curve(line), "#ffffff", 5, opacity=0.5)
    for colour in ("#d98c4a", "#c9b04e", "#8fae58"):
        path = ""
        for _ in range(7):
            x, y = rng.uniform(0, WIDTH), rng.uniform(60, HEIGHT)
            if _free(x, y, faces):
                path += leaf(x, y, rng.uniform(16, 30), rng.uniform(0, 360))
        stage.pen.shape(path, colour, outline=False, shade=False)
