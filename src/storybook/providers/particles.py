"""Korean particles, as they are written after a name or after its stand-in."""

import re
from collections.abc import Iterable

_PAIRS = (
    "은/는", "이/가", "을/를", "과/와", "아/야", "으로/로", "이랑/랑", "이나/나", "이든/든", "이여/여", "이에요/예요",
    "과는/와는", "과도/와도", "과의/와의", "이랑은/랑은", "이랑도/랑도",
    "으로는/로는", "으로도/로도", "으로서/로서", "으로써/로써",
    "이라고/라고", "이라는/라는", "이라면/라면", "이라서/라서", "이라도/라도", "이라며/라며", "이랍니다/랍니다",
    "은요/는요", "이야말로/야말로",
)  # fmt: skip
"""After a consonant and after a vowel."""

_IT_IS = "이야/야"
_SAID = (
    _IT_IS, "이다/다", "이구나/구나", "이군/군", "이군요/군요", "이네/네", "이네요/네요", "이니/니", "이니까/니까",
    "이니까요/니까요", "이죠/죠", "이지/지", "이지요/지요", "이지만/지만", "이잖아/잖아", "이잖아요/잖아요",
    "이거든/거든", "이거든요/거든요", "이고/고", "이며/며", "이면/면", "이라/라", "이라니/라니", "이라고요/라고요",
    "이란/란", "이란다/란다", "이래/래", "이래요/래요",
)  # fmt: skip
"""Of whom it is said that it is somebody."""

_AFTER_PET_NAME = (
    "는", "가", "를", "와", "야", "의", "도", "만", "네", "에게", "에게는", "에게도", "한테", "하고", "처럼", "보다",
    "까지", "와는", "와도", "와의",
)  # fmt: skip
"""What follows the -i that a name with a final consonant is called by (민준 + 이 + 는), and others are not."""

_SPELLINGS = ("{0}", "{1}", "{0}/{1}", "{1}/{0}", "{0}({1})", "{1}({0})", "({0}){1}", "({1}){0}")


def _spelled(pairs: Iterable[str]) -> dict[str, str]:
    """Each way to write one of a pair, with the pair: `으로`, `로(으로)` and `(으)로` are the same."""
    ways: dict[str, str] = {}
    for pair in pairs:
        after_consonant, after_vowel = pair.split("/")
        shared = f"({after_consonant.removesuffix(after_vowel)}){after_vowel}"
        for spelled in (*(way.format(after_consonant, after_vowel) for way in _SPELLINGS), shared):
            ways.setdefault(spelled, pair)
    return ways


_PARTICLES = {f"이{after}": f"이{after}/{after}" for after in _AFTER_PET_NAME} | _spelled(_PAIRS)
FORMS = _PARTICLES | _spelled(pair for pair in _SAID if pair != _IT_IS)
"""Each way to write a particle, with the pair that it is one of."""
WAS = {"이었": "이었/였", "였": "이었/였"}
"""The one that more of the same word may follow."""


def any_of(words: Iterable[str]) -> str:
    """A pattern for the words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


AFTER_A_SYLLABLE = any_of([*_PARTICLES, *_AFTER_PET_NAME])
"""A pattern for what tells that one syllable is a name."""

_CLAUSE_ENDS = re.compile(r"[\n,.!?…~:;“”‘’\"'「」、。！？]")
_CLAUSE = 60
"""As many letters before a name are read."""
_TELLS_WHO = re.compile(
    r"(?:^|\s)(?:[나너]는|난|넌|나도|너도|저는|내가|제가|네가|니가|[얘쟤걔]는|[이그저]건|여긴|이쪽은|이름[은이])(?=\s)"
)
_IS_THIS_ONE = re.compile(
    r"(?:^|\s)(?:나|너|바로|역시|(?:아이|애|친구|동생|주인공|사람|누)[이가]"
    r"|(?!(?:작|좋|같|많|젊)은|[가보오우자]는|\S*[하있없웃]는)[가-힣]+[건은는])\s$"
)
_ENDS_IT = re.compile(r"(?:[싶았었했갔왔]어|[좋같많알찮]아|[워줘해요])\s$")
_NO_MORE = re.compile(r"\s*(?:[.!?…~”’\"'」]|$)")


def pair_of(written: str, before: str, after: str) -> str:
    """The pair that a particle is one of, in the text around it: `나는 루나야` tells who it is, and `루나야` calls."""
    return _IT_IS if written == "야" and _tells(before, after) else (WAS | FORMS)[written]


def _tells(before: str, after: str) -> bool:
    clause = _CLAUSE_ENDS.split(before[-_CLAUSE:])[-1]
    if _ENDS_IT.search(clause):
        return False
    return bool(_TELLS_WHO.search(clause) or (_IS_THIS_ONE.search(clause) and _NO_MORE.match(after)))
