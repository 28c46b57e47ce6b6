"""How many POSTs each fault costs with each adapter, by the written table and the vendors' own journal."""

import re
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import ErrorCode, JobFailed, JobParked
from storybook.core.settings import STUDIO
from storybook.domain.calls import Kind, Outcome, code_of
from storybook.domain.jobs import Step
from storybook.providers import registry
from storybook.providers.queued import LOOK_SECONDS
from tests.fixtures_calls import STEPS, Notebook, bench, providers_of, settings_of, work_of
from tests.fixtures_simulator import Simulated
from tests.simulator.faults import Fault, Place

TABLE = Path(__file__).parent / "posts.txt"
KNOWN = (Outcome.OK, Outcome.BUSY, Outcome.REFUSED, Outcome.FAILED, Outcome.NOT_SENT)
TABLES = {
    Kind.TEXT: registry.TEXT,
    Kind.SIGHT: registry.SIGHT,
    Kind.IMAGE: registry.IMAGE,
    Kind.SPEECH: registry.SPEECH,
    Kind.MODERATION: registry.MODERATION,
}
OFFERED = {f"{kind}.{name}" for kind, table in TABLES.items() for name in table if name != STUDIO}


class Cell(NamedTuple):
    adapter: str
    fault: str
    always: bool
    posts: int
    charges: int
    end: str

    @property
    def kind(self) -> Kind:
        return Kind(self.adapter.partition(".")[0])


def cells() -> list[Cell]:
    """Two for each adapter and fault of the table: once, and every time."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    adapters = lines[0][1:]
    return [
        Cell(adapter, row[0], bool(always), int(posts), int(charges), end)
        for row in lines[1:]
        for adapter, cell in zip(adapters, row[1:], strict=True)
        if cell != "-"
        for always, told in enumerate(cell.split(","))
        for posts, charges, end in re.findall(r"^(\d):(\d)([+~!tjg])$", told)
    ]


CELLS = cells()


def of_one_adapter(cells: list[Cell]) -> set[Cell]:
    """One cell for each fault, of a different adapter from row to row; all others take minutes."""
    rows = [[cell for cell in cells if cell.fault == fault] for fault in dict.fromkeys(cell.fault for cell in cells)]
    return {row[2 * number % len(row)] for number, row in enumerate(rows)}


SOON = of_one_adapter(CELLS)


def name_of(cell: Cell) -> str:
    return f"{cell.adapter}-{cell.fault}-{'always' if cell.always else 'once'}"


def test_every_adapter_has_a_column_and_every_fault_a_row() -> None:
    assert {cell.adapter for cell in cells()} == OFFERED
    told = {cell.fault.rpartition(".")[2] for cell in cells()} - {"none"}
    assert told | {Fault.SLOW} == set(Fault)


def test_every_cell_is_read() -> None:
    table = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    assert len(CELLS) == sum(len(cell.split(",")) for line in table[1:] for cell in line.split()[1:] if cell != "-")


@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, marks=[] if cell in SOON else pytest.mark.long, id=name_of(cell)) for cell in CELLS],
)
async def test_a_fault_costs_exactly_the_posts_of_the_table(
    cell: Cell, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    kind = cell.kind
    settings, notebook = settings_of(cell.adapter, simulator, tmp_path), Notebook()
    async with providers_of(settings, cpu, notebook) as providers:
        if "hang" in cell.fault:
            await work_of(kind, providers)()  # packages load parts of themselves at their first call
            simulator.forget()
            notebook.rows.clear()
        _let_go_wrong(cell, simulator)
        work = bench(settings, timeout=_timeout(cell, kind)).attempt(STEPS[kind], work_of(kind, providers), page=1)
        end = await _end_of(work, kind)
    assert end == cell.end
    assert (simulator.posts(), len(simulator.journal())) == (cell.posts, cell.charges)
    assert len(notebook.rows) == cell.posts
    assert notebook.micro_dollars(*KNOWN) <= simulator.charged() <= notebook.micro_dollars()
    if all(row.outcome in KNOWN for row in notebook.rows):
        assert simulator.charged() == notebook.micro_dollars()


async def test_only_a_second_try_looks_for_what_an_earlier_one_has_left(
    simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    settings, notebook = settings_of("image.replicate", simulator, tmp_path), Notebook()
    async with providers_of(settings, cpu, notebook) as providers:
        draw = work_of(Kind.IMAGE, providers)
        await bench(settings, timeout=20).attempt(Step.GENERATE_IMAGES, draw, page=1)
        assert notebook.looked == 0
        simulator.goes_wrong(Fault.EXPIRED_URL, times=1)
        await bench(settings, timeout=20).attempt(Step.GENERATE_IMAGES, draw, page=2)
    assert notebook.looked == 1


@pytest.mark.parametrize(
    ("place", "fault"), [(Place.LOOK, Fault.BUSY), (Place.LOOK, Fault.HANG), (Place.FILE, Fault.HANG)]
)
@pytest.mark.parametrize("adapter", ["image.fal", "image.replicate"])
async def test_a_picture_that_waits_in_the_queue_is_asked_for_by_its_id_until_it_is_there(
    adapter: str, place: Place, fault: Fault, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    settings, notebook = settings_of(adapter, simulator, tmp_path), Notebook()
    async with providers_of(settings, cpu, notebook) as providers:
        draw = work_of(Kind.IMAGE, providers)
        simulator.goes_wrong(fault, place=place, times=None)
        for fence, timeout in enumerate((1.5, 0.5, 0.5), 1):
            with pytest.raises(JobParked):
                await bench(settings, timeout=timeout, fence=fence).attempt(Step.GENERATE_IMAGES, draw, page=1)
        simulator.works_again()
        assert await bench(settings, timeout=20, fence=4).attempt(Step.GENERATE_IMAGES, draw, page=1)
    assert (simulator.posts(), len(simulator.journal())) == (1, 1)
    assert [row.outcome for row in notebook.rows] == [Outcome.OK]
    assert notebook.micro_dollars() == simulator.charged()


@pytest.mark.parametrize("fault", [Fault.BUSY_SECONDS, Fault.BUSY_DATE])
@pytest.mark.parametrize("adapter", sorted(OFFERED))
async def test_nobody_is_asked_again_before_the_time_that_they_told(
    adapter: str, fault: Fault, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    kind = Kind(adapter.partition(".")[0])
    settings = settings_of(adapter, simulator, tmp_path)
    simulator.goes_wrong(fault, seconds=2)
    async with providers_of(settings, cpu, Notebook()) as providers:
        began = time.time()
        await bench(settings, timeout=20, pause=3).attempt(STEPS[kind], work_of(kind, providers), page=1)
    (charge,) = simulator.journal()
    assert charge["at"] - began >= 1  # a date has no fractions


async def _end_of(work: Awaitable[Any], kind: Kind) -> str:
    """What comes of it, in the table's signs."""
    try:
        await work
    except JobParked:
        return "~"
    except JobFailed as failed:
        without = ErrorCode.LLM_TIMEOUT if kind is Kind.MODERATION else code_of(kind)
        told = {ErrorCode.IMAGE_TIMEOUT: "t", ErrorCode.LLM_JSON_INVALID: "j", ErrorCode.SAFETY_INPUT: "g"}
        return (told | {without: "!"})[failed.code]
    return "+"


def _let_go_wrong(cell: Cell, simulator: Simulated) -> None:
    place, _, fault = cell.fault.rpartition(".")
    if fault != "none":
        times = None if cell.always else 1
        simulator.goes_wrong(Fault(fault), place=place or Place.POST, times=times, seconds=0)


def _timeout(cell: Cell, kind: Kind) -> float:
    """Short where it is waited for; long enough for a good answer otherwise."""
    if cell.fault == "look.hang" and not cell.always:
        return 4 * LOOK_SECONDS
    if cell.fault in {"hang", "hang_before"} or (cell.always and cell.fault.startswith("look.")):
        return 0.5 if cell.always else 4.0 if kind is Kind.IMAGE else 1.5
    return 30.0
