"""What the mobile app can read: its own rules of parsing. What breaks one of them breaks a screen."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
Rule = Callable[[Any], None]

STATES = ("queued", "running", "done", "failed")
MAX_ADDRESS = 500
ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?")


class Unreadable(AssertionError):
    """The app would throw here."""


def require(holds: object, sentence: str) -> None:
    if not holds:
        raise Unreadable(sentence)


def text(value: Any) -> None:
    require(type(value) is str, f"{value!r} is cast to a string")


def integer(value: Any) -> None:
    require(type(value) is int, f"{value!r} is cast to an integer")


def address(value: Any) -> None:
    """Opened without any header by the app's picture and sound players."""
    text(value)
    parts = urlsplit(value)
    require(parts.scheme in ("http", "https") and parts.netloc, f"{value!r} is no absolute address")
    require(len(value) <= MAX_ADDRESS, f"{value!r} is too long")


def moment(value: Any) -> None:
    text(value)
    require(ISO.fullmatch(value), f"{value!r} is no ISO date")
    datetime.fromisoformat(value)


def listing(rule: Rule) -> Rule:
    def check(value: Any) -> None:
        require(type(value) is list, f"{value!r} is cast to a list")
        for item in value:
            rule(item)

    return check


def optional(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


def fields(value: Any, rules: dict[str, Rule]) -> None:
    """Every field is there, and is what its rule says. More fields do no harm."""
    require(type(value) is dict, f"{value!r} is cast to a map")
    for name, rule in rules.items():
        require(name in value, f"{name} is missing")
        try:
            rule(value[name])
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None


def both_spellings(value: Json, name: str) -> None:
    fields(value, {"id": text, name: text})
    require(value["id"] == value[name], f"id and {name} differ")


def page(value: Any) -> None:
    rules = {"page_number": integer, "text": text, "image_url": address, "audio_url": optional(address)}
    fields(value, rules)


def book(value: Any) -> None:
    rules: dict[str, Rule] = {
        "title": text,
        "cover_image_url": address,
        "pages": listing(page),
        "character_id": optional(text),
        "theme": optional(text),
        "language": text,
        "target_age": text,
        "style": text,
        "pdf_url": optional(address),
        "audio_url": optional(address),
        "created_at": moment,
    }
    fields(value, rules)
    both_spellings(value, "book_id")
    numbers = [item["page_number"] for item in value["pages"]]
    require(numbers == list(range(1, len(numbers) + 1)), "the viewer counts pages from 1 in the order received")


def state(value: Any) -> None:
    require(value in STATES, f"{value!r} would be shown as queued for ever")


def created(value: Any) -> None:
    fields(value, {"job_id": text, "status": state})


def job(value: Any) -> None:
    """An answer to the app's poll: one that cannot be read ends it."""
    rules: dict[str, Rule] = {
        "job_id": text,
        "status": state,
        "progress": integer,
        "current_step": text,
        "error_code": optional(text),
        "error_message": optional(text),
        "result": optional(book),
    }
    fields(value, rules)
    require(0 <= value["progress"] <= 100, "progress is a percentage")
    require(1 <= len(value["current_step"]) <= 120, "current_step is shown")
    failed = value["status"] == "failed"
    twin = {"code": value["error_code"], "message": value["error_message"]} if failed else None
    require(value["error"] == twin, "the two spellings of an error differ")
    require(failed == bool(value["error_code"] and value["error_message"]), "the failure screen needs a text")
    require(value["result"] is None or value["status"] == "done", "there is no book before it is done")


def shelved(value: Any) -> None:
    rules: dict[str, Rule] = {
        "title": text,
        "cover_image_url": address,
        "target_age": text,
        "style": text,
        "theme": optional(text),
        "created_at": moment,
    }
    fields(value, rules)
    both_spellings(value, "book_id")


def library(value: Any) -> None:
    fields(value, {"books": listing(shelved), "total": integer})


def texts(*names: str) -> Rule:
    return lambda value: fields(value, dict.fromkeys(names, text))


def character(value: Any) -> None:
    rules: dict[str, Rule] = {
        "name": text,
        "master_description": text,
        "appearance": texts("age_visual", "face", "hair", "skin", "body"),
        "clothing": texts("top", "bottom", "shoes", "accessories"),
        "personality_traits": listing(text),
        "visual_style_notes": optional(text),
        "created_at": moment,
    }
    fields(value, rules)
    both_spellings(value, "character_id")


def characters(value: Any) -> None:
    fields(value, {"characters": listing(character), "total": integer})


def sound(value: Any) -> None:
    fields(value, {"audio_url": address})


def error(value: Any) -> None:
    """`error` must be an object: the app throws inside its own error handling at anything else."""
    fields(value, {"error": texts("code", "message")})
    require("detail" in value, "older clients show detail")
    require(type(value["error"].get("details", {})) is dict, "details is a map")
