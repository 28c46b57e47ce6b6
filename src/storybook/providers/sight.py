"""A character from a photo, by a language model that sees. Who is in the photo is never asked, and no name is sent."""

from storybook.core.templates import render
from storybook.domain.book_spec import ENGLISH_NAMES, Gender
from storybook.domain.characters import CharacterSheet
from storybook.providers.asking import ask
from storybook.providers.base import SightRequest
from storybook.providers.language import Image, LanguageModel, Message, Question
from storybook.providers.schemas import Json, Unfit, built, not_english, parsed, strict

MAX_TOKENS = 1500
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


def _sheet(answer: Json, request: SightRequest) -> CharacterSheet:
    """The character under the name that the reader chose; raises Unfit."""
    looks = {key: part for key, part in answer.items() if key != "name"}
    if found := list(not_english(looks, english=True)):
        raise Unfit(found)
    name = {"name": request.name} if request.name else {key: answer[key] for key in _NAME & answer.keys()}
    return built(CharacterSheet, looks | name)
