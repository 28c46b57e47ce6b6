"""F: draws one picture and puts it into our own storage the moment it arrives."""

import asyncio

from storybook.core.errors import StorageError
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


async def draw(prompt: PicturePrompt, style: Style, cast: CastSheet, image: ImageProvider) -> Picture:
    """The picture of one page, or of the cover."""
    acting = tuple(cast.by_name(actor.name) for actor in prompt.scene.actors)
    return await image.draw(
        PictureRequest(prompt=prompt, style=style, sheets=acting, width=PICTURE_WIDTH, height=PICTURE_HEIGHT)
    )


async def store(
    picture: Picture, page_number: int, folder: str, storage: Storage, waits: tuple[float, ...]
) -> StoredPicture:
    """The picture's place in the storage; nobody can guess its key before the book shows it.

    Raises StorageError when a first try and one after each of the `waits` have failed.
    """
    key = f"{folder}/{page_number}-{new_token()}.{EXTENSIONS[picture.media_type]}"
    for wait in waits:
        try:
            await storage.put(key, picture.data, picture.media_type)
            break
        except StorageError:
            await asyncio.sleep(wait)
    else:
        await storage.put(key, picture.data, picture.media_type)
    return StoredPicture(
        key=key,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        made_by=picture.made_by,
    )


async def fetch(stored: StoredPicture, storage: Storage) -> Picture:
    """The picture as it was stored."""
    found = await storage.get(stored.key)
    return Picture(data=found.data, **stored.model_dump(exclude={"key"}))
