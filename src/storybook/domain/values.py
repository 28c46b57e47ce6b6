"""What every value of the domain shares."""

import unicodedata

from pydantic import AfterValidator, BaseModel, ConfigDict

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_LAYOUT = "\n\t"
_JOINERS = "\u200c\u200d"


class Strict(BaseModel):
    """A frozen value that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def require_readable(text: str) -> str:
    """Returns `text`; raises ValueError where it holds unprintable characters or nothing to read."""
    for char in text:
        if unicodedata.category(char) in _UNPRINTABLE and char not in _LAYOUT and char not in _JOINERS:
            raise ValueError("holds a character that cannot be printed; please remove it")
    if not text.strip():
        raise ValueError("is empty; please write something")
    return text


Readable = AfterValidator(require_readable)
