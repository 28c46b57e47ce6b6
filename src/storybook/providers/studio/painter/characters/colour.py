"""Colours as `#rrggbb`, mixed."""


def mix(first: str, second: str, share: float) -> str:
    """`first` with `share` (0 to 1) of `second` in it."""
    parts = [
        round(int(first[i : i + 2], 16) * (1 - share) + int(second[i : i + 2], 16) * share) for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def darker(colour: str, share: float = 0.25) -> str:
    return mix(colour, "#2b1a24", share)


def lighter(colour: str, share: float = 0.35) -> str:
    return mix(colour, "#ffffff", share)


def brightness(colour: str) -> float:
    """From 0, black, to 1, white."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return (0.3 * red + 0.59 * green + 0.11 * blue) / 255
