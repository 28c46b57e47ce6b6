"""What every value of the domain shares."""

import unicodedata
from typing import Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co"}
_LAYOUT = "\n\t"
_JOINERS = "\u200c\u200d"
_INVISIBLE_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
_TAGS = range(0xE0020, 0xE0080)
"""Flags such as Scotland's are spelled with these."""


class Strict(BaseModel):
    """A frozen value that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def require_readable(text: str) -> str:
    """Returns `text`; raises ValueError where it holds unprintable characters or nothing to read."""
    for char in text:
        if char in _LAYOUT or char in _JOINERS or ord(char) in _TAGS:
            continue
        if unicodedata.category(char) in _UNPRINTABLE or ord(char) & 0xFFFE == 0xFFFE:
            raise ValueError("holds a character that cannot be printed; please remove it")
    if not any(char not in _JOINERS + _INVISIBLE_LETTERS and not char.isspace() for char in text):
        raise ValueError("is empty; please write something")
    return text


def _compose(value: Any) -> Any:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


Readable = AfterValidator(require_readable)
Composed = BeforeValidator(_compose)
"""Unicode's composed form, taken before the length is measured."""
