"""The light of a picture: one value that place, props and actors are coloured by, so that they belong together."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from storybook.domain.story import Mood, TimeOfDay, Weather
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.pen import Pen

# Things that shine by themselves keep these colours in any light.
SHINING = frozenset({"#fff3b8", "#ffe28a", "#ffc95c", "#ff9d45", "#bdf5ff", "#fffbe6"})

# At night even what is near takes on some of the colour of the air; without it warm ground turns grey.
_NIGHT_AIR = 0.18

_TABLE: dict[str, Any] = tomllib.loads(files(__package__).joinpath("light.toml").read_text(encoding="utf-8"))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{min(255, max(0, round(value))):02x}" for value in (red, green, blue))


def multiply(colour: str, tint: str) -> str:
    """`colour` as it looks through a glass of `tint`."""
    return _hex(*(a * b / 255 for a, b in zip(_channels(colour), _channels(tint), strict=True)))


def lighter(colour: str, share: float = 0.25) -> str:
    return mix(colour, "#fff8ea", share)


def darker(colour: str, share: float = 0.25) -> str:
    return mix(colour, "#2a2448", share)


@dataclass(frozen=True)
class Light:
    """Sky colours from zenith to horizon, the haze of the distance, what the light does to a colour and where it
    comes from (`side` is -1 for left, 1 for right).
    """

    top: str
    middle: str
    bottom: str
    haze: str
    tint: str
    strength: float
    warm: str
    side: int
    dark: bool

    def on(self, colour: str) -> str:
        """`colour` as it looks in this light."""
        if colour in SHINING:
            return colour
        lit = mix(colour, multiply(colour, self.tint), self.strength)
        return mix(lit, self.haze, _NIGHT_AIR * self.strength) if self.dark else lit

    def far(self, colour: str, distance: float) -> str:
        """`colour` of something far away: 0 is near, 1 is lost in the haze. Not to be tinted again."""
        return mix(self.on(colour), self.haze, distance)

    def softened(self, share: float) -> "Light":
        """The same light with only `share` of its effect, for those who have to be seen well."""
        return replace(self, strength=self.strength * share)


def light_of(time: TimeOfDay, weather: Weather, mood: Mood, *, side: int = -1) -> Light:
    """The light outdoors at that time in that weather, coloured a little by the hero's mood."""
    base, air, feeling = _TABLE["time"][time], _TABLE["weather"][weather], _TABLE["mood"][mood]
    veil = mix(air["veil"], multiply(air["veil"], base["tint"]), base["strength"])
    grey = air["grey"] * (0.75 if time is TimeOfDay.DUSK else 1.0)

    def through(colour: str, share: float) -> str:
        return mix(mix(colour, multiply(colour, feeling["tint"]), feeling["strength"]), veil, share)

    tint = multiply(mix(base["tint"], air["veil"], air["dim"]), mix("#ffffff", feeling["tint"], feeling["strength"]))
    return Light(
        top=through(base["top"], grey * 0.8),
        middle=through(base["middle"], grey),
        bottom=through(base["bottom"], grey),
        haze=through(base["haze"], grey),
        tint=tint,
        strength=min(1.0, base["strength"] + air["dim"]),
        warm=base["warm"],
        side=side,
        dark=time is TimeOfDay.NIGHT,
    )


def indoor(light: Light, *, dusk: bool) -> Light:
    """The light in a room: lamps keep it warm when it is dark outside."""
    if light.dark:
        return replace(light, tint="#d6a68e", strength=0.56, haze="#a07a66")
    if dusk:
        return replace(light, tint="#ffc89a", strength=0.5)
    return light.softened(0.8)


class LitPen(Pen):
    """A pen that draws through another, each colour as it looks in the light. Glows are light and stay as they are."""

    def __init__(self, pen: Pen, light: Light) -> None:
        super().__init__(pen.style, pen.rng)
        self.bare = pen
        self.light = light

    def shape(self, path: str, colour: str, *, outline: bool = True, shade: bool = True, opacity: float = 1.0) -> None:
        self.bare.shape(path, self.light.on(colour), outline=outline, shade=shade, opacity=opacity)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: str,
        *,
        outline: bool = True,
        shade: bool = True,
        opacity: float = 1.0,
    ) -> None:
        self.bare.ellipse(x, y, rx, ry, self.light.on(colour), outline=outline, shade=shade, opacity=opacity)

    def stroke(self, path: str, colour: str, width: float, *, opacity: float = 1.0) -> None:
        self.bare.stroke(path, self.light.on(colour), width, opacity=opacity)

    def wash(self, path: str, top: str, bottom: str, *, opacity: float = 1.0) -> None:
        self.bare.wash(path, self.light.on(top), self.light.on(bottom), opacity=opacity)

    def glow(self, x: float, y: float, radius: float, colour: str, *, opacity: float = 0.6) -> None:
        self.bare.glow(x, y, radius, colour, opacity=opacity)

    def contact_shadow(self, x: float, y: float, rx: float, *, opacity: float = 0.25) -> None:
        self.bare.contact_shadow(x, y, rx, opacity=opacity)

    def foreground(self) -> None:
        self.bare.foreground()

    @contextmanager
    def group(self, transform: str = "", *, opacity: float = 1.0, clip: str = "") -> Iterator[None]:
        with self.bare.group(transform, opacity=opacity, clip=clip):
            yield

    def svg(self) -> str:
        return self.bare.svg()
