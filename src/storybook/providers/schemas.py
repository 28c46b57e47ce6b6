"""What a model must answer, as a JSON schema, and the reading of what it did answer.

Structured outputs take only some of JSON Schema, so limits are told in words and checked when the answer is read.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from storybook.domain.characters import CastSheet
from storybook.domain.story import PageText, Scene, StoryDraft
from storybook.domain.values import Strict

M = TypeVar("M", bound=BaseModel)
Json = dict[str, Any]

MAX_COMPLAINTS = 20
_KEPT = ("type", "enum", "const", "$ref")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
_ENGLISH_KEYS = frozenset({"description", "place", "holding", "props", "kind", "look", *CastSheet.model_fields})
_PRINTED_KEYS = frozenset({"title", "moral", "text", "name"})
_NOT_ENGLISH = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


class SceneAnswer(Strict):
    """A scene made anew. `understood` is false where there was a wish and nothing of it could be taken up."""

    scene: Scene
    understood: bool


class PageAnswer(SceneAnswer):
    """A page told anew, and its scene."""

    text: PageText


class Unfit(Exception):
    """An answer that is not what was asked for; `complaints` say why, each as a sentence for the writer."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = complaints[:MAX_COMPLAINTS]


def strict(model: type[BaseModel], *, without: frozenset[str] = frozenset()) -> Json:
    """The schema of a value in the form that vendors enforce: every key required, no others, limits as descriptions.

    Keys of `without` are left out: they are known already.
    """
    return _strict(model.model_json_schema(), without)


@cache
def story_schema(page_count: int) -> Json:
    """The schema of a whole story of so many pages. Its language and age are known."""
    schema = strict(StoryDraft, without=frozenset({"language", "target_age"}))
    schema["properties"]["pages"]["description"] = f"exactly {page_count} items"
    return schema


def parsed(text: str) -> Json:
    """The JSON object of an answer, also where a model puts it between other words; raises Unfit."""
    try:
        value = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except (ValueError, RecursionError):
        raise Unfit(["the answer is not one whole JSON object"]) from None
    if not isinstance(value, dict):
        raise Unfit(["the answer is not a JSON object"])
    return value


def fits(text: str, schema: Json) -> bool:
    """Whether an answer is JSON of a schema of `strict`, apart from the limits that are only described there."""
    try:
        return _fits(parsed(text), schema, schema.get("$defs", {}))
    except Unfit:
        return False


def built(model: type[M], value: Json) -> M:
    """The value, all of its limits checked; raises Unfit."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Unfit([_sentence(problem) for problem in error.errors(include_url=False, include_input=False)]) from None


def not_english(value: Any, *, english: bool = False) -> Iterator[str]:
    """A complaint for each text of a scene or a look that is not English."""
    for path, text in _texts_under(_ENGLISH_KEYS, value, inside=english):
        if _NOT_ENGLISH.search(text):
            yield f"{path} must be English"


def printed(value: Any) -> Iterator[tuple[str, str]]:
    """Each text of an answer that readers find in the book, and behind which keys it stands."""
    return _texts_under(_PRINTED_KEYS, value)


def _texts_under(
    keys: frozenset[str], value: Any, path: str = "", *, inside: bool = False
) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts_under(keys, part, f"{path} {key}", inside=inside or key in keys)
    elif isinstance(value, list):
        for number, part in enumerate(value, start=1):
            yield from _texts_under(keys, part, f"{path} {number}", inside=inside)
    elif inside and isinstance(value, str):
        yield path.strip(), value


def _fits(value: Any, node: Json, defs: Json) -> bool:
    if "$ref" in node:
        return _fits(value, defs[node["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in node:
        return any(_fits(value, part, defs) for part in node["anyOf"])
    if value not in node.get("enum", [value]) or value != node.get("const", value):
        return False
    if not isinstance(value, _TYPES.get(node.get("type", ""), object)):
        return False
    if isinstance(value, list):
        return all(_fits(part, node.get("items", {}), defs) for part in value)
    return not isinstance(value, dict) or _has_keys(value, node, defs)


def _has_keys(value: Json, node: Json, defs: Json) -> bool:
    """Those of the schema, and no others where it allows none."""
    known = node.get("properties", {})
    if set(node.get("required", ())) - value.keys():
        return False
    if node.get("additionalProperties") is False and value.keys() - known.keys():
        return False
    return all(_fits(value[key], part, defs) for key, part in known.items() if key in value)


def _strict(node: Json, without: frozenset[str]) -> Json:
    made: Json = {key: node[key] for key in _KEPT if key in node}
    if "anyOf" in node:
        made["anyOf"] = [_strict(part, without) for part in node["anyOf"]]
    if "items" in node:
        made["items"] = _strict(node["items"], without)
    if "properties" in node:
        properties = {key: _strict(part, without) for key, part in node["properties"].items() if key not in without}
        made |= {"properties": properties, "required": list(properties), "additionalProperties": False}
    if limits := _limits(node):
        made["description"] = limits
    if used := {name for name in node.get("$defs", {}) if f'"#/$defs/{name}"' in _text(node, without)}:
        made["$defs"] = {name: _strict(part, without) for name, part in node["$defs"].items() if name in used}
    return made


def _text(node: Json, without: frozenset[str]) -> str:
    """The schema as text without the properties that are left out."""
    kept = {key: part for key, part in node.get("properties", {}).items() if key not in without}
    return json.dumps([kept, node["$defs"]])


def _limits(node: Json) -> str:
    bounds = {
        "characters": (node.get("minLength"), node.get("maxLength")),
        "items": (node.get("minItems"), node.get("maxItems")),
        "": (node.get("minimum"), node.get("maximum")),
    }
    return ", ".join(_bound(*bound, unit) for unit, bound in bounds.items() if bound != (None, None))


def _bound(least: int | None, most: int | None, unit: str) -> str:
    return f"{f'{least} to' if least is not None else 'at most'} {most} {unit}".strip()


def _sentence(problem: Any) -> str:
    """A pydantic error in words of our own; what the model wrote is not in it."""
    bounds = problem.get("ctx", {})
    place = [str(part + 1) if isinstance(part, int) else part for part in problem["loc"]]
    match problem["type"]:
        case "extra_forbidden":
            place, what = place[:-1], "has a key that nobody asked for"
        case "missing":
            what = "is missing"
        case "string_too_long":
            what = f"has more than {bounds['max_length']} characters"
        case "string_too_short":
            what = f"has fewer than {bounds['min_length']} characters"
        case "too_long":
            what = f"has more than {bounds['max_length']} items"
        case "too_short":
            what = f"has fewer than {bounds['min_length']} items"
        case "value_error":
            what = str(bounds["error"])
        case _:
            what = problem["msg"].replace("Input should", "should")
    return f"{' '.join(place)} {what}".strip()


SCENE = strict(SceneAnswer)
PAGE = strict(PageAnswer)
CAST = strict(CastSheet)
