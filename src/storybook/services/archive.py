"""A zip that is written while it is sent: nothing is kept but the file at hand and the list of what went out."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from storybook.core.errors import ObjectMissing, Unavailable
from storybook.core.ids import utc_now
from storybook.services.reading import ANSWER_SECONDS, RETRY_SECONDS, read
from storybook.storage.base import Storage

MANIFEST = "manifest.json"
HELD_BACK = 100
ABOUT = "Everything that this service keeps of you. Files under `missing` were listed but are no longer there."


class Sheet(NamedTuple):
    """Values that become a JSON file."""

    name: str
    values: Any


class Kept(NamedTuple):
    """A stored object that becomes a file."""

    name: str
    key: str


class Raw(NamedTuple):
    """Bytes that become a file."""

    name: str
    data: bytes


Entry = Sheet | Kept | Raw


async def zipped(entries: AsyncIterator[Entry], storage: Storage) -> AsyncIterator[bytes]:
    """The bytes of a zip of these entries and, at its end, of a manifest that names all files and the missing ones.

    The first bytes come when the storage has answered once, or has not been needed for `HELD_BACK` files. Raises
    StorageError where it is away: a zip without its end cannot be opened, and nobody is misled.
    """
    out = _Outlet()
    files: list[dict[str, Any]] = []
    missing: list[str] = []
    made_at, answered = utc_now(), False
    with ZipFile(out, "w") as archive:
        async for entry in entries:
            try:
                data = await _bytes_of(entry, storage)
            except ObjectMissing:
                answered = True
                missing.append(entry.name)
                continue
            await asyncio.to_thread(_add, archive, entry, data)
            files.append({"name": entry.name, "bytes": len(data)})
            answered = answered or isinstance(entry, Kept)
            if answered or len(files) >= HELD_BACK:
                yield out.take()
        manifest = {"about": ABOUT, "made_at": made_at, "files": files, "missing": missing}
        await asyncio.to_thread(_add, archive, Sheet(MANIFEST, manifest), as_json(manifest))
    yield out.take()


async def begun(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, of which the first is there: what keeps it away is raised now, while it can still be answered.

    Raises Unavailable where it takes `ANSWER_SECONDS`.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            first = await anext(parts)
    except TimeoutError:
        raise Unavailable("There is too much to do. Please try again in a moment.", retry_after=RETRY_SECONDS) from None
    return _after(first, parts)


async def _after(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


def as_json(values: Any) -> bytes:
    """Readable JSON. Raises TypeError for bytes: what is kept as bytes is a hash, which belongs into no file."""
    return json.dumps(values, ensure_ascii=False, indent=1, default=_written).encode()


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")


async def _bytes_of(entry: Entry, storage: Storage) -> bytes:
    match entry:
        case Sheet(values=values):
            return await asyncio.to_thread(as_json, values)
        case Kept(key=key):
            return await read(storage, key)
    return entry.data


def _add(archive: ZipFile, entry: Entry, data: bytes) -> None:
    info = ZipInfo(entry.name, utc_now().timetuple()[:6])
    info.compress_type = ZIP_DEFLATED if isinstance(entry, Sheet) else ZIP_STORED
    info.external_attr = 0o600 << 16
    archive.writestr(info, data)


class _Outlet(io.RawIOBase):
    """Where the zip is written to; it cannot be sought in, so that nothing needs to be kept."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
