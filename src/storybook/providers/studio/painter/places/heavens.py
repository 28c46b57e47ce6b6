"""The sky and what hangs in it."""

import random

from storybook.domain.story import TimeOfDay, Weather
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import Light, lighter
from storybook.providers.studio.painter.pen import WIDTH, Pen
from storybook.providers.studio.painter.places.forms import box, curve, dots, spot
from storybook.providers.studio.painter.places.stage import Stage


def sky(stage: Stage) -> None:
    """The whole sky down to the horizon with sun or moon, stars and clouds, as time and weather have it."""
    pen, light = stage.bare, stage.sun
    half = stage.horizon * 0.55
    pen.wash(box(-20, -20, WIDTH + 40, half + 22), light.top, light.middle)
    pen.wash(box(-20, half, WIDTH + 40, stage.horizon - half + 60), light.middle, light.bottom)
    x, y = stage.x(stage.rng.uniform(0.17, 0.28)), stage.rng.uniform(120, 210)
    if light.dark:
        night_sky(stage, x, y)
    elif stage.weather in {Weather.CLEAR, Weather.WIND}:
        sun(stage, x, y)
    clouds(stage)


def night_sky(stage: Stage, x: float, y: float) -> None:
    pen, rng = stage.bare, stage.rng
    hidden = stage.weather not in {Weather.CLEAR, Weather.WIND}
    stars(pen, rng, stage.horizon * 0.8, 26 if hidden else 90, opacity=0.35 if hidden else 0.9)
    moon(pen, x, y, 62, stage.sun, opacity=0.6 if hidden else 1.0)


def sun(stage: Stage, x: float, y: float) -> None:
    """High by day, low in the morning and at dusk."""
    light, time = stage.sun, stage.time
    if time is not TimeOfDay.DAY:
        y = stage.horizon - stage.rng.uniform(110, 190)
    stage.bare.glow(x, y, 260, light.warm, opacity=0.7)
    stage.bare.glow(x, y, 120, light.warm, opacity=0.7)
    stage.bare.ellipse(x, y, 56, 56, mix(light.warm, "#fffdf0", 0.45), outline=False, shade=False)


def moon(pen: Pen, x: float, y: float, radius: float, light: Light, *, opacity: float = 1.0) -> None:
    """A full moon with a halo and a few soft seas."""
    pen.glow(x, y, radius * 3.8, "#cfd9ff", opacity=0.34 * opacity)
    pen.glow(x, y, radius * 1.9, "#fff6d6", opacity=0.5 * opacity)
    pen.ellipse(x, y, radius, radius, mix("#fff4cf", light.top, 0.05), outline=False, opacity=opacity)
    seas = spot(x - radius * 0.3, y - radius * 0.2, radius * 0.24, radius * 0.2)
    seas += spot(x + radius * 0.3, y + radius * 0.25, radius * 0.18, radius * 0.15)
    seas += spot(x - radius * 0.1, y + radius * 0.48, radius * 0.12, radius * 0.1)
    pen.shape(seas, "#e6d3a0", outline=False, shade=False, opacity=0.6 * opacity)


def stars(pen: Pen, rng: random.Random, bottom: float, count: int, *, opacity: float = 0.9) -> None:
    """Small stars in one path and some that twinkle."""
    pen.shape(
        dots(rng, (0, 0, WIDTH, bottom), count, (1.2, 2.8)), "#fffbe6", outline=False, shade=False, opacity=opacity
    )
    for _ in range(max(3, count // 12)):
        x, y, r = rng.uniform(20, WIDTH - 20), rng.uniform(20, bottom * 0.8), rng.uniform(6, 11)
        pen.glow(x, y, r * 2.6, "#fff3b8", opacity=0.45 * opacity)
        pen.shape(twinkle(x, y, r), "#fffbe6", outline=False, shade=False, opacity=opacity)


def twinkle(x: float, y: float, r: float) -> str:
    """A star with four soft points."""
    return (
        f"M{x:.1f},{y - r:.1f}Q{x:.1f},{y:.1f} {x + r:.1f},{y:.1f}Q{x:.1f},{y:.1f} {x:.1f},{y + r:.1f}"
        f"Q{x:.1f},{y:.1f} {x - r:.1f},{y:.1f}Q{x:.1f},{y:.1f} {x:.1f},{y - r:.1f}Z"
    )


_CLOUDS = {
    Weather.CLEAR: (2, 0.75),
    Weather.WIND: (3, 0.8),
    Weather.CLOUDY: (6, 0.95),
    Weather.RAIN: (6, 0.95),
    Weather.SNOW: (5, 0.8),
    Weather.FOG: (2, 0.4),
}


def clouds(stage: Stage) -> None:
    """As many clouds as the weather has, the far ones small and pale."""
    count, opacity = _CLOUDS[stage.weather]
    light, rng = stage.sun, stage.rng
    fill = mix(light.bottom, "#ffffff", 0.15 if light.dark else 0.75)
    if stage.weather is Weather.RAIN:
        fill = mix(light.middle, light.top, 0.4)
    if light.dark:
        fill, opacity = mix(light.middle, light.bottom, 0.5), opacity * 0.6
    for index in range(count):
        share = (index + rng.uniform(0.2, 0.8)) / count
        y = rng.uniform(0.14, 0.6) * stage.horizon
        size = 210 * (1.1 - y / stage.horizon) * rng.uniform(0.8, 1.3)
        if light.dark and y < 330 and abs(share * WIDTH - stage.x(0.23)) < 110 + size:
            continue
        cloud(stage.bare, rng, share * WIDTH, y, size, fill, mix(fill, light.middle, 0.55), opacity=opacity)


def cloud(
    pen: Pen, rng: random.Random, x: float, y: float, size: float, fill: str, under: str, *, opacity: float = 1.0
) -> None:
    """A flat-bottomed cloud, `size` is half its width."""
    heads: list[tuple[float, float, float]] = []
    for index in range(5):
        share = (index - 2) / 2
        radius = size * (0.46 - 0.2 * abs(share)) * rng.uniform(0.85, 1.15)
        heads.append((x + share * size * 0.74, y - radius * 0.62, radius))
    base = spot(x, y, size * 1.02, size * 0.16)
    pen.shape(
        base + "".join(spot(hx, hy + 8, r, r) for hx, hy, r in heads),
        under,
        outline=False,
        shade=False,
        opacity=opacity,
    )
    top = "".join(spot(hx - r * 0.08, hy, r * 0.92, r * 0.88) for hx, hy, r in heads)
    pen.shape(
        top + spot(x - size * 0.04, y - 6, size * 0.9, size * 0.11), fill, outline=False, shade=False, opacity=opacity
    )


def far_birds(stage: Stage) -> None:
    """Three to five birds, no more than a stroke each."""
    rng = stage.rng
    if stage.light.dark or stage.weather in {Weather.RAIN, Weather.SNOW}:
        return
    cx, cy = stage.x(rng.uniform(0.55, 0.75)), stage.horizon * rng.uniform(0.3, 0.5)
    for _ in range(rng.randint(3, 5)):
        x, y, w = cx + rng.uniform(-110, 110), cy + rng.uniform(-50, 50), rng.uniform(10, 17)
        line = f"M{x - w:.1f},{y - w * 0.5:.1f}Q{x - w * 0.4:.1f},{y - w * 0.7:.1f} {x:.1f},{y:.1f}"
        line += f"Q{x + w * 0.4:.1f},{y - w * 0.7:.1f} {x + w:.1f},{y - w * 0.5:.1f}"
        stage.bare.stroke(line, mix(stage.light.top, "#3b3f5c", 0.6), 3.2, opacity=0.7)


def sunbeams(stage: Stage, x: float, *, count: int = 4, opacity: float = 0.16) -> None:
    """Slanting shafts of light from above; the ground is drawn over their ends."""
    rng, colour, bottom = stage.rng, stage.sun.warm, stage.horizon + 50
    for index in range(count):
        top = x + (index - count / 2) * 95 + rng.uniform(-20, 20)
        lean, width = rng.uniform(150, 260) * -stage.light.side, rng.uniform(22, 46)
        path = (
            f"M{top:.1f},-20L{top + width:.1f},-20L{top + lean + width * 3:.1f},{bottom:.1f}"
            f"L{top + lean - width:.1f},{bottom:.1f}Z"
        )
        stage.bare.wash(
            path, lighter(colour, 0.4), stage.light.far("#ffffff", 0.6), opacity=opacity * rng.uniform(0.5, 1)
        )


def ripple(x: float, y: float, width: float) -> str:
    """One small wave as a stroke."""
    return curve(
        [(x - width, y), (x - width * 0.4, y - width * 0.1), (x + width * 0.3, y + width * 0.06), (x + width, y)]
    )
