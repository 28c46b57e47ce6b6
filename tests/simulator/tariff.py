"""What each vendor takes, as its own price list says it, in dollars. It is written apart from the product's table."""

from fractions import Fraction
from math import ceil
from typing import NamedTuple, TypeVar

from tests.simulator.wire import NotFitting

MILLION = 1_000_000
P = TypeVar("P")
TOKENS = {
    "openai": {
        "gpt-6-luna": ("0.10", "0.50"),
        "gpt-4o-mini": ("0.15", "0.60"),
        "gpt-4o": ("2.50", "10"),
    },
    "anthropic": {
        "claude-haiku-5-5": ("0.10", "0.50"),
        "claude-sonnet-5-5": ("2", "10"),
        "claude-haiku-4-5": ("1", "5"),
    },
}
"""For a million tokens in and out."""
LONG_PROMPTS = {
    "gpt-6-luna": (272_000, "0.20", "0.75"),
    "claude-haiku-5-5": (100_000, "0.50", "2.50"),
}
"""More tokens in than these cost so much for a million of all of them, and of the answer."""
TOKENS_OF_PICTURES = {
    "openai": {"gpt-image-2.5-flare": ("5", "8", "30"), "gpt-image-2.5-sunburst": ("5", "8", "30")},
}
"""For a million tokens of words read, of pictures seen, of the picture made."""
PICTURES = {
    "replicate": {
        "black-forest-labs/flux-schnell": "0.005",
        "black-forest-labs/flux-kontext-pro": "0.04",
        "stability-ai/sdxl": "0.008",
    },
    "fal": {"fal-ai/flux/schnell": "0.005", "fal-ai/flux-pro/kontext": "0.04"},
}
CHARACTERS = {
    "openai": {"gpt-4o-mini-tts": "90", "tts-1": "15"},
    "google": {"standard": "4", "neural2": "24"},
    "elevenlabs": {"eleven_multilingual_v2": "180", "eleven_flash_v2_5": "90"},
}
"""For a million of them."""
MODERATIONS = {"openai": {"omni-moderation-latest": "0"}}
"""For each."""
_ALL = (TOKENS, TOKENS_OF_PICTURES, PICTURES, CHARACTERS, MODERATIONS)


class Bill(NamedTuple):
    units: dict[str, int]
    micro_dollars: int


def models_of(vendor: str) -> list[str]:
    return [model for prices in _ALL for model in prices.get(vendor, {})]


def tokens(vendor: str, model: str, used: int, made: int) -> Bill:
    into, out = _price(TOKENS, vendor, model)
    if model in LONG_PROMPTS and used > LONG_PROMPTS[model][0]:
        _, into, out = LONG_PROMPTS[model]
    cost = ceil(used * Fraction(into)) + ceil(made * Fraction(out))
    return Bill({"input_tokens": used, "output_tokens": made}, cost)


def picture_by_tokens(vendor: str, model: str, read: int, seen: int, made: int) -> Bill:
    words, pictures, out = map(Fraction, _price(TOKENS_OF_PICTURES, vendor, model))
    units = {"pictures": 1, "input_tokens": read, "picture_tokens": seen, "output_tokens": made}
    return Bill(units, ceil(read * words + seen * pictures + made * out))


def picture(vendor: str, model: str) -> Bill:
    return Bill({"pictures": 1}, ceil(MILLION * Fraction(_price(PICTURES, vendor, model))))


def characters(vendor: str, model: str, number: int) -> Bill:
    return Bill({"characters": number}, ceil(number * Fraction(_price(CHARACTERS, vendor, model))))


def moderation(vendor: str, model: str) -> Bill:
    return Bill({"calls": 1}, ceil(MILLION * Fraction(_price(MODERATIONS, vendor, model))))


def _price(prices: dict[str, dict[str, P]], vendor: str, model: str) -> P:
    if model not in prices.get(vendor, {}):
        raise NotFitting(f"The model `{model}` does not exist")
    return prices[vendor][model]
