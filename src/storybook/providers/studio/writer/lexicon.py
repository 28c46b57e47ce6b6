"""Which things known to the writer a text names, in English, Korean and Japanese."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from storybook.domain.book_spec import Language
from storybook.providers.studio.writer.data import table

SECTIONS = ("kinds", "things", "places", "troubles")
_ORDER = (Language.EN, Language.KO, Language.JA)
_STOP = "stop"
_KO_PARTICLE = "(?:은|는|이|가|을|를|의|에|에서|와|과|도|로|으로|랑|이랑|만|께|에게|님|들|들이|들은|들의|이의|이와)?"
_JA_NEXT = "[はがをにのともでへや]"
_KANA = "ぁ-んァ-ヶー"
_JA_INSIDE = "ぁ-えお-がき-ぐげ-じせ-ぢっづどな-にぬ-ねひ-ゑんァ-ヶ"
# Adjectives that end in a letter which else belongs to the word itself.
_JA_BEFORE = "|(?<=[赤青白黒色]い)|(?<=大きな)|(?<=小さな)|(?<=大きい)|(?<=小さい)|(?<=かわいい)"
_NEW_PHRASE = re.compile(r"[,.;、。]|\b(?:and|who|that|with|the|an?|his|her|their|my)\b|와 |과 |と")
BEFORE = 24


@dataclass(frozen=True)
class Match:
    start: int
    end: int
    section: str
    key: str

    def holds(self, other: "Match") -> bool:
        return self.start <= other.start and other.end <= self.end and self.end - self.start > other.end - other.start


@dataclass(frozen=True)
class Findings:
    """What a text names, in its own order, and whether it holds words that nobody here knows."""

    kinds: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]
    troubles: tuple[str, ...]
    unknown_words: bool


def display(section: str, key: str, language: Language) -> str:
    """The word for `key` as prose of that language uses it."""
    column: str = table("lexicon")[section][key][_ORDER.index(language)]
    return column.split(", ", maxsplit=1)[0]


def pattern_of(word: str, language: Language) -> str:
    """The regular expression by which a word is known in running text of its language, in small letters."""
    escaped = re.escape(word)
    if language is Language.EN:
        return rf"(?<![a-z]){escaped}(?![a-z])"
    if language is Language.KO and len(word) == 1:
        return rf"(?<![가-힣]){escaped}(?={_KO_PARTICLE}(?![가-힣]))"
    if language is Language.JA and len(word) <= 2 and re.fullmatch("[ァ-ヶー]+", word):
        return rf"(?<![ァ-ヶー]){escaped}(?![ァ-ヶー])"
    if language is Language.JA and len(word) <= 2 and re.fullmatch(f"[{_KANA}]+", word):
        return rf"(?:(?<![{_JA_INSIDE}]){_JA_BEFORE}){escaped}(?={_JA_NEXT}|[^{_KANA}]|$)"
    return escaped


@cache
def words_of(section: str) -> frozenset[str]:
    """All words of the section, in all languages."""
    return frozenset(
        word for columns in table("lexicon")[section].values() for column in columns for word in column.split(", ")
    )


@cache
def _before(section: str) -> list[tuple[re.Pattern[str], str]]:
    words = [
        (word, key) for key, columns in table("lexicon")[section].items() for word in ", ".join(columns).split(", ")
    ]
    return [(re.compile(rf"(?<![a-z]){re.escape(word)}(?![a-z])"), key) for word, key in words]


def told_before(text: str, end: int, section: str) -> tuple[str, ...]:
    """The words of `section` (tints or manners) that stand shortly before a place in the text, as keys, in order."""
    clause = _NEW_PHRASE.split(text[:end].lower()[-BEFORE:])[-1]
    found = [(hit.start(), key) for pattern, key in _before(section) for hit in pattern.finditer(clause)]
    return tuple(dict.fromkeys(key for _, key in sorted(found)))


def told(text: str, section: str) -> tuple[str, ...]:
    """The words of `section` (tints or manners) anywhere in the text, as keys, in order."""
    found = [(hit.start(), key) for pattern, key in _before(section) for hit in pattern.finditer(text.lower())]
    return tuple(dict.fromkeys(key for _, key in sorted(found)))


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, str]]:
    lexicon = table("lexicon")
    rows = [
        (pattern_of(word, language), section, key)
        for section in SECTIONS
        for key, columns in lexicon[section].items()
        for language, column in zip(_ORDER, columns, strict=True)
        for word in column.split(", ")
    ]
    rows += [
        (pattern_of(word, language), _STOP, word)
        for language in _ORDER
        for word in lexicon["stopwords"][language].split()
    ]
    return [(re.compile(pattern), section, key) for pattern, section, key in rows]


@lru_cache(maxsize=512)
def matches(text: str) -> tuple[Match, ...]:
    """Every known word in the text, in order; a word inside a longer known one is not counted."""
    lowered = text.lower()
    found = [
        Match(hit.start(), hit.end(), section, key)
        for pattern, section, key in _patterns()
        for hit in pattern.finditer(lowered)
    ]
    kept = [match for match in found if not any(other.holds(match) for other in found)]
    order = {section: place for place, section in enumerate(SECTIONS)}
    return tuple(sorted(kept, key=lambda match: (match.start, order.get(match.section, len(order)))))


def _leaves_words(text: str, found: tuple[Match, ...], known: tuple[str, ...]) -> bool:
    covered = {index for match in found for index in range(match.start, match.end)}
    hits = [
        hit for section in ("tints", "manners") for pattern, _ in _before(section) for hit in pattern.finditer(text)
    ]
    covered |= {index for hit in hits for index in range(*hit.span())}
    for word in known:
        covered |= {index for hit in re.finditer(re.escape(word), text) for index in range(*hit.span())}
    if not covered:
        return True
    for token in re.finditer(r"[a-zA-Z']+|[가-힣]+|[一-龥々]+|[ァ-ヶー]+|\d+|[^\w\s.,!?。、・…'\"]", text):
        if not covered & set(range(*token.span())):
            return True
    return False


def find(text: str, known: tuple[str, ...] = ()) -> Findings:
    """What `text` names. `known` are names that need not be understood."""
    found = matches(text)

    def keys(section: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(match.key for match in found if match.section == section))

    return Findings(
        kinds=keys("kinds"),
        things=keys("things"),
        places=keys("places"),
        troubles=keys("troubles"),
        unknown_words=_leaves_words(text, found, known),
    )
