"""How many calls a vendor gets at once from one process, whatever they are for."""

import asyncio
from pathlib import Path

from storybook.core.cpu import CpuPool
from storybook.domain.calls import Kind
from storybook.providers.vendors import ANTHROPIC
from tests.fixtures_calls import Notebook, providers_of, work_of
from tests.fixtures_simulator import Simulated, settings_for

KINDS = (Kind.TEXT, Kind.SIGHT, Kind.MODERATION)


async def test_calls_of_all_kinds_to_one_vendor_stand_in_one_line(
    simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    chosen = {"llm": "anthropic", "sight": "anthropic", "moderation": "judge"}
    settings = settings_for(simulator, tmp_path, **chosen, personal_data_vendors=("anthropic",))
    async with providers_of(settings, cpu, Notebook()) as providers:
        await work_of(Kind.TEXT, providers)()  # packages load parts of themselves at their first call
        simulator.takes(0.5, vendor="anthropic")
        calls = [work_of(kind, providers)() for _ in range(ANTHROPIC.at_once) for kind in KINDS]
        await asyncio.gather(*calls)
    assert simulator.posts(vendor="anthropic") == 1 + len(KINDS) * ANTHROPIC.at_once
    assert simulator.most_at_once("anthropic") == ANTHROPIC.at_once
