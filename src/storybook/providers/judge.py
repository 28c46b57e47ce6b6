"""A judge that asks a language model what our policy for children says of a text or a picture.

It answers for every category, each with true or false: an answer that leaves one out is no verdict.
"""

from collections.abc import Callable
from typing import Any

from storybook.core.settings import JUDGE
from storybook.core.templates import render
from storybook.domain.book_spec import ENGLISH_NAMES
from storybook.domain.calls import Kind
from storybook.domain.moderation import Category, Verdict
from storybook.providers.asking import whole
from storybook.providers.base import Check, PictureCheck, TextCheck
from storybook.providers.http import unusable
from storybook.providers.language import Image, LanguageModel, Message, Question
from storybook.providers.names import Names
from storybook.providers.questions import quoted
from storybook.providers.schemas import Unfit, parsed
from storybook.providers.vendors import Vendor

NAME = JUDGE
MAX_TOKENS = 300
_OF_PICTURES = frozenset({Category.NOT_A_PICTURE, Category.UNSEEN})


class ModelJudge:
    """`sees` says whether the model looks at pictures; where it does not, every picture is `unseen`."""

    name = NAME

    def __init__(self, model: LanguageModel, vendor: Vendor, *, hides_names: bool, sees: bool) -> None:
        self._model = model
        self._vendor = vendor
        self._hides_names = hides_names
        self._sees = sees

    def sees_pictures_of(self, _painter: str) -> bool:
        return self._sees

    async def judge_request(self, check: TextCheck) -> Verdict:
        return await self._judge_texts("request", check)

    async def judge_story(self, check: TextCheck) -> Verdict:
        return await self._judge_texts("story", check)

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        return (
            await self._ask(about_picture(check, hides_names=self._hides_names))
            if self._sees
            else _verdict([Category.UNSEEN])
        )

    async def _judge_texts(self, subject: str, check: TextCheck) -> Verdict:
        if not any(text.strip() for text in check.texts):
            return _verdict([])
        return await self._ask(about_texts(subject, check, hides_names=self._hides_names))

    async def _ask(self, question: Question) -> Verdict:
        answer = await self._model.answer(question)
        try:
            return _verdict(_flagged(whole(answer), question.schema["required"]))
        except Unfit:
            raise unusable("the answer is no verdict", self._vendor, Kind.MODERATION, retryable=True) from None


def about_texts(subject: str, check: TextCheck, *, hides_names: bool) -> Question:
    """What is asked about a `request` or a `story`."""
    hide = _hiding(check, hides_names=hides_names)
    data = {"texts": hide(check.texts), "forbidden": hide(check.forbidden)}
    values = {"subject": subject, "age": check.target_age.value, "language": ENGLISH_NAMES[check.language]}
    return _question(values, {"data": quoted(data)}, None, set(Category) - _OF_PICTURES)


def about_picture(check: PictureCheck, *, hides_names: bool) -> Question:
    """What is asked about a picture; what the parent does not want is looked for only where that was said."""
    values = {"subject": "picture", "age": check.target_age.value, "unwanted": bool(check.forbidden)}
    unwanted = quoted(_hiding(check, hides_names=hides_names)(check.forbidden)) if check.forbidden else None
    asked = set(Category) if check.forbidden else set(Category) - {Category.FORBIDDEN_ELEMENT}
    shown = Image(check.picture.data, check.picture.media_type)
    return _question(values, {"data": None, "unwanted": unwanted}, shown, asked)


def _hiding(check: Check, *, hides_names: bool) -> Callable[[Any], Any]:
    return Names(check.hidden, check.language).hide_in if hides_names else list


def _question(values: dict[str, Any], shown: dict[str, Any], picture: Image | None, asked: set[Category]) -> Question:
    return Question(
        name=NAME,
        system=render("judge.system.jinja2", values).strip(),
        messages=(Message(render("judge.user.jinja2", shown).strip(), picture),),
        schema=_schema(sorted(asked)),
        max_tokens=MAX_TOKENS,
        temperature=0.0,
    )


def _schema(categories: list[Category]) -> dict[str, Any]:
    names = [category.value for category in categories]
    return {
        "type": "object",
        "properties": {name: {"type": "boolean"} for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _flagged(text: str, names: list[str]) -> list[Category]:
    """The categories that are true; raises Unfit where the answer does not say so of each of them, and of no more."""
    answer = parsed(text)
    if answer.keys() != set(names) or not all(isinstance(said, bool) for said in answer.values()):
        raise Unfit(["every category must be true or false"])
    return [Category(name) for name in names if answer[name]]


def _verdict(flagged: list[Category]) -> Verdict:
    return Verdict(judged_by=NAME, flagged=tuple(sorted(flagged)))
