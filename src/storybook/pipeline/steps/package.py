"""H: what goes on the shelf."""

from collections.abc import Sequence

from storybook.domain.characters import CastSheet
from storybook.domain.finished import FinishedBook, FinishedPage
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import COVER, StoryDraft
from storybook.pipeline.steps.generate_images import StoredPicture


def assemble(
    draft: StoryDraft,
    cast: CastSheet,
    prompts: Sequence[PicturePrompt],
    pictures: Sequence[StoredPicture],
    made_by: dict[str, str],
) -> FinishedBook:
    """The finished book; `prompts` and `pictures` are in the order of page numbers, the cover first."""
    return FinishedBook(
        title=draft.title,
        moral=draft.moral,
        cover_key=pictures[COVER].key,
        hero=cast.characters[0],
        pages=tuple(
            FinishedPage(
                page_number=page.page_number,
                text=page.text,
                image_key=pictures[page.page_number].key,
                image_prompt=prompts[page.page_number].positive,
            )
            for page in draft.pages
        ),
        made_by=made_by,
    )
