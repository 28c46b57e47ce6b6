"""What the measurements have in common: servers in processes of their own, what they cost, and a table of figures."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import sysconf
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_SECONDS = 60
_TICKS = sysconf("SC_CLK_TCK")


class Row(NamedTuple):
    what: str
    measured: str
    target: str
    met: bool


class Cpu(NamedTuple):
    """Seconds of a process itself, and of the programs that it starts."""

    own: float
    children: float

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.own - before.own, self.children - before.children)


@contextmanager
def started(*mode: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The process id of a server and what it said; it ends with the block."""
    command = [sys.executable, str(Path(__file__).with_name("bench_servers.py")), *mode]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                log.seek(0)
                raise RuntimeError(log.read())
            yield process.pid, json.loads(said)
        finally:
            process.communicate(timeout=PATIENCE_SECONDS)


def cpu_of(pid: int) -> Cpu:
    """What a process has used since its start. Its database is a program of its own and does not count."""
    own, ended, _ = _times(Path(f"/proc/{pid}/stat"))
    workers = [times for path in Path("/proc").glob("[0-9]*/stat") if (times := _times(path))[2] == pid]
    return Cpu(own, ended + sum(worker[0] + worker[1] for worker in workers))


def _times(path: Path) -> tuple[float, float, int]:
    """Seconds of a Python process, seconds of its children that have ended, and its parent's id."""
    try:
        name, _, rest = path.read_text().partition("(")[2].rpartition(")")
    except OSError:
        return 0.0, 0.0, 0
    fields = rest.split()
    if not name.startswith("python"):
        return 0.0, 0.0, 0
    user, system, of_children, system_of_children = (int(field) / _TICKS for field in fields[11:15])
    return user + system, of_children + system_of_children, int(fields[1])


def show(rows: Sequence[Row]) -> bool:
    """Prints the figures as a Markdown table; whether all targets are met."""
    print("| What | Measured | Target | |\n| --- | --- | --- | --- |")
    for row in rows:
        verdict = "met" if row.met else "missed"
        print(f"| {row.what} | {row.measured} | {row.target} | {verdict if row.target else ''} |")
    return all(row.met for row in rows)
