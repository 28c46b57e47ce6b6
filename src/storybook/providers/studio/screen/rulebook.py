"""The rules of one language, read from its word file and made ready to search with."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import Field

from storybook.domain.book_spec import Language
from storybook.domain.moderation import Category
from storybook.domain.values import Strict

_GROUP = re.compile(r"<(\w+)>")
_WORD_BEGINS = "<b>"
_GAP = re.compile(" ?~ ?")
_SCRIPTS = {Language.EN: "[a-z]", Language.KO: "[가-힣ᄀ-ᄡ]", Language.JA: "[ぁ-ヺ一-鿿]"}


class Rules(Strict):
    """What one category holds in one language; each rule is a regular expression with <groups>.

    A space in a rule stands for what may separate words, and `~` for a few words between. `always` counts for
    every reader, `children` for all but grown-ups, `acts` only where the sentence does not warn of the act, and
    `requests` only in what a parent types.
    """

    always: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()


class WordFile(Strict):
    """A word file as it is written. Warnings are read before or after an act, inside one clause."""

    harmless: tuple[str, ...]
    clause_ends: str
    warning_before: str
    warning_after: str
    warning_reach: int
    gap: str
    separator: str
    edges: tuple[str, str]
    groups: dict[str, str] = Field(default_factory=dict)
    categories: dict[Category, Rules]


class Rulebook(NamedTuple):
    """The rules of one language, compiled. Patterns are meant for plain readings of a text."""

    script: re.Pattern[str]
    harmless: re.Pattern[str]
    always: Mapping[Category, re.Pattern[str]]
    children: Mapping[Category, re.Pattern[str]]
    acts: Mapping[Category, re.Pattern[str]]
    requests: Mapping[Category, re.Pattern[str]]
    clause_ends: re.Pattern[str]
    warning_before: re.Pattern[str]
    warning_after: re.Pattern[str]
    warning_reach: int


def _alternatives(rule: str) -> list[str]:
    """The rule cut at each `|` that stands outside brackets."""
    parts, depth = [""], 0
    for char in rule:
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _expression(rules: tuple[str, ...], words: WordFile) -> str:
    """One regular expression for all the rules, in the plain form that texts are read in.

    Rules that begin at a word's beginning stand together, so that the beginning is looked for only once.
    """
    parts = [part for rule in rules for part in _alternatives(rule)]
    initial = [part.removeprefix(_WORD_BEGINS) for part in parts if part.startswith(_WORD_BEGINS)]
    text = "|".join(part for part in parts if not part.startswith(_WORD_BEGINS))
    if initial:
        text = f"{_WORD_BEGINS}(?:{'|'.join(initial)})" + (f"|{text}" if text else "")
    while _GROUP.search(text):
        text = _GROUP.sub(lambda match: f"(?:{words.groups[match[1]]})", text)
    text = _GAP.sub(lambda _: words.gap, text).replace(" ", words.separator)
    return f"{words.edges[0]}(?:{text}){words.edges[1]}"


def _compiled(words: WordFile, kind: str) -> dict[Category, re.Pattern[str]]:
    found = {category: getattr(rules, kind) for category, rules in words.categories.items()}
    return {category: re.compile(_expression(rules, words)) for category, rules in found.items() if rules}


@cache
def rulebook(language: Language) -> Rulebook:
    """The rules of that language."""
    source = files(__package__).joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    words = WordFile.model_validate(tomllib.loads(source))
    return Rulebook(
        script=re.compile(_SCRIPTS[language]),
        harmless=re.compile(_expression(words.harmless, words)),
        always=_compiled(words, "always"),
        children=_compiled(words, "children"),
        acts=_compiled(words, "acts"),
        requests=_compiled(words, "requests"),
        clause_ends=re.compile(words.clause_ends),
        warning_before=re.compile(words.warning_before),
        warning_after=re.compile(words.warning_after),
        warning_reach=words.warning_reach,
    )
