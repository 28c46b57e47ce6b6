"""The last look at the clock before a call leaves: for a job that may be somebody else's by now nothing is sent."""

import asyncio
from pathlib import Path

import httpx
import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import LeaseLost
from storybook.core.lease import Lease, now
from storybook.domain.calls import Kind, Outcome
from storybook.providers.about import working_under
from storybook.providers.http import send
from storybook.providers.vendors import OPENAI
from tests.adapters.test_posts import OFFERED
from tests.fixtures_calls import STEPS, Notebook, bench, providers_of, settings_of, work_of
from tests.fixtures_simulator import KEY, Simulated


@pytest.mark.parametrize("adapter", sorted(OFFERED))
async def test_nothing_is_sent_when_the_lease_may_be_over(
    adapter: str, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    kind = Kind(adapter.partition(".")[0])
    notebook = Notebook()
    async with providers_of(settings_of(adapter, simulator, tmp_path), cpu, notebook) as providers:
        bench_ = bench(settings_of(adapter, simulator, tmp_path), timeout=5)
        with pytest.raises((LeaseLost, BaseExceptionGroup)) as stopped, working_under(Lease(1, now() - 1)):
            await bench_.attempt(STEPS[kind], work_of(kind, providers), page=1)
        assert _of_group(stopped.value) == [LeaseLost]
        assert simulator.posts() == 0
        assert {row.outcome for row in notebook.rows} == {Outcome.NOT_SENT}
        with working_under(Lease(60, now())):
            await bench_.attempt(STEPS[kind], work_of(kind, providers), page=1)
    assert simulator.posts() > 0


async def test_nothing_is_sent_when_the_lease_ends_while_a_connection_is_waited_for(simulator: Simulated) -> None:
    simulator.takes(1, kind="moderation")
    key = {"Authorization": f"Bearer {KEY}"}
    url, said = f"{simulator.base_url('openai')}/moderations", {"model": "omni-moderation-latest", "input": "a fox"}
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=60, trust_env=False) as client:

        async def ask() -> httpx.Response:
            return await send(
                client, client.build_request("POST", url, json=said, headers=key), OPENAI, Kind.MODERATION
            )

        with working_under(Lease(0.5, now())):
            ends = await asyncio.gather(ask(), ask(), return_exceptions=True)
    assert [type(end) for end in ends] == [httpx.Response, LeaseLost]
    assert simulator.posts() == 1


def _of_group(error: BaseException) -> list[type[BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        return [kind for inner in error.exceptions for kind in _of_group(inner)]
    return [type(error)]
