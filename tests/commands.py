"""The product's commands in processes of their own, forked from one that has imported them: an import takes seconds."""

import multiprocessing
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

from storybook.cli import app

FORKS = multiprocessing.get_context("forkserver")


def run(folder: Path, *arguments: str, **settings: str) -> CompletedProcess[str]:
    """The command's end: it has worked in the folder, and no setting of this process has reached it."""
    out, err = folder / "stdout", folder / "stderr"
    FORKS.set_forkserver_preload(["tests.commands"])
    command = FORKS.Process(target=_run, args=(folder, arguments, settings, out, err))
    command.start()
    command.join(timeout=60)
    if command.is_alive():
        command.kill()
        command.join()
    return CompletedProcess(arguments, command.exitcode or 0, out.read_text(), err.read_text())


def _run(folder: Path, arguments: tuple[str, ...], settings: dict[str, str], out: Path, err: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    os.environ.clear()
    os.environ |= kept | {"STORYBOOK_DATA_DIR": str(folder / "data"), "COLUMNS": "200"} | settings
    os.chdir(folder)
    for stream, file in ((sys.stdout, out), (sys.stderr, err)):
        stream.flush()
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream.fileno())
    sys.argv = ["storybook", *arguments]
    app()
