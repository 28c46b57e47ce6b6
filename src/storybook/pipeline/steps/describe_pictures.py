"""Puts one picture of a finished book into words, and has the words judged."""

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.book_spec import BookSpec
from storybook.domain.moderation import Verdict
from storybook.domain.pictures import Picture
from storybook.domain.story import CastMember, Scene
from storybook.domain.values import Strict
from storybook.domain.wanted import alt_text_faults
from storybook.providers.base import DescriptionRequest, ModerationProvider, SightProvider, TextCheck


class StoredDescription(Strict):
    """What a picture shows; `picture` is the name of its file, by which nobody finds it."""

    picture: str
    text: str


async def describe_picture(
    picture: Picture, scene: Scene, cast: tuple[CastMember, ...], spec: BookSpec, sight: SightProvider
) -> str:
    """The picture in words; raises ProviderError when they are not what was asked for."""
    said = await sight.describe_picture(
        DescriptionRequest(picture=picture, scene=scene, cast=cast, language=spec.language, target_age=spec.target_age)
    )
    if found := alt_text_faults(said, spec.language):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return said.text


async def judge_description(
    text: str, spec: BookSpec, names: tuple[str, ...], moderation: ModerationProvider
) -> Verdict:
    """The verdict on the words; `names` are those of the book's request."""
    return await moderation.judge_story(
        TextCheck(
            texts=(text,),
            language=spec.language,
            target_age=spec.target_age,
            forbidden=spec.forbidden_elements or (),
            names=names,
        )
    )
