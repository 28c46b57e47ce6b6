"""The rules of one language, read from its word file and made ready to search with."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import Field

from storybook.domain.book_spec import Language
from storybook.domain.moderation import Category
from storybook.domain.values import Strict
from storybook.providers.studio.screen.beginnings import alternatives, gated

_GROUP = re.compile(r"<(\w+)>")
_WORD_BEGINS = "<b>"
_GAP = re.compile(" ?~ ?")
_SCRIPTS = {Language.EN: "[a-z]", Language.KO: "[가-힣ᄀ-ᄡ]", Language.JA: "[ぁ-ヺ一-鿿]"}


class Rules(Strict):
    """What one category holds in one language; each rule is a regular expression with <groups>.

    A space in a rule stands for what may separate words, and `~` for a few words between. `always` counts for
    every reader, `children` for all but grown-ups, `acts` only where the sentence does not warn of the act, and
    `requests` only in what a parent types. A pair of `together` counts where one clause holds both, in any order,
    and does not warn of a dangerous act.
    """

    always: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    together: tuple[tuple[str, str], ...] = ()


class WordFile(Strict):
    """A word file as it is written. Warnings are read before or after an act, inside one clause. `minors` are words
    for children; `undone_before` and `undone_after` stand right at a word that a wish takes out of the book.
    """

    minors: str
    harmless: tuple[str, ...]
    clause_ends: str
    warning_before: str
    warning_after: str
    warning_reach: int
    undone_before: str
    undone_after: str
    gap: str
    separator: str
    edges: tuple[str, str]
    groups: dict[str, str] = Field(default_factory=dict)
    categories: dict[Category, Rules]


class Pair(NamedTuple):
    """Two things that belong to a category where one clause holds both."""

    category: Category
    one: re.Pattern[str]
    other: re.Pattern[str]


class Rulebook(NamedTuple):
    """The rules of one language, compiled. Patterns are meant for plain readings of a text."""

    script: re.Pattern[str]
    minors: re.Pattern[str]
    harmless: re.Pattern[str]
    always: Mapping[Category, re.Pattern[str]]
    children: Mapping[Category, re.Pattern[str]]
    acts: Mapping[Category, re.Pattern[str]]
    requests: Mapping[Category, re.Pattern[str]]
    together: Sequence[Pair]
    clause_ends: re.Pattern[str]
    warning_before: re.Pattern[str]
    warning_after: re.Pattern[str]
    warning_reach: int
    undone_before: re.Pattern[str]
    undone_after: re.Pattern[str]


def _expanded(part: str, words: WordFile) -> str:
    """The part with its groups, gaps and separators written out."""
    while _GROUP.search(part):
        part = _GROUP.sub(lambda match: f"(?:{words.groups[match[1]]})", part)
    return _GAP.sub(lambda _: words.gap, part).replace(" ", words.separator)


def _expression(rules: tuple[str, ...], words: WordFile) -> str:
    """One regular expression for all the rules, in the plain form that texts are read in.

    Rules that begin at a word's beginning stand together, so that the beginning is looked for only once.
    """
    parts = [part for rule in rules for part in alternatives(rule)]
    initial = [_expanded(part.removeprefix(_WORD_BEGINS), words) for part in parts if part.startswith(_WORD_BEGINS)]
    others = [_expanded(part, words) for part in parts if not part.startswith(_WORD_BEGINS)]
    if initial:
        others.append(f"{_expanded(_WORD_BEGINS, words)}(?:{gated(initial)})")
    text = gated(others)
    return f"{words.edges[0]}(?:{text}){words.edges[1]}"


def _compiled(words: WordFile, kind: str) -> dict[Category, re.Pattern[str]]:
    found = {category: getattr(rules, kind) for category, rules in words.categories.items()}
    return {category: re.compile(_expression(rules, words)) for category, rules in found.items() if rules}


def _pairs(words: WordFile) -> tuple[Pair, ...]:
    return tuple(
        Pair(category, re.compile(_expression((one,), words)), re.compile(_expression((other,), words)))
        for category, rules in words.categories.items()
        for one, other in rules.together
    )


@cache
def rulebook(language: Language) -> Rulebook:
    """The rules of that language."""
    source = files(__package__).joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    words = WordFile.model_validate(tomllib.loads(source))
    return Rulebook(
        script=re.compile(_SCRIPTS[language]),
        minors=re.compile(_expression((words.minors,), words)),
        harmless=re.compile(_expression(words.harmless, words)),
        always=_compiled(words, "always"),
        children=_compiled(words, "children"),
        acts=_compiled(words, "acts"),
        requests=_compiled(words, "requests"),
        together=_pairs(words),
        clause_ends=re.compile(words.clause_ends),
        warning_before=re.compile(words.warning_before),
        warning_after=re.compile(words.warning_after),
        warning_reach=words.warning_reach,
        undone_before=re.compile(words.undone_before),
        undone_after=re.compile(words.undone_after),
    )
