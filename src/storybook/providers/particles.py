"""Korean particles, as they are written after a name or after its stand-in."""

import re
from collections.abc import Iterable

_PAIRS = (
    "은/는", "이/가", "을/를", "과/와", "아/야", "으로/로", "이랑/랑", "이나/나", "이든/든", "이여/여", "이에요/예요",
    "과는/와는", "과도/와도", "과의/와의", "이랑은/랑은", "이랑도/랑도",
    "으로는/로는", "으로도/로도", "으로서/로서", "으로써/로써",
    "이라고/라고", "이라는/라는", "이라면/라면", "이라서/라서", "이라도/라도", "이라며/라며", "이랍니다/랍니다",
)  # fmt: skip
"""After a consonant and after a vowel."""

_AFTER_PET_NAME = (
    "는", "가", "를", "와", "야", "의", "도", "만", "네", "에게", "에게는", "에게도", "한테", "하고", "처럼", "보다",
    "까지", "와는", "와도", "와의",
)  # fmt: skip
"""What follows the -i that a name with a final consonant is called by (민준 + 이 + 는), and others are not."""

_SPELLINGS = ("{0}", "{1}", "{0}/{1}", "{1}/{0}", "{0}({1})", "{1}({0})")
FORMS = {
    **{f"이{after}": f"이{after}/{after}" for after in _AFTER_PET_NAME},
    **{spelling.format(*pair.split("/")): pair for pair in reversed(_PAIRS) for spelling in _SPELLINGS},
}
"""Each way to write a particle, with the pair that it is one of."""
WAS = {"이었": "이었/였", "였": "이었/였"}
"""The one that more of the same word may follow."""


def any_of(words: Iterable[str]) -> str:
    """A pattern for the words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


AFTER_A_SYLLABLE = any_of([*FORMS, *_AFTER_PET_NAME])
"""A pattern for what tells that one syllable is a name."""
