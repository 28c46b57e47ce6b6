"""Starts `storybook` by forking, as often as it is told on its standard input: what takes seconds of CPU each time, to
import it all, is done once. What is forked is a process of its own like any other, until nobody tells us any more.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from storybook.cli import app


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    forked = []
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            become(**order)
        forked.append(pid)
        print(pid, flush=True)
    for pid in forked:
        with suppress(OSError):
            if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                os.kill(pid, signal.SIGKILL)


def become(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """The command itself; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in (1, 2):
        os.dup2(written, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(os.path.dirname(log))  # noqa: PTH120 - no more than that is needed of paths
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["storybook", *arguments]
    try:
        app()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
