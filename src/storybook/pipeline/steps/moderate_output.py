"""G: judges every picture as it arrives, and then the book as a whole."""

from storybook.core.errors import ErrorCode, JobFailed
from storybook.domain.book_spec import BookSpec
from storybook.domain.moderation import Verdict
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.values import Strict
from storybook.pipeline.verdicts import passed
from storybook.providers.base import ModerationProvider, PictureCheck


class BookVerdict(Strict):
    """The verdicts on all pictures of a book, the cover first."""

    pictures: tuple[Verdict, ...]


async def judge_picture(
    picture: Picture, prompt: PicturePrompt, spec: BookSpec, names: tuple[str, ...], moderation: ModerationProvider
) -> Verdict:
    """The verdict on one picture of a book for whose request `names` are known; raises JobFailed with SAFETY_OUTPUT
    when it is flagged or cannot be judged.
    """
    verdict = await moderation.judge_picture(
        PictureCheck(
            picture=picture,
            prompt=prompt,
            language=spec.language,
            target_age=spec.target_age,
            forbidden=spec.forbidden_elements or (),
            names=names,
        )
    )
    return passed(verdict, ErrorCode.SAFETY_OUTPUT, "a picture")


async def judge_book(verdicts: tuple[Verdict, ...], pictures: int) -> BookVerdict:
    """The verdict on the whole: every picture was judged, and none was flagged."""
    if len(verdicts) != pictures or not all(verdict.allowed for verdict in verdicts):
        raise JobFailed(ErrorCode.SAFETY_OUTPUT, "not every picture has passed its check")
    return BookVerdict(pictures=verdicts)
