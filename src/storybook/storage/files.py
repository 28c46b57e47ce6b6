"""Storage in a folder of this machine; the service itself serves it below /assets."""

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from storybook.core.errors import ObjectMissing, StorageError
from storybook.storage.base import (
    StoredObject,
    media_type_of,
    new_token,
    require_media_type,
    require_safe_key,
    require_safe_prefix,
    to_its_end,
)

_Result = TypeVar("_Result")

_UNFINISHED = ".unfinished-"


class FileStorage:
    """Objects are files below `root`, which is made when missing. Nothing outside of it is read, written or deleted."""

    def __init__(self, root: Path, public_url: str) -> None:
        self._root = root.expanduser().resolve()
        self._public_url = public_url.rstrip("/")

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        require_media_type(key, media_type)
        await self._on_disk(lambda: _write_whole(self._inside(key), data))

    async def get(self, key: str) -> StoredObject:
        media_type = media_type_of(key)
        return StoredObject(await self._on_disk(lambda: self._read(key)), media_type)

    async def delete(self, key: str) -> None:
        require_safe_key(key)
        await self._on_disk(lambda: self._inside(key).unlink(missing_ok=True))

    async def delete_prefix(self, prefix: str) -> int:
        folder = require_safe_prefix(prefix).rstrip("/")
        return await self._on_disk(lambda: _delete_below(self._inside(folder)))

    async def check(self) -> None:
        await self._on_disk(self._write_and_remove)

    def url(self, key: str) -> str:
        require_safe_key(key)
        return f"{self._public_url}/assets/{key}"

    async def close(self) -> None:
        pass

    async def _on_disk(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await to_its_end(work)
        except OSError as error:
            raise storage_error(self._root, error) from error

    def _read(self, key: str) -> bytes:
        try:
            return self._inside(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectMissing(f"There is no object {key}.") from None

    def _inside(self, key: str) -> Path:
        """The file of a safe key; only a link that somebody laid into the folder can still lead out of it."""
        path = self._root / key
        if not path.resolve().is_relative_to(self._root):
            raise StorageError(f"{path} leads out of the storage folder.")
        return path

    def _write_and_remove(self) -> None:
        path = self._root / f"{_UNFINISHED}{new_token()}"
        _write_whole(path, b"storybook")
        path.unlink()


def storage_error(root: Path, error: OSError) -> StorageError:
    """A plain sentence for the operator about a folder that failed."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(f"The disk that holds {root} is full.")
        case errno.EROFS:
            return StorageError(f"The disk that holds {root} is read-only.")
        case errno.EACCES | errno.EPERM:
            return StorageError(f"This user may not read and write in {root}.")
        case _:
            return StorageError(f"{root} cannot be used as storage: {error.strerror}.")


def _write_whole(path: Path, data: bytes) -> None:
    """Writes beside the place and moves into it once all is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / f"{_UNFINISHED}{new_token()}"
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete_below(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    gone = sum(not name.startswith(_UNFINISHED) for _, _, names in os.walk(folder) for name in names)
    shutil.rmtree(folder)
    return gone
