"""What the tests of adapters share: one simulator for all of them, as new for each."""

from collections.abc import Iterator

import pytest

from tests.fixtures_simulator import Simulated, simulating


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulating(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture
def simulator(_simulator: Simulated) -> Simulated:
    _simulator.forget()
    return _simulator
