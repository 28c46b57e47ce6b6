"""OpenAI's moderation as a judge of texts and pictures, with limits of our own for each age.

It knows little of what frightens children, and looks at pictures for violence, sexual content and self-harm only.
"""

import base64
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, Field, StrictBool, ValidationError

from storybook.domain.book_spec import TargetAge
from storybook.domain.calls import Kind
from storybook.domain.moderation import Category, Verdict
from storybook.providers.base import PictureCheck, TextCheck
from storybook.providers.http import CallFailed, send, unusable
from storybook.providers.language import Terms
from storybook.providers.line import Line
from storybook.providers.names import Names

DEFAULT_MODEL = "omni-moderation-latest"
CATEGORIES = {
    "harassment": Category.HATE,
    "harassment/threatening": Category.HATE,
    "hate": Category.HATE,
    "hate/threatening": Category.HATE,
    "illicit": Category.DANGEROUS_ACTS,
    "illicit/violent": Category.WEAPONS,
    "self-harm": Category.SELF_HARM,
    "self-harm/intent": Category.SELF_HARM,
    "self-harm/instructions": Category.SELF_HARM,
    "sexual": Category.SEXUAL,
    "sexual/minors": Category.SEXUAL,
    "violence": Category.VIOLENCE,
    "violence/graphic": Category.VIOLENCE,
}
SEEN_IN_PICTURES = ("sexual", "violence")
LIMITS = {
    Category.HATE: (0.15, 0.2, 0.25, 0.4),
    Category.DANGEROUS_ACTS: (0.2, 0.25, 0.3, 0.5),
    Category.WEAPONS: (0.1, 0.15, 0.2, 0.4),
    Category.SELF_HARM: (0.05, 0.05, 0.1, 0.2),
    Category.SEXUAL: (0.05, 0.05, 0.05, 0.1),
    Category.VIOLENCE: (0.2, 0.3, 0.4, 0.5),
}
"""Scores from which we flag, for ages 3-5, 5-7, 7-9 and adult. What the vendor flags is flagged anyway."""
_COLUMNS = tuple(TargetAge)

_Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]


class _Result(BaseModel):
    flagged: StrictBool
    categories: dict[str, StrictBool]
    category_scores: dict[str, _Score]
    category_applied_input_types: dict[str, list[str]] = {}

    def over(self, age: TargetAge) -> set[Category]:
        """What is flagged at that age."""
        column = _COLUMNS.index(age)
        return {
            category
            for name, category in CATEGORIES.items()
            if self.categories[name] or self.category_scores[name] >= LIMITS[category][column]
        }


class _Answer(BaseModel):
    results: list[_Result]


class OpenAIModeration:
    def __init__(self, line: Line, client: httpx.AsyncClient, on: Terms, *, hides_names: bool) -> None:
        self.name = line.vendor.name
        self._line = line
        self._client = client
        self._terms = on
        self._hides_names = hides_names

    def sees_pictures_of(self, _painter: str) -> bool:
        return True

    async def judge_request(self, check: TextCheck) -> Verdict:
        return await self._judge_texts(check)

    async def judge_story(self, check: TextCheck) -> Verdict:
        return await self._judge_texts(check)

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        data = base64.b64encode(check.picture.data).decode()
        shown = {"type": "image_url", "image_url": {"url": f"data:{check.picture.media_type};base64,{data}"}}
        return await self._judge([shown], 1, check.target_age, SEEN_IN_PICTURES)

    async def _judge_texts(self, check: TextCheck) -> Verdict:
        names = Names(check.hidden, check.language)
        texts = [names.hide(text) if self._hides_names else text for text in check.texts if text.strip()]
        if not texts:
            return Verdict(judged_by=self.name)
        return await self._judge(texts, len(texts), check.target_age)

    async def _judge(self, shown: list[Any], results: int, age: TargetAge, seen: tuple[str, ...] = ()) -> Verdict:
        """The verdict, with a result for each text, or one for the picture; raises CallFailed where there is none."""
        bill = self._terms.price.calls()
        async with self._line.call(self._terms.model, bill.micro_dollars) as call:
            answer = await self._post({"model": self._terms.model, "input": shown})
            call.costs(bill)
            if len(answer.results) != results:
                raise self._no_verdict()
            flagged = set[Category]().union(*(self._flagged(result, age, seen) for result in answer.results))
            return Verdict(judged_by=self.name, flagged=tuple(sorted(flagged)))

    async def _post(self, body: dict[str, Any]) -> _Answer:
        headers = {"Authorization": f"Bearer {self._terms.api_key}"}
        request = self._client.build_request(
            "POST", f"{self._line.vendor.base_url}/moderations", json=body, headers=headers
        )
        response = await send(self._client, request, self._line.vendor, Kind.MODERATION)
        try:
            return _Answer.model_validate_json(response.content)
        except ValidationError:
            raise self._no_verdict() from None

    def _flagged(self, result: _Result, age: TargetAge, seen: tuple[str, ...]) -> set[Category]:
        """A result that misses a category, has not looked at the picture or flags what we do not know is no verdict."""
        looked = all("image" in result.category_applied_input_types.get(name, ()) for name in seen)
        if not (looked and CATEGORIES.keys() <= result.categories.keys() & result.category_scores.keys()):
            raise self._no_verdict()
        found = result.over(age)
        if not found and (result.flagged or any(result.categories.values())):
            raise self._no_verdict()
        return found

    def _no_verdict(self) -> CallFailed:
        return unusable("the answer is no verdict", self._line.vendor, Kind.MODERATION, retryable=True)
