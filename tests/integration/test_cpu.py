"""Worker processes: what they return and raise, and how they end."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import ProviderError

OWNER = """
import asyncio, os, sys
from storybook.core.cpu import CpuPool
async def main():
    pool = CpuPool(1)
    print(await pool.run(os.getpid), flush=True)
    sys.stdin.read()
if __name__ == "__main__":
    asyncio.run(main())
"""


PREPARED = """
import asyncio
from storybook.core.cpu import CpuPool
from storybook.resources import IN_WORKERS
async def main():
    pool = CpuPool(1, IN_WORKERS)
    print(await pool.run(eval, f"{set(IN_WORKERS)!r} - set(__import__('sys').modules)"))
    print(await pool.run(eval, "'storybook.resources' in __import__('sys').modules"))
    pool.close()
if __name__ == "__main__":
    asyncio.run(main())
"""


def test_workers_know_what_they_are_for_and_not_all_of_the_service() -> None:
    said = subprocess.run([sys.executable, "-c", PREPARED], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["set()", "False"]


async def test_a_result_and_an_error_come_back(cpu: CpuPool) -> None:
    assert await cpu.run(divmod, 7, 2) == (3, 1)
    assert await cpu.run(sorted, [1, 2], reverse=True) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        await cpu.run(divmod, 1, 0)


def test_all_workers_are_under_way_with_the_pool() -> None:
    before = set(multiprocessing.active_children())
    pool = CpuPool(2)
    assert len(set(multiprocessing.active_children()) - before) == 3
    pool.close()


async def test_a_worker_that_dies_is_replaced() -> None:
    pool = CpuPool(1)
    with pytest.raises(ProviderError) as died:
        await pool.run(os.kill, await pool.run(os.getpid), signal.SIGKILL)
    assert died.value.retryable
    assert await pool.run(divmod, 7, 2) == (3, 1)
    pool.close()


def test_workers_end_with_a_parent_that_was_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    worker = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    deadline = time.monotonic() + 30
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with Path(f"/proc/{pid}/stat").open(encoding="ascii") as stat:  # a zombie has ended
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
