"""Lighter and darker shades that stay warm, as in a painted book."""

from storybook.providers.studio.painter.colour import WHITE, mix

_WARM_DARK = "#2b1a24"


def darker(colour: str, share: float = 0.25) -> str:
    return mix(colour, _WARM_DARK, share)


def lighter(colour: str, share: float = 0.35) -> str:
    return mix(colour, WHITE, share)
