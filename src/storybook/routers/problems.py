"""What is wrong with a request, in words for whoever sent it and without a look inside."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Problem = Mapping[str, Any]

_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is not known here; please leave it out",
    "string_too_short": lambda about: f"must have at least {about['min_length']} character(s)",
    "string_too_long": lambda about: f"may have at most {about['max_length']} characters",
    "too_short": lambda about: f"must have at least {about['min_length']} item(s)",
    "too_long": lambda about: f"may have at most {about['max_length']} items",
    "string_pattern_mismatch": lambda _: "has a form that is not allowed",
    "string_type": lambda _: "must be a text",
    "string_unicode": lambda _: "holds a character that cannot be read",
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "int_parsing_size": lambda _: "is too large a number",
    "bool_type": lambda _: "must be true or false",
    "bool_parsing": lambda _: "must be true or false",
    "greater_than": lambda about: f"must be more than {about['gt']}",
    "greater_than_equal": lambda about: f"must be at least {about['ge']}",
    "less_than": lambda about: f"must be less than {about['lt']}",
    "less_than_equal": lambda about: f"may be at most {about['le']}",
    "enum": lambda about: f"must be one of {_plainly(about['expected'])}",
    "literal_error": lambda about: f"must be one of {_plainly(about['expected'])}",
    "list_type": lambda _: "must be a list",
    "tuple_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be an object",
    "model_type": lambda _: "must be an object",
    "model_attributes_type": lambda _: "must be an object",
    "json_invalid": lambda _: "is not readable as JSON",
    "date_from_datetime_parsing": lambda _: "must be a date",
    "value_error": lambda about: _own(str(about.get("error", ""))),
}
_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
_ANY_OTHER = "is not what it has to be"
_OF_THE_FRAMEWORK = "Expected UploadFile"


def _plainly(expected: str) -> str:
    """The words to choose from, without the names that they have in here."""
    return _MEMBER.sub(r"\1", expected)


def sentence(problem: Problem) -> str:
    """The problem in words; one that has no words of its own is named without details."""
    say = _SENTENCES.get(problem["type"])
    return say(problem.get("ctx", {})) if say else _ANY_OTHER


def _own(said: str) -> str:
    """A rule of ours says what is wrong by itself."""
    if said.startswith(_OF_THE_FRAMEWORK):
        return "must be a file"
    return said or _ANY_OTHER
