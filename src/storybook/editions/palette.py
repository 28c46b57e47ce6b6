"""Colours of a page taken from its picture, and veils that keep type readable on it."""

import colorsys
import io
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter, ImageStat

_THUMBNAIL = (96, 128)
_BLOTCHES = (24, 32)
_HUES = 12
_READABLE_CONTRAST = 5.0
_BUSY_CONTRAST = 8.0
_BRIGHT, _DIM = 0.95, 0.05
_STRONGEST_VEIL = 0.94
_CALM, _CALMING_PER_UNREST, _MOST_CALMING = 0.016, 14.0, 0.75
_BLUR = 6
_BARE, _BARE_SHARE = 0.9, 0.97
_ACCENT_LUMINANCE, _CLOTH_LUMINANCE = 0.16, 0.11


class Color(NamedTuple):
    """Red, green and blue from 0 to 1."""

    red: float
    green: float
    blue: float

    def towards(self, other: "Color", share: float) -> "Color":
        return Color(*(mine + (theirs - mine) * share for mine, theirs in zip(self, other, strict=True)))


_CREAM = Color(0.992, 0.969, 0.925)
_WHITE = Color(1.0, 0.995, 0.975)


@dataclass(frozen=True)
class Palette:
    """Tones of one hue: `paper` is warm and light, `tint` a little deeper, `cloth` full, `ink` dark enough to read."""

    paper: Color
    tint: Color
    accent: Color
    cloth: Color
    ink: Color
    is_dark: bool


@dataclass(frozen=True)
class Veil:
    """A wash of `color` at `opacity` under type of the colour `ink`."""

    color: Color
    opacity: float
    ink: Color


def thumbnail(picture: bytes) -> Image.Image:
    """A very small RGB copy of an encoded picture. Raises OSError where it cannot be read."""
    with Image.open(io.BytesIO(picture)) as image:
        image.draft("RGB", _THUMBNAIL)
        return image.convert("RGB").resize(_THUMBNAIL, Image.Resampling.BOX)


def palette_of(small: Image.Image) -> Palette:
    """The palette of a picture by its thumbnail."""
    colors = _colors(small.resize(_BLOTCHES, Image.Resampling.BOX))
    hue, strength = _leading_hue(colors)
    paper = _tone(hue, 0.94, 0.8 * strength).towards(_CREAM, 0.68)
    return Palette(
        paper=paper,
        tint=paper.towards(_tone(hue, 0.74, 0.7 * strength), 0.42),
        accent=_deep(_tone(hue, 0.42, 0.2 + 0.35 * strength), _ACCENT_LUMINANCE),
        cloth=_deep(_tone(hue, 0.33, 0.16 + 0.32 * strength), _CLOTH_LUMINANCE),
        ink=_tone(hue, 0.14, 0.12 + 0.25 * strength),
        is_dark=sum(map(_luminance, colors)) / len(colors) < 0.12,
    )


def margin_of(small: Image.Image) -> Color | None:
    """The colour of the bare paper that a picture has all around it, by its thumbnail; None where it has none."""
    width, height = small.size
    strips = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    rim = [color for strip in strips for color in _colors(small.crop(strip))]
    if sum(min(color) >= _BARE for color in rim) < _BARE_SHARE * len(rim):
        return None
    return Color(*(sum(part) / len(rim) for part in zip(*rim, strict=True)))


def veil_over(small: Image.Image, bottom: float) -> Veil:
    """The faintest veil that keeps a title readable on the picture from its top down to `bottom`, a share of it."""
    ground = small.crop((0, 0, small.width, max(_BLUR, round(small.height * bottom))))
    colors = sorted(_colors(ground.resize(_BLOTCHES, Image.Resampling.BOX)), key=_luminance)
    brightest, dimmest = (colors[int(share * (len(colors) - 1))] for share in (_BRIGHT, _DIM))
    ink = palette_of(small).ink
    needed = min(_BUSY_CONTRAST, _READABLE_CONTRAST * _contrast(brightest, dimmest) ** 0.5)
    dark = Veil(ink, _opacity(ink, _WHITE, brightest, needed), _WHITE)
    light = Veil(_CREAM, _opacity(_CREAM, ink, dimmest, needed), ink)
    faintest = min(light, dark, key=lambda veil: veil.opacity)
    return replace(faintest, opacity=max(faintest.opacity, _calming(ground)))


def _calming(ground: Image.Image) -> float:
    """How opaque a veil must be for outlines and small things behind the type to step back."""
    grey = ground.convert("L")
    details = ImageChops.subtract(grey, grey.filter(ImageFilter.GaussianBlur(_BLUR)), offset=128)
    unrest = ImageStat.Stat(details).stddev[0] / 255
    return min(_MOST_CALMING, max(0.0, (unrest - _CALM) * _CALMING_PER_UNREST))


def _opacity(veil: Color, ink: Color, worst: Color, needed: float) -> float:
    steps = [step / 50 for step in range(51)]
    enough = (share for share in steps if _contrast(worst.towards(veil, share), ink) >= needed)
    return min(next(enough, 1.0), _STRONGEST_VEIL)


def _contrast(one: Color, other: Color) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colors(small: Image.Image) -> list[Color]:
    raw = small.tobytes()
    return [Color(raw[at] / 255, raw[at + 1] / 255, raw[at + 2] / 255) for at in range(0, len(raw), 3)]


def _leading_hue(colors: list[Color]) -> tuple[float, float]:
    """The hue that colours most of the picture, from 0 to 1, and how strongly it does."""
    weights = [0.0] * _HUES
    hues: list[list[tuple[float, float]]] = [[] for _ in range(_HUES)]
    for color in colors:
        hue, lightness, saturation = colorsys.rgb_to_hls(*color)
        weight = saturation * (1 - abs(2 * lightness - 1))
        weights[int(hue * _HUES) % _HUES] += weight
        hues[int(hue * _HUES) % _HUES].append((hue, weight))
    best = max(range(_HUES), key=lambda index: weights[index])
    if weights[best] == 0:
        return 0.1, 0.0
    mean = sum(hue * weight for hue, weight in hues[best]) / weights[best]
    return mean, min(1.0, 6 * weights[best] / len(colors))


def _deep(color: Color, luminance: float) -> Color:
    """The colour, darkened as far as it must be: at the same lightness yellow and green are far brighter than blue."""
    while _luminance(color) > luminance:
        color = color.towards(Color(0, 0, 0), 0.04)
    return color


def _tone(hue: float, lightness: float, saturation: float) -> Color:
    return Color(*colorsys.hls_to_rgb(hue, lightness, saturation))
