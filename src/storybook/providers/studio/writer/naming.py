"""Names: the one that a topic gives its hero, and gentle ones for everyone who has none."""

import re
from functools import cache, lru_cache
from random import Random

from storybook.domain.book_spec import Gender, Language
from storybook.domain.reading_level import count_words
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.lexicon import find
from storybook.providers.studio.writer.looks import drawn_as

PEOPLE = ("girl", "boy", "woman", "man", "grandmother", "grandfather")
ELDERS = ("woman", "man", "grandmother", "grandfather")
MAX_SPOKEN_WORDS = 3

_ENGLISH = (
    r"\b([A-Z][a-z]+) (?:the|a|an) [a-z]",
    r"\b(?:named|called) ([A-Z][a-z]+)",
    r"\b(?!It)([A-Z][a-z]+)(?:'s|’s)\b",
    r"(?<!^)\b([A-Z][a-z]+)\b",
    (
        r"^([A-Z][a-z]+(?<!ing)(?<!s))"
        r" (?:and|who|was|had|will|won['’]t|can['’]?t|cannot|did|went|learned|[a-z]+s|[a-z]+n['’]t)\b"
    ),
)
_KOREAN = (
    r"([가-힣]{1,4})(?:이)?라는 이름",
    r"이름은 ([가-힣]{1,4}?)(?:이에요|예요|입니다|야|$)",
    r"([가-힣]{2,4}?)(?:이라는|라는) ",
)
_JAPANESE = (
    r"([ァ-ヶー]{2,6}|[ぁ-ん]{2,4})という",
    r"([一-龥]{1,3}|[ァ-ヶー]{2,6}|[ぁ-ん]{2,4})(?:ちゃん|くん|君)",
)
_KOREAN_AFTER_KIND = (
    r"(?:^|\s)([가-힣]{1,5}) "
    r"([가-힣]{1,4}(?:은|는|가|의|와|과|를|을|랑|하고|도)|[가-힣]{1,3}이|[가-힣]{2,3}(?<![요다기자까니네])$)(?=\s|$)"
)
_KOREAN_CALLED = r"(?:^|\s)([가-힣]{2}이)(?:가|는|의|와|를|랑|하고|도|에게)?(?=\s|$)"
_KOREAN_PARTICLE = re.compile(r"(?<=..)이?(?:는|가|의|와|를|랑|하고|도|에게)$|(?<=.)(?:은|는|가|의|와|과|을|를|도)$")
_JAPANESE_AFTER_KIND = r"([ァ-ヶー一-龥ぁ-ん]{1,6})の([ァ-ヶー]{2,5})(?=[はがとをにもへの、。]|$)"
_JAPANESE_JOINT = re.compile(r"^.*[なのにでとがをはもいたるく](?=..)")


def _is_name(word: str, language: Language) -> bool:
    if word in table("lexicon")["no_names"][language].split():
        return False
    found = find(word)
    return not (found.kinds or found.things or found.places or found.troubles) and find(word).unknown_words


def _korean_stem(word: str) -> str:
    return without_suffix(_KOREAN_PARTICLE.sub("", word))


def without_suffix(name: str) -> str:
    """A Korean name without the 이 that is put behind a closed syllable (도담이: 도담)."""
    closed = len(name) > 2 and name.endswith("이") and (ord(name[-2]) - ord("가")) % 28 > 0
    return name[:-1] if closed else name


def _after_kind(topic: str) -> list[str]:
    korean = [_korean_stem(name) for kind, name in re.findall(_KOREAN_AFTER_KIND, topic) if _is_bare_kind(kind)]
    korean += [without_suffix(name) for name in re.findall(_KOREAN_CALLED, topic) if _is_closed(name)]
    return korean + [name for kind, name in re.findall(_JAPANESE_AFTER_KIND, topic) if find(kind).kinds]


def _is_bare_kind(word: str) -> bool:
    return bool(find(word).kinds) and not _KOREAN_PARTICLE.search(word[1:])


def _is_closed(name: str) -> bool:
    return without_suffix(name) != name and _is_name(name, Language.KO)


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


@cache
def _japanese_names() -> list[str]:
    return sorted((name for name in _given_names() if "ぁ" <= name[0] < "ァ"), key=len, reverse=True)


def _well_known(topic: str) -> list[str]:
    tokens = re.findall(r"[A-Za-z]+|[가-힣]+", topic)
    tokens += re.findall(r"(?<=[くるうすつむぐぶただいな、])(?:" + "|".join(_japanese_names()) + ")$", topic)
    return [
        name
        for token in tokens
        for name in _given_names()
        if len(name) > 1 and (token == name or (name >= "가" and _korean_stem(token) == name))
    ]


def name_in(topic: str) -> str | None:
    """The hero's name where the topic tells one ("Mina the fox", "토끼 몽이")."""
    for language, patterns in ((Language.EN, _ENGLISH), (Language.KO, _KOREAN), (Language.JA, _JAPANESE)):
        loose = 2 if language is Language.EN and _is_headline(topic) else len(patterns)
        for pattern in patterns[:loose]:
            for hit in re.finditer(pattern, topic):
                name = _whole(hit)
                if _is_name(name, language):
                    return name
    for name in _after_kind(topic):
        if _is_name(name, Language.KO) and _is_name(name, Language.JA):
            return name
    return next(iter(_well_known(topic)), None)


def _whole(hit: re.Match[str]) -> str:
    """The name that was hit, without the end of the word before it."""
    name, before = str(hit[1]), hit.string[: hit.start(1)]
    if not before or not "ぁ" <= name < "ァ":
        return name
    known = [name[start:] for start in range(len(name) - 1) if name[start:] in _given_names()]
    return next(iter(known), _JAPANESE_JOINT.sub("", name))


def _is_headline(topic: str) -> bool:
    """Whether the topic is written like a title, so that capitals tell no names."""
    words = re.findall(r"\b[A-Za-z]{3,}", topic)
    return len(words) > 2 and sum(word[0].isupper() for word in words) > len(words) * 0.7


@lru_cache(maxsize=512)
def names_in(topic: str) -> tuple[tuple[int, str], ...]:
    """Every name that the topic tells with its place, in order."""
    names = [name] if (name := name_in(topic)) else []
    names += _well_known(topic)
    if not _is_headline(topic):
        names += [word for word in re.findall(r"(?<!^)\b([A-Z][a-z]+)\b", topic) if _is_name(word, Language.EN)]
    return tuple(sorted((topic.index(name), name) for name in dict.fromkeys(names)))


def choose_name(
    kind: str, language: Language, taken: set[str], rng: Random, *, gender: Gender | None = None, elder: bool = False
) -> str:
    """A name for someone of that kind which nobody in `taken` has."""
    names = table("names")[language]
    column = {"girl": "girl", "boy": "boy"}.get(drawn_as(kind, gender), "animal")
    pool = names["elder"].get(drawn_as(kind, gender), names["elder"]["animal"]) if elder else names[column]
    free = [name for name in pool if name not in taken]
    given = names["boy" if gender is Gender.MALE else "girl"] if kind in PEOPLE else names["animal"]
    return str(rng.choice(free or [name for name in given if name not in taken] or given))


def spoken(name: str, language: Language) -> str:
    """The name as sentences use it: without marks that would end a sentence, and never long enough to fill a page."""
    pieces = re.sub(r"[.!?。！？…“”「」『』\"]+", " ", name).split()
    while len(pieces) > 1 and count_words(" ".join(pieces), language) > MAX_SPOKEN_WORDS:
        pieces.pop()
    return " ".join(pieces) or name
