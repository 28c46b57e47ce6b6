"""What calls cost, in micro-dollars, from one table with the date on which it was read."""

import math
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from storybook.core.errors import SetupError
from storybook.domain.calls import DOLLAR, Bill, Kind


class Price(NamedTuple):
    """Micro-dollars per 1000 tokens in, seen and out, per picture, per 1000 characters and per call.

    A model with a price for tokens and for pictures is billed by tokens; its picture is the most that one costs. Where
    there is a `long_prompt`, more tokens in than these have the long prices for all of them, and for the answer.
    """

    input: int = 0
    output: int = 0
    seen: int = 0
    picture: int = 0
    characters: int = 0
    call: int = 0
    long_prompt: int = 0
    long_input: int = 0
    long_output: int = 0

    def tokens(self, used: int, made: int) -> Bill:
        long = 0 < self.long_prompt < used
        read, written = (self.long_input, self.long_output) if long else (self.input, self.output)
        cost = _up(used * read, 1000) + _up(made * written, 1000)
        return Bill({"input_tokens": used, "output_tokens": made}, cost)

    def drawn(self, read: int, seen: int, made: int) -> Bill:
        """A picture by its tokens: of words read, of pictures seen, of the picture made; where these have no price, by
        the picture.
        """
        if not self.output:
            return self.pictures()
        cost = _up(read * self.input + seen * self.seen + made * self.output, 1000)
        return Bill({"pictures": 1, "input_tokens": read, "picture_tokens": seen, "output_tokens": made}, cost)

    def pictures(self, number: int = 1) -> Bill:
        return Bill({"pictures": number}, number * self.picture)

    def spoken(self, characters: int) -> Bill:
        return Bill({"characters": characters}, _up(characters * self.characters, 1000))

    def calls(self, number: int = 1) -> Bill:
        return Bill({"calls": number}, number * self.call)


FREE = Price()
_A_THOUSAND_OF_A_MILLION = DOLLAR // 1000


def price_of(vendor: str, model: str, kind: Kind | None = None, *, setting: str = "The model") -> Price:
    """The price of a model; raises SetupError for one without a known price, or that is for work of another kind.

    `setting` is where it was chosen.
    """
    known = dict(_priced(vendor, kind))
    if model not in known:
        raise SetupError(
            f"{setting}: there is no price for this model of {vendor}, so no budget could be kept; "
            f"choose one of {', '.join(known)}."
        )
    return known[model]


def price_told(told: str, kind: Kind) -> Price:
    """What an operator says that a server takes, in dollars: a picture, a call that judges, a million characters read.

    A language model has two such numbers, as `0.10/0.50`, for a million tokens in and out, or one for both.
    """
    first, _, second = told.partition("/")
    match kind:
        case Kind.IMAGE:
            return Price(picture=_whole(first, DOLLAR))
        case Kind.MODERATION:
            return Price(call=_whole(first, DOLLAR))
        case Kind.SPEECH:
            return Price(characters=_whole(first, _A_THOUSAND_OF_A_MILLION))
        case _:
            into, out = (_whole(number, _A_THOUSAND_OF_A_MILLION) for number in (first, second or first))
            return Price(input=into, output=out)


def models_of(vendor: str) -> tuple[str, ...]:
    """The models of a vendor that have a price."""
    return tuple(name for name, _ in _priced(vendor, None))


def _priced(vendor: str, kind: Kind | None) -> Iterator[tuple[str, Price]]:
    for of, models in _table().get(vendor, {}).items():
        if kind is None or of == kind:
            yield from models.items()


@cache
def _table() -> dict[str, dict[Kind, dict[str, Price]]]:
    text = files("storybook.providers").joinpath("prices.toml").read_text(encoding="utf-8")
    return {
        vendor: {kind: {model: Price(**price) for model, price in row[kind].items()} for kind in Kind if kind in row}
        for vendor, row in tomllib.loads(text).items()
    }


def _up(amount: int, divisor: int) -> int:
    """Divided, and rounded up: no call is cheaper than it was."""
    return -(-amount // divisor)


def _whole(dollars: str, times: int) -> int:
    return math.ceil(Decimal(dollars) * times)
