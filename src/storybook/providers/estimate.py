"""The most that a job can cost: what its order asks for, at the prices of whoever is chosen to do it.

It sums up the most that each call can cost, as adapters state it before they make one, as often as `domain.calls` lets
it be paid. Sizes are in bytes, since no token is shorter than one; a character has at most four.
"""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple, assert_never

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec, Gender, HeroSpec, Theme
from storybook.domain.calls import DOLLAR, PAID_TRIES, Kind, micro_dollars
from storybook.domain.orders import AudioOrder, BookOrder, DescriptionOrder, Order, PageOrder, PortraitOrder
from storybook.providers import judge, language, sight
from storybook.providers.asking import most_sent_back
from storybook.providers.base import TextCheck
from storybook.providers.checks import model_of
from storybook.providers.choices import Choice, in_use
from storybook.providers.prices import Price
from storybook.providers.questions import PAGE_TOKENS, TOLD_IN_FULL, cast_tokens, story_tokens
from storybook.providers.vendors import GOOGLE

MOST_PAGES = 12
BESIDE_THE_PAGES = 2
"""The cover, and the hero alone."""
PROMPT = 10_000
"""More than the largest system prompt and schema together."""
VERDICT = 5_000
"""The same of the judge's."""
CHARACTER = 4_000
CAST = 16_000
"""Six characters as the story brings them."""
CHOSEN_CHARACTER = 8_000
"""In a story, and with all that its owner wrote of it."""
PAGE_TEXT = 3_600
"""A page's text with stand-ins for its names, which may be longer than these."""
PAGE_AND_SCENE = 9_000
DESCRIPTION = 4_000
"""The words for a picture, with stand-ins for names that may be in them."""
UNWANTED = 16_000
"""All that a parent does not want in a book, with stand-ins."""
STAND_INS = 4
"""How many times longer data may be once quoted, with stand-ins in the places of names."""
SPOKEN = 600
SPOKEN_AS_SSML = 3_015
"""Characters of a page's text, and where each of them is escaped."""
_WIDE = "\N{FOX FACE}"
"""As many bytes as a character has at most."""
LARGEST = BookOrder(
    spec=BookSpec(
        topic=200 * _WIDE,
        target_age="7-9",
        style="oil_painting",
        language="en",
        page_count=MOST_PAGES,
        theme=Theme.HABITS,
        character=HeroSpec(
            name=40 * _WIDE, gender=Gender.NEUTRAL, appearance=200 * _WIDE, personality=8 * (40 * _WIDE,)
        ),
        character_ids=tuple(60 * letter for letter in "abcd"),
        forbidden_elements=20 * (40 * _WIDE,),
        series_context=500 * _WIDE,
    )
)
"""All that may be asked of one book that goes on from no other: each text and list as long as it may be."""


class Rate(NamedTuple):
    """What somebody who may be asked takes.

    `picture_tokens` is the most that looking at a picture counts, `spoken` the most characters of a page read aloud.
    """

    price: Price
    picture_tokens: int = 0
    spoken: int = SPOKEN

    def answer(self, read: int, made: int, *, pictures: int = 0) -> int:
        tokens = read + language.WRAPPING_TOKENS + pictures * self.picture_tokens
        return self.price.tokens(tokens, made).micro_dollars

    def asked(self, read: int, made: int, *, pictures: int = 0) -> int:
        """A question that may be sent back once, as often as it may be paid for."""
        again = self.answer(read + most_sent_back(made), made, pictures=pictures)
        return PAID_TRIES * (self.answer(read, made, pictures=pictures) + again)

    def verdict(self, read: int, *, pictures: int = 0) -> int:
        return self.answer(VERDICT + read, judge.MAX_TOKENS, pictures=pictures) + self.price.call


class Estimate:
    """The most that an order can cost, in micro-dollars. Of a provider and the second one, the dearer counts.

    Raises SetupError for a missing key or a model without a price.
    """

    def __init__(self, settings: Settings) -> None:
        self._rates: dict[Kind, list[Rate]] = {kind: [] for kind in Kind}
        for kind, choice in in_use(settings):
            self._rates[kind] += _rates(kind, choice, settings)

    def __call__(self, order: Order) -> int:
        match order:
            case BookOrder():
                return self._book(order)
            case PageOrder():
                return self._page()
            case AudioOrder():
                return self._spoken(MOST_PAGES if order.page_number is None else 1)
            case PortraitOrder():
                return self._portrait()
            case DescriptionOrder():
                return order.pictures * self._description()
            case never:
                assert_never(never)

    def story(self, order: BookOrder) -> int:
        """The most that it can cost to have the story written, and nothing else."""
        return self._asked(PROMPT + _data_of(order), story_tokens(order.spec.page_count))

    def question(self, check: TextCheck) -> int:
        """The most that it can cost to have these texts judged once."""
        return self._verdict(STAND_INS * len(check.model_dump_json().encode()))

    def _verdict(self, read: int) -> int:
        """Of every layer."""
        return sum(rate.verdict(read) for rate in self._rates[Kind.MODERATION])

    def _book(self, order: BookOrder) -> int:
        spec, pages = order.spec, order.spec.page_count
        data = _data_of(order)
        looks = self._asked(PROMPT + 6 * CHARACTER + data, cast_tokens(6))
        series = self._judged(data) if spec.series_context else 0
        story = self._judged((pages + 1) * PAGE_AND_SCENE + CHARACTER + CAST + data)
        texts = series + self._judged(data) + story + self._judged(6 * CHOSEN_CHARACTER + data)
        unwanted = STAND_INS * len(json.dumps(spec.forbidden_elements or (), ensure_ascii=False).encode())
        return self.story(order) + looks + texts + (pages + BESIDE_THE_PAGES) * self._picture(unwanted)

    def _page(self) -> int:
        story = MOST_PAGES * PAGE_TEXT + 6 * CHARACTER + PAGE_AND_SCENE
        texts = self._judged(CHARACTER) + self._judged(PAGE_AND_SCENE + CHARACTER)
        return self._asked(PROMPT + story + CHARACTER, PAGE_TOKENS) + texts + self._picture(UNWANTED)

    def _spoken(self, pages: int) -> int:
        each = (rate.price.spoken(rate.spoken).micro_dollars for rate in self._rates[Kind.SPEECH])
        return PAID_TRIES * pages * max(each, default=0)

    def _portrait(self) -> int:
        return self._seen(sight.MAX_TOKENS) + self._judged(2 * CHARACTER)

    def _description(self) -> int:
        """Of one picture."""
        return self._seen(sight.DESCRIPTION_TOKENS) + self._judged(DESCRIPTION + UNWANTED)

    def _seen(self, made: int) -> int:
        """One picture that is looked at."""
        seen = (rate.asked(PROMPT, made, pictures=1) for rate in self._rates[Kind.SIGHT])
        return max(seen, default=0)

    def _asked(self, read: int, made: int) -> int:
        return max((rate.asked(read, made) for rate in self._rates[Kind.TEXT]), default=0)

    def _judged(self, read: int) -> int:
        """Texts that every layer judges together."""
        return PAID_TRIES * self._verdict(read)

    def _picture(self, unwanted: int) -> int:
        """One picture, drawn and judged by whoever is told what is not to be in it."""
        drawn = (rate.price.pictures().micro_dollars for rate in self._rates[Kind.IMAGE])
        judged = sum(rate.verdict(unwanted, pictures=1) for rate in self._rates[Kind.MODERATION])
        return PAID_TRIES * (max(drawn, default=0) + judged)


def require_affordable(settings: Settings) -> None:
    """Raises SetupError where a book would be refused for all that is asked of it. One that goes on from many others
    may still be.
    """
    worst = Estimate(settings)(LARGEST)
    if worst > micro_dollars(settings.budget_per_book):
        raise SetupError(
            f"BUDGET_PER_BOOK: a book of {MOST_PAGES} pages may cost {worst / DOLLAR:.2f} dollars with these providers "
            f"where all goes wrong, and {settings.budget_per_book:.2f} are allowed. Raise it, or choose cheaper models."
        )


def _data_of(order: BookOrder) -> int:
    """The bytes of what a model is told of the order, and of the characters that were chosen for it."""
    earlier = order.earlier
    told = [book.model_dump(mode="json") for book in earlier[-TOLD_IN_FULL:]]
    told += [{"title": book.title, "topic": book.topic} for book in earlier[:-TOLD_IN_FULL]]
    data = [order.spec.model_dump(mode="json"), told]
    said = len(json.dumps(data, ensure_ascii=False).encode())
    return STAND_INS * said + len(order.spec.chosen_characters) * CHOSEN_CHARACTER


def _rates(kind: Kind, choice: Choice, settings: Settings) -> Iterator[Rate]:
    """More than one where the price is that of a voice."""
    match kind:
        case Kind.SPEECH if choice.provider == GOOGLE.name:
            parts = [voice.split("-") for voice in settings.tts_voices.values()]
            models = [model_of(choice, kind), *(part[2].lower() for part in parts if len(part) > 3)]
            yield from (Rate(_price(choice, model, kind), spoken=SPOKEN_AS_SSML) for model in models)
        case Kind.SIGHT | Kind.MODERATION if choice.setting != "MODERATION_PROVIDER":
            tokens = import_module(language.MODULES[choice.provider]).PICTURE_TOKENS
            yield Rate(_price(choice, model_of(choice, kind), Kind.TEXT), tokens)
        case _:
            yield Rate(_price(choice, model_of(choice, kind), kind))


def _price(choice: Choice, model: str, kind: Kind) -> Price:
    return language.terms(choice._replace(model=model), model, kind).price
