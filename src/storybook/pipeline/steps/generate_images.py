"""F: draws one picture, which has its place in our own storage the moment it arrives."""

from storybook.domain.book_spec import Style
from storybook.domain.characters import CastSheet
from storybook.domain.pictures import PICTURE_HEIGHT, PICTURE_WIDTH, Picture, PicturePrompt
from storybook.domain.values import Strict
from storybook.providers.base import ImageProvider, PictureRequest
from storybook.storage.base import Storage, new_token

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class StoredPicture(Strict):
    """A picture in our storage."""

    key: str
    media_type: str
    width: int
    height: int
    made_by: str


async def draw(
    prompt: PicturePrompt,
    style: Style,
    cast: CastSheet,
    names: tuple[str, ...],
    image: ImageProvider,
    reference: Picture | None = None,
) -> Picture:
    """The picture of one page, or of the cover, with a hero as in `reference`. `names` are those of the request."""
    return await image.draw(
        PictureRequest(
            prompt=prompt,
            style=style,
            sheets=tuple(cast.by_name(actor.name) for actor in prompt.scene.actors),
            width=PICTURE_WIDTH,
            height=PICTURE_HEIGHT,
            reference=reference,
            names=tuple(dict.fromkeys((*(sheet.name for sheet in cast.characters), *names))),
        )
    )


def place(picture: Picture, page_number: int, folder: str) -> StoredPicture:
    """Where in the storage the picture is to be; nobody can guess its key before the book shows it."""
    return StoredPicture(
        key=f"{folder}/{page_number}-{new_token()}.{EXTENSIONS[picture.media_type]}",
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        made_by=picture.made_by,
    )


async def fetch(stored: StoredPicture, storage: Storage) -> Picture:
    """The picture as it was stored."""
    found = await storage.get(stored.key)
    return Picture(data=found.data, **stored.model_dump(exclude={"key"}))
