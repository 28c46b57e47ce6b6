"""How the narrator speaks: voice, speed, tone and pauses, by language and age."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from storybook.domain.book_spec import Language, TargetAge
from storybook.providers.studio.narrator.booth import Line
from storybook.providers.studio.narrator.phrases import Pause, Phrase


class Silence(NamedTuple):
    """Milliseconds of silence around the speech, and in place of it."""

    before: int
    after: int
    nothing_to_say: int


def voice(language: Language) -> str:
    return str(_table()["voices"][language])


def line(phrase: Phrase, language: Language, age: TargetAge) -> Line:
    """What the voice is told to say for a phrase: its words with one space between them, and its ending."""
    tone = _table()["tone_of_quotations" if phrase.quoted else "tone"]
    spoken = " ".join(word.spoken for word in phrase.words) + phrase.ending
    return Line(spoken, _table()["rates"][language][age], tone["pitch"], tone["range"])


def milliseconds_after(pause: Pause, age: TargetAge) -> int:
    pauses, patience = _table()["pauses"], _table()["patience"]
    return int(pauses[pause.value] * patience[age])


def silence() -> Silence:
    return Silence(**_table()["silence"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "delivery.toml").read_text(encoding="utf-8"))
