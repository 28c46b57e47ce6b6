"""Colours as `#rrggbb` strings, and the few ways in which the painter changes them."""

from functools import lru_cache

WHITE = "#ffffff"
BLACK = "#000000"


@lru_cache(maxsize=4096)
def mix(a: str, b: str, t: float) -> str:
    """The colour that lies at `t` on the way from `a` (0) to `b` (1)."""
    t = min(max(t, 0.0), 1.0)
    pairs = zip(_channels(a), _channels(b), strict=True)
    return _hex(*(x + (y - x) * t for x, y in pairs))


def lighten(c: str, t: float) -> str:
    """`c` moved towards white by `t` of the way."""
    return mix(c, WHITE, t)


def darken(c: str, t: float) -> str:
    """`c` moved towards black by `t` of the way."""
    return mix(c, BLACK, t)


@lru_cache(maxsize=4096)
def saturate(c: str, t: float) -> str:
    """`c` made stronger by `t`; a negative `t` makes it paler, -1 leaves its grey."""
    grey = luminance(c) * 255
    return _hex(*(grey + (x - grey) * (1 + t) for x in _channels(c)))


def luminance(c: str) -> float:
    """How bright `c` looks, from 0 to 1."""
    red, green, blue = _channels(c)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def _channels(c: str) -> tuple[int, int, int]:
    return int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16)


def _hex(*channels: float) -> str:
    return "#" + "".join(f"{round(min(max(channel, 0.0), 255.0)):02x}" for channel in channels)
