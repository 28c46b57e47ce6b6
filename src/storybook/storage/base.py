"""The seam for pictures, audio and documents: named once, written whole, read by anybody who knows the name."""

import re
import secrets
from typing import NamedTuple, Protocol

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "json": "application/json",
}
FOR_EVER = "public, max-age=31536000, immutable"
"""How long an answer is kept that never changes; what changes gets a new address."""
MAX_KEY_LENGTH = 200
PAGE = 1000
"""How many keys are listed at once."""

_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


class StoredObject(NamedTuple):
    data: bytes
    media_type: str


class Storage(Protocol):
    """Keys are ours alone, see `require_safe_key`; the ending of a key is that of its media type (`MEDIA_TYPES`).

    A key or media type against these rules is a ValueError. Whatever goes wrong outside is a StorageError; its sentence
    holds no secret. All calls may run at the same time, also for one key. A call that changes something and is
    cancelled goes on to its end before it raises: nothing is stored behind anybody's back. One that reads is given up.
    """

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Stores the whole object under the key in place of any before it; no reader ever sees a part of it."""
        ...

    async def get(self, key: str) -> StoredObject:
        """The object last put; ObjectMissing when there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Deletes the object; one that is not there is fine."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Deletes all objects whose keys continue `prefix` after a slash; returns how many went, which may be none."""
        ...

    async def keys(self, after: str = "") -> list[str]:
        """The next keys in their order, up to `PAGE` of them; none when there are no more after this one.

        What was left behind by a write that did not come to its end is among them once it is two hours old.
        """
        ...

    async def remove_left_behind(self) -> int:
        """Deletes what writes left behind that did not come to their ends an hour ago or longer; returns how much."""
        ...

    async def check(self) -> None:
        """Makes the storage ready for use; StorageError with a clear sentence when it cannot be written."""
        ...

    def url(self, key: str) -> str:
        """The absolute public URL of the key. It neither expires nor needs headers; whoever knows it can read."""
        ...

    async def close(self) -> None: ...


def require_safe_key(key: str) -> None:
    """ValueError unless the key is made of segments of [A-Za-z0-9._-] between slashes, none of them "." or "..".

    A key has 200 characters at most.
    """
    segments = key.split("/")
    if len(key) > MAX_KEY_LENGTH or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise ValueError(f"not a storage key: {key!r}")
    if any(segment in {".", ".."} for segment in segments):
        raise ValueError(f"not a storage key: {key!r}")


def require_safe_prefix(prefix: str) -> str:
    """The prefix with exactly one slash at its end; ValueError unless it is made of whole segments of a safe key."""
    folder = prefix.removesuffix("/")
    require_safe_key(folder)
    return folder + "/"


def media_type_of(key: str) -> str:
    """The media type that the ending of a safe key stands for; ValueError for any other key."""
    require_safe_key(key)
    media_type = MEDIA_TYPES.get(key.rpartition(".")[2])
    if media_type is None:
        raise ValueError(f"no media type has the ending of this key: {key!r}")
    return media_type


def require_media_type(key: str, media_type: str) -> None:
    """ValueError unless the key is safe and ends as keys of this media type do."""
    if media_type_of(key) != media_type:
        raise ValueError(f"the key {key!r} is not of type {media_type!r}")


def new_token() -> str:
    """A part of a name that nobody can guess: 144 random bits as 24 characters of [A-Za-z0-9_-]."""
    return secrets.token_urlsafe(18)
