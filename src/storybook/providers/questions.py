"""The questions that the steps ask a language model: a pair of prompts, data, and the schema of the answer.

What a user typed is quoted as JSON in the user's message, with stand-ins for the names. The system prompt is made of
closed lists and numbers alone.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from storybook.core.templates import render
from storybook.domain.book_spec import ENGLISH_NAMES, Language, Style, TargetAge, Theme
from storybook.domain.characters import CharacterSheet
from storybook.domain.reading_level import BANDS
from storybook.domain.series import EarlierBook
from storybook.domain.story import StoryDraft
from storybook.providers.base import RewriteRequest, SheetRequest, StoryRequest
from storybook.providers.language import Message, Question
from storybook.providers.names import Names
from storybook.providers.schemas import CAST, PAGE, SCENE, story_schema

TOLD_IN_FULL = 3
PAGE_TOKENS = 2000
"""The most that the answer for one page, or for its scene, may take."""
_THEMES = {
    Theme.HABITS: "good habits",
    Theme.FEELINGS: "feelings",
    Theme.GETTING_ALONG: "getting along with others",
    Theme.FRIENDSHIP: "friendship",
    Theme.FAMILY: "family",
    Theme.ADVENTURE: "adventure",
    Theme.NATURE: "nature",
    Theme.SCIENCE: "science",
}
_LINE_BREAKS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Asked(NamedTuple):
    """A question with the names that its answer's stand-ins stand for."""

    question: Question
    names: Names


def story(request: StoryRequest) -> Asked:
    spec = request.spec
    names = Names(request.names, spec.language)
    data = {
        "topic": spec.topic,
        "theme": _THEMES[spec.theme] if spec.theme else None,
        "hero": _filled(spec.character.model_dump()) if spec.character else None,
        "known_characters": [_known(sheet) for sheet in request.known],
        "earlier_books": _so_far(request.earlier),
        "earlier_in_the_series": None if request.earlier else spec.series_context,
        "leave_out": spec.forbidden_elements,
    }
    values = _reader(spec.language, spec.target_age) | {
        "page_count": spec.page_count,
        "in_series": bool(request.earlier or spec.series_context),
    }
    question = _question("generate_story", values, names.hide_in(_filled(data)), story_schema(spec.page_count))
    return Asked(question._replace(max_tokens=story_tokens(spec.page_count), temperature=0.8), names)


def page(request: RewriteRequest) -> Asked:
    """The page in other words, and its scene."""
    return _anew(request, "rewrite_page", "page_to_rewrite", PAGE)


def scene(request: RewriteRequest) -> Asked:
    """The scene of the page, whose words stay."""
    return _anew(request, "restage_page", "page_to_stage", SCENE)


def cast(request: SheetRequest) -> Asked:
    names = Names((*(member.name for member in request.cast), *request.names), Language.EN)
    data = {"cast": [member.model_dump() for member in request.cast], "leave_out": request.forbidden}
    question = _question("generate_character_sheet", _painting(request.style), names.hide_in(_filled(data)), CAST)
    return Asked(question._replace(max_tokens=cast_tokens(len(request.cast))), names)


def story_tokens(pages: int) -> int:
    """The most that a story of so many pages may take."""
    return 2000 + 700 * pages


def cast_tokens(members: int) -> int:
    """The most that the looks of so many may take."""
    return 500 + 700 * members


def _anew(request: RewriteRequest, prompt: str, key: str, schema: dict[str, Any]) -> Asked:
    draft = request.draft
    names = Names((*request.story.names, *(member.name for member in draft.cast)), draft.language)
    old = draft.pages[request.page_number - 1]
    data = {
        **_whole(draft),
        key: {"page_number": old.page_number, "text": old.text, "scene": old.scene.model_dump()},
        "wish": request.feedback,
        "leave_out": request.story.spec.forbidden_elements,
    }
    values = _reader(draft.language, draft.target_age)
    return Asked(_question(prompt, values, names.hide_in(_filled(data)), schema), names)


def quoted(value: Any) -> str:
    """JSON on one line, so that nothing in it can pass for a line of the prompt."""
    return json.dumps(value, ensure_ascii=False).translate(_LINE_BREAKS)


def _question(prompt: str, values: dict[str, Any], data: Any, schema: dict[str, Any]) -> Question:
    return Question(
        name=prompt,
        system=render(f"{prompt}.system.jinja2", values).strip(),
        messages=(Message(render(f"{prompt}.user.jinja2", {"data": quoted(data)}).strip()),),
        schema=schema,
        max_tokens=PAGE_TOKENS,
    )


def _reader(language: Language, age: TargetAge) -> dict[str, Any]:
    return {"language": ENGLISH_NAMES[language], "age": age.value, "band": BANDS[age]}


def _painting(style: Style) -> dict[str, Any]:
    return {"style": style.value.replace("_", " ")}


def _known(sheet: CharacterSheet) -> dict[str, Any]:
    return {"name": sheet.name, "look": sheet.master_description, "traits": sheet.personality_traits}


def _so_far(earlier: Sequence[EarlierBook]) -> list[dict[str, Any]]:
    """The books of the series, the oldest first; of those long ago no more than their titles and topics."""
    return [{"title": book.title, "topic": book.topic} for book in earlier[:-TOLD_IN_FULL]] + [
        book.model_dump() | {"companions": [_known(sheet) for sheet in book.companions]}
        for book in earlier[-TOLD_IN_FULL:]
    ]


def _whole(draft: StoryDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "moral": draft.moral,
        "cast": [member.model_dump() for member in draft.cast],
        "pages": [{"page_number": page.page_number, "text": page.text} for page in draft.pages],
    }


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody has said."""
    return {key: part for key, part in data.items() if part not in (None, (), [])}
