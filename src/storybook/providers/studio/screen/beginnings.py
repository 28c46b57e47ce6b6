"""With which characters a match of a rule can begin, so that a search may skip all other places."""

import re

_LOOKAROUNDS = ("(?=", "(?!", "(?<=", "(?<!")
_OPTIONAL = ("?", "*", "{")
_PLAIN_CLASS = re.compile(r"\[([^\]\[\\^-]+)\]")


def alternatives(rule: str) -> list[str]:
    """The rule cut at each `|` that stands outside brackets."""
    parts, depth = [""], 0
    for char in rule:
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def gated(parts: list[str]) -> str:
    """One expression for the alternatives, in which those of known beginnings are tried only where one stands."""
    known = {part: begin for part in parts if (begin := _beginnings(part)) is not None}
    rest = [part for part in parts if part not in known]
    if known:
        chars = "".join(sorted(frozenset[str]().union(*known.values())))
        rest.append(f"(?=[{re.escape(chars)}])(?:{'|'.join(known)})")
    return "|".join(rest)


def _beginnings(part: str) -> frozenset[str] | None:
    """The characters that can begin a match, or None where that is not plain to see."""
    while part.startswith(_LOOKAROUNDS):
        part = part[_closing(part) + 1 :]
    if part.startswith("(?:"):
        end = _closing(part)
        found = None if part[end + 1 :].startswith(_OPTIONAL) else [_beginnings(x) for x in alternatives(part[3:end])]
        return _union(found)
    if match := _PLAIN_CLASS.match(part):
        return None if part[match.end() :].startswith(_OPTIONAL) else frozenset(match[1])
    if part[:1].isalnum() and not part[1:].startswith(_OPTIONAL):
        return frozenset(part[0])
    return None


def _union(found: list[frozenset[str] | None] | None) -> frozenset[str] | None:
    known = [chars for chars in found or [] if chars is not None]
    return frozenset[str]().union(*known) if found and len(known) == len(found) else None


def _closing(text: str) -> int:
    """Where the bracket closes that `text` begins with."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if depth == 0:
            return place
    return len(text)
