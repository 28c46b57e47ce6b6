"""Storage in a folder of this machine; the service itself serves it below /assets."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from storybook.core.endings import to_its_end
from storybook.core.errors import ObjectMissing, StorageError
from storybook.storage.base import (
    PAGE,
    StoredObject,
    media_type_of,
    new_token,
    require_media_type,
    require_safe_key,
    require_safe_prefix,
)
from storybook.storage.threads import Threads

_Result = TypeVar("_Result")

_UNFINISHED = ".unfinished-"
LEFT_BEHIND_SECONDS = 3600
NAMED_AFTER_SECONDS = 2 * LEFT_BEHIND_SECONDS
"""Somebody has had the time by then to remove what was left behind."""
MOST_LOST_FOLDERS = 20


class FileStorage:
    """Objects are files below `root`, which is made when missing. Nothing outside of it is read, written or deleted."""

    def __init__(self, root: Path, public_url: str) -> None:
        self._root = root.expanduser().resolve()
        self._public_url = public_url.rstrip("/")
        self._threads = Threads("files")

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        require_media_type(key, media_type)
        await self._to_its_end(lambda: _write_whole(self._inside(key), data))

    async def get(self, key: str) -> StoredObject:
        media_type = media_type_of(key)
        return StoredObject(await self._on_disk(lambda: self._read(key)), media_type)

    async def delete(self, key: str) -> None:
        require_safe_key(key)
        await self._to_its_end(lambda: _delete(self._inside(key), self._root))

    async def delete_prefix(self, prefix: str) -> int:
        folder = require_safe_prefix(prefix).rstrip("/")
        return await self._to_its_end(lambda: _delete_below(self._inside(folder)))

    async def keys(self, after: str = "") -> list[str]:
        return await self._on_disk(lambda: list(islice(_keys_below(self._root, after), PAGE)))

    async def remove_left_behind(self) -> int:
        return await self._to_its_end(lambda: _delete_left_behind(self._root))

    async def check(self) -> None:
        await self._to_its_end(self._write_and_remove)

    def url(self, key: str) -> str:
        require_safe_key(key)
        return f"{self._public_url}/assets/{key}"

    async def close(self) -> None:
        self._threads.close()

    async def _to_its_end(self, work: Callable[[], _Result]) -> _Result:
        return await to_its_end(self._on_disk(work))

    async def _on_disk(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await self._threads.run(work)
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
    unfinished = path.parent / f"{_UNFINISHED}{new_token()}"
    try:
        with _opened(unfinished) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _opened(path: Path) -> BinaryIO:
    """A new file. Its folder may go just after it was made: somebody has deleted the last file in it."""
    for _ in range(MOST_LOST_FOLDERS):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return path.open("xb")
    return path.open("xb")


def _delete(path: Path, root: Path) -> None:
    """The file, and its folder where that is empty then."""
    path.unlink(missing_ok=True)
    if path.parent != root:
        with suppress(OSError):
            path.parent.rmdir()


def _keys_below(folder: Path, after: str, prefix: str = "") -> Iterator[str]:
    """The keys below a folder in the order of the alphabet, those after this one."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        key = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if key + "0" > after:  # the character after the slash
                yield from _keys_below(folder / entry.name, after, key + "/")
        elif key > after and (not entry.name.startswith(_UNFINISHED) or _is_older(entry, NAMED_AFTER_SECONDS)):
            yield key


def _delete_left_behind(root: Path) -> int:
    found = (Path(folder, name) for folder, _, names in os.walk(root) for name in names if name.startswith(_UNFINISHED))
    old = [path for path in found if _is_older(path, LEFT_BEHIND_SECONDS)]
    for path in old:
        _delete(path, root)
    return len(old)


def _is_older(file: os.DirEntry[str] | Path, seconds: float) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - file.stat().st_mtime > seconds
    return False


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
