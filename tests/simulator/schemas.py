"""Values that fit a JSON schema: the least that does, the same every time.

Limits are read from the schema's own words and, where a schema tells them in a description instead, from there.
"""

import re
from typing import Any

Schema = dict[str, Any]

_WORDS = "a small red fox with a green scarf walks along the river and looks at the light of the moon "
_TOLD = re.compile(r"(?:(?:(\d+) to|(at most)|(exactly)) )?(\d+) (characters|items)")
_RANGE = re.compile(r"^(-?\d+) to (-?\d+)")
_FORMATS = {"date": "2026-11-22", "date-time": "2026-11-22T10:00:00Z", "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
DEEPEST = 24


def fitting(schema: Schema, root: Schema | None = None, depth: int = 0) -> Any:
    """A value of this schema. Where there is a choice it is the first, and nothing rather than something deep."""
    root = schema if root is None else root
    if depth > DEEPEST:
        raise ValueError("the schema has no end")
    schema = _resolved(schema, root)
    if closed := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return closed[0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return fitting(_best(options, root), root, depth + 1)
    kind = _type_of(schema)
    if kind in {"object", "array"}:
        return (_object if kind == "object" else _array)(schema, root, depth)
    return _plain(schema, kind)


def _plain(schema: Schema, kind: str) -> Any:
    match kind:
        case "string":
            return _string(schema)
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "boolean":
            return False
    return None


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
            found = found[part] if part else found
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    for part in schema.get("allOf", ()):
        more = _resolved(part, root)
        merged = {
            "properties": {**schema.get("properties", {}), **more.get("properties", {})},
            "required": [*schema.get("required", ()), *more.get("required", ())],
        }
        schema = {**more, **schema, **{key: value for key, value in merged.items() if value}}
    return schema


def _best(options: list[Schema], root: Schema) -> Schema:
    return next((option for option in options if _type_of(_resolved(option, root)) == "null"), options[0])


def _type_of(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return "null" if "null" in kind else str(kind[0])
    if kind is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "null"
    return str(kind)


def _object(schema: Schema, root: Schema, depth: int) -> Any:
    properties: Schema = schema.get("properties", {})
    wanted = dict.fromkeys(schema.get("required", ()))
    made = {name: fitting(properties.get(name, {}), root, depth + 1) for name in wanted}
    for number in range(schema.get("minProperties", 0) - len(made)):
        made[f"key_{number}"] = None
    return made


def _array(schema: Schema, root: Schema, depth: int) -> Any:
    least = schema.get("minItems", _told(schema, "items")[0])
    fixed = [fitting(part, root, depth + 1) for part in schema.get("prefixItems", ())]
    items = schema.get("items", {})
    if schema.get("uniqueItems") and "enum" in (closed := _resolved(items, root)):
        return closed["enum"][:least]
    return fixed + [fitting(items, root, depth + 1) for _ in range(least - len(fixed))]


def _string(schema: Schema) -> str:
    if form := _FORMATS.get(schema.get("format", "")):
        return form
    told = _told(schema, "characters")
    least, most = schema.get("minLength", told[0]), schema.get("maxLength", told[1])
    length = max(least, min(most, 40))
    text = (_WORDS * (length // len(_WORDS) + 1))[:length]
    return text.rstrip().ljust(least, "e")


def _number(schema: Schema, *, whole: bool) -> float:
    told = _RANGE.match(schema.get("description", ""))
    least = schema.get("minimum", schema.get("exclusiveMinimum", int(told[1]) if told else None))
    most = schema.get("maximum", schema.get("exclusiveMaximum", int(told[2]) if told else None))
    step = schema.get("multipleOf", 1 if whole else 0)
    value: float = least if least is not None else min(0, most if most is not None else 0)
    if "exclusiveMinimum" in schema:
        value = value + 1 if whole or most is None else (value + most) / 2
    elif "exclusiveMaximum" in schema and least is None and value == most:
        value -= 1
    if step:
        value = -(-value // step) * step
    return int(value) if whole else value


def _told(schema: Schema, unit: str) -> tuple[int, int]:
    """The least and the most of the unit, by the description."""
    for least, _, exactly, most, what in _TOLD.findall(schema.get("description", "")):
        if what == unit:
            return int(most if exactly else least or 0), int(most)
    return 0, 10_000
