"""The colours of one figure by the names that its parts use."""

from storybook.providers.studio.painter.characters.colour import darker, lighter
from storybook.providers.studio.painter.characters.look import Look
from storybook.providers.studio.painter.colour import luminance, mix

INK = "#3b2a30"

Palette = dict[str, str]


def palette_of(look: Look) -> Palette:
    """Every colour that a part may name."""
    fur = look.fur
    glow = "#ff8f93" if luminance(look.fur) > 0.45 else "#d9655f"
    screen = look.kind == "robot"
    return {
        "fur": fur,
        "fur_dark": darker(fur, 0.22),
        "fur_light": lighter(fur, 0.3),
        "light": look.light,
        "light_dark": darker(look.light, 0.16),
        "accent": look.accent,
        "accent_dark": darker(look.accent, 0.25),
        "accent_light": lighter(look.accent, 0.4),
        "dark": mix(look.fur, INK, 0.7),
        "nose": look.nose,
        "hair": look.hair_colour,
        "hair_dark": darker(look.hair_colour, 0.28),
        "hair_light": lighter(look.hair_colour, 0.16),
        "eye": look.eyes,
        "lip": look.eyes if screen else darker(mix(look.fur, "#8c3440", 0.6), 0.35),
        "tie": look.top.colour if look.top else "#e4574f",
        "blush": glow,
        "ink": INK,
        "white": "#ffffff",
        "cream": "#fff6e4",
        "mouth": look.eyes if screen else "#8c3440",
        "tongue": darker(look.eyes) if screen else "#ef8a8a",
        "steel": "#c7d0da",
        "tear": "#7cc4f0",
        "gold": "#f5c451",
    }
