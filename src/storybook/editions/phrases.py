"""The words that an edition adds to a book, in the language of the book."""

import datetime as dt
import tomllib
from functools import cache
from importlib import resources

from storybook.domain.book_spec import Language
from storybook.domain.values import Strict


class Phrases(Strict):
    """Texts of one language. Those with a `{name}` in them are to be formatted; `names` are those of known makers."""

    untitled: str
    the_end: str
    about: str
    belongs: str
    made: str
    makers: str
    names: dict[str, str]
    date: str
    months: tuple[str, ...] = tuple(str(month) for month in range(1, 13))
    subject: str
    cover: str
    title_page: str
    page: str

    def date_of(self, day: dt.date) -> str:
        return self.date.format(year=day.year, month=self.months[day.month - 1], day=day.day)


@cache
def phrases_in(language: Language) -> Phrases:
    text = resources.files("storybook.editions").joinpath("phrases.toml").read_text(encoding="utf-8")
    return Phrases.model_validate(tomllib.loads(text)[language])
