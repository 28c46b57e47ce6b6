"""A language model that sees: a character from a photo, and a book's picture in words.

It is never asked who somebody is, and no name is sent.
"""

from storybook.core.templates import render
from storybook.domain.alt_text import MAX_LENGTH, MAX_SENTENCES, AltText
from storybook.domain.book_spec import ENGLISH_NAMES, Gender
from storybook.domain.characters import CharacterSheet
from storybook.domain.wanted import alt_text_faults
from storybook.providers.asking import ask
from storybook.providers.base import DescriptionRequest, SightRequest
from storybook.providers.language import Image, LanguageModel, Message, Question
from storybook.providers.schemas import Json, Unfit, built, not_english, parsed, strict

MAX_TOKENS = 1500
DESCRIPTION_TOKENS = 500
"""The most that the words for a picture may take."""
_PHOTO = "image/jpeg"
_CALLED = {Gender.FEMALE: "a girl", Gender.MALE: "a boy", Gender.NEUTRAL: "a child"}
_NAME = frozenset({"name"})


class ModelSight:
    """Looks are described in English, for painters. The name is the reader's; without one the model invents it."""

    def __init__(self, model: LanguageModel) -> None:
        self.name = model.name
        self._model = model

    async def describe(self, request: SightRequest) -> CharacterSheet:
        return await ask(self._model, question(request), lambda text: _sheet(parsed(text), request))

    async def describe_picture(self, request: DescriptionRequest) -> AltText:
        return await ask(self._model, question_about(request), lambda text: _alt_text(parsed(text), request))


def question(request: SightRequest) -> Question:
    """What is asked about a photo."""
    values = {
        "language": ENGLISH_NAMES[request.language],
        "style": request.style.value.replace("_", " "),
        "called": _CALLED[request.gender or Gender.NEUTRAL],
        "invents_name": request.name is None,
    }
    return Question(
        name="describe_photo",
        system=render("describe_photo.system.jinja2", values).strip(),
        messages=(Message(render("describe_photo.user.jinja2", {}).strip(), Image(request.photo, _PHOTO)),),
        schema=strict(CharacterSheet, without=_NAME if request.name else frozenset()),
        max_tokens=MAX_TOKENS,
        temperature=0.4,
    )


def question_about(request: DescriptionRequest) -> Question:
    """What is asked about a picture of a book: the picture alone is shown."""
    values = {
        "language": ENGLISH_NAMES[request.language],
        "age": request.target_age.value,
        "most_sentences": MAX_SENTENCES,
        "most_characters": MAX_LENGTH,
    }
    shown = Image(request.picture.data, request.picture.media_type)
    return Question(
        name="describe_picture",
        system=render("describe_picture.system.jinja2", values).strip(),
        messages=(Message(render("describe_picture.user.jinja2", values).strip(), shown),),
        schema=strict(AltText),
        max_tokens=DESCRIPTION_TOKENS,
        temperature=0.2,
    )


def _alt_text(answer: Json, request: DescriptionRequest) -> AltText:
    """The description; raises Unfit."""
    said = built(AltText, answer)
    if found := alt_text_faults(said, request.language):
        raise Unfit(found)
    return said


def _sheet(answer: Json, request: SightRequest) -> CharacterSheet:
    """The character under the name that the reader chose; raises Unfit."""
    looks = {key: part for key, part in answer.items() if key != "name"}
    if found := list(not_english(looks, english=True)):
        raise Unfit(found)
    name = {"name": request.name} if request.name else {key: answer[key] for key in _NAME & answer.keys()}
    return built(CharacterSheet, looks | name)
