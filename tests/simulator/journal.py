"""What was charged, on disk before the answer leaves."""

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple


class Charge(NamedTuple):
    """One call that was paid for. `purpose` is what the request itself says that it is for, where it does, and `thing`
    the book and page, where the book's topic holds a number.
    """

    vendor: str
    kind: str
    purpose: str | None
    model: str
    units: dict[str, int]
    micro_dollars: int
    body_sha256: str
    thing: str | None = None


class Journal:
    """Lines of JSON, appended and flushed to the disk one by one."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, charge: Charge) -> None:
        line = json.dumps(charge._asdict() | {"at": time.time()}, ensure_ascii=False) + "\n"
        os.write(self._file, line.encode())
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> list[dict[str, Any]]:
    """The charges in the order in which they were made."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
