"""What a vendor says that a call has used. Numbers that cannot be are no word at all: the call then costs its worst."""

from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

MOST_TOKENS = 10_000_000
"""More than any model reads or writes at once."""

T = TypeVar("T")
Tokens = Annotated[int, Field(strict=True, ge=1, le=MOST_TOKENS)]
"""Nothing is asked and answered in no tokens."""
Part = Annotated[int, Field(strict=True, ge=0, le=MOST_TOKENS)]
"""Of the tokens, those of one sort."""


def _or_nothing(said: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(said)
    except ValidationError:
        return None


Believed = Annotated[T | None, WrapValidator(_or_nothing)]
"""What was said where it can be, else None: a bill that makes no sense spoils no answer."""
