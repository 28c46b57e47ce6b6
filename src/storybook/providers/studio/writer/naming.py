"""Names: the one that a topic gives its hero, and gentle ones for everyone who has none."""

import re
from functools import cache
from random import Random

from storybook.domain.book_spec import Gender, Language
from storybook.domain.reading_level import count_words
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.lexicon import find

PEOPLE = ("girl", "boy", "woman", "man", "grandmother", "grandfather")
ELDERS = ("woman", "man", "grandmother", "grandfather")
MAX_SPOKEN_WORDS = 3

_ENGLISH = (
    r"\b([A-Z][a-z]+) (?:the|a|an) [a-z]",
    r"\b(?:named|called) ([A-Z][a-z]+)",
    r"\b(?!It)([A-Z][a-z]+)(?:'s|’s)\b",
    r"(?<!^)\b([A-Z][a-z]+)\b",
    r"^([A-Z][a-z]+) (?:and|who|is|was|wants|goes|learns|finds|makes|meets|visits|loses|loves|gets|plays|helps|has)\b",
)
_KOREAN = (
    r"([가-힣]{1,4})(?:이)?라는 이름",
    r"이름은 ([가-힣]{1,4}?)(?:이에요|예요|입니다|야|$)",
    r"([가-힣]{2,4}?)(?:이라는|라는) ",
)
_JAPANESE = (
    r"([ァ-ヶー]{2,6}|[ぁ-ん]{2,4})という",
    r"([一-龥]{1,3}|[ァ-ヶー]{2,6}|[ぁ-ん]{2,3})(?:ちゃん|くん|君)",
)
_KOREAN_AFTER_KIND = r"(?:^|\s)([가-힣]{1,5}) ([가-힣]{1,3}(?:이|은|는|가|의|와|과)|[가-힣]{1,2}이)(?=\s|$)"
_JAPANESE_AFTER_KIND = r"([ァ-ヶー一-龥ぁ-ん]{1,6})の([ァ-ヶー]{2,5})(?=[はがと、])"


def _is_name(word: str, language: Language) -> bool:
    if word in table("lexicon")["no_names"][language].split():
        return False
    found = find(word)
    return not (found.kinds or found.things or found.places or found.troubles) and find(word).unknown_words


def _korean_stem(word: str) -> str:
    return re.sub(r"(?<=.)(?:은|는|가|의|와|과)$", "", word) if len(word) > 1 else word


def _after_kind(topic: str) -> list[str]:
    korean = [_korean_stem(name) for kind, name in re.findall(_KOREAN_AFTER_KIND, topic) if find(kind).kinds]
    return korean + [name for kind, name in re.findall(_JAPANESE_AFTER_KIND, topic) if find(kind).kinds]


@cache
def _given_names() -> dict[str, Gender]:
    rows = table("names")
    return {
        name: gender
        for language in rows.values()
        for gender, column in ((Gender.FEMALE, "girl"), (Gender.MALE, "boy"))
        for name in language[column]
        if not find(name).kinds and not find(name).troubles and not find(name).things
    }


def gender_of(name: str) -> Gender | None:
    """The gender that a well-known given name tells."""
    return _given_names().get(name)


def _well_known(topic: str) -> list[str]:
    tokens = re.findall(r"[A-Za-z]+|[가-힣]+", topic)
    return [
        name
        for token in tokens
        for name in _given_names()
        if len(name) > 1 and (token == name or (name >= "가" and _korean_stem(token) == name))
    ]


def name_in(topic: str) -> str | None:
    """The hero's name where the topic tells one ("Mina the fox", "토끼 몽이")."""
    for language, patterns in ((Language.EN, _ENGLISH), (Language.KO, _KOREAN), (Language.JA, _JAPANESE)):
        for pattern in patterns:
            for name in re.findall(pattern, topic):
                if _is_name(name, language):
                    return str(name)
    for name in _after_kind(topic):
        if _is_name(name, Language.KO) and _is_name(name, Language.JA):
            return name
    return next(iter(_well_known(topic)), None)


def choose_name(kind: str, language: Language, taken: set[str], rng: Random, *, elder: bool = False) -> str:
    """A name for someone of that kind which nobody in `taken` has."""
    names = table("names")[language]
    column = kind if kind in ("girl", "boy") else "animal"
    pool = names["elder"].get(kind, names["elder"]["animal"]) if elder else names[column]
    free = [name for name in pool if name not in taken]
    return str(rng.choice(free or names["animal"]))


def spoken(name: str, language: Language) -> str:
    """The name as sentences use it: without marks that would end a sentence, and never long enough to fill a page."""
    pieces = re.sub(r"[.!?。！？…“”「」『』\"]+", " ", name).split()
    while len(pieces) > 1 and count_words(" ".join(pieces), language) > MAX_SPOKEN_WORDS:
        pieces.pop()
    return " ".join(pieces) or name
