"""The door of a process: its own from the start, and open only once somebody answers."""

import socket

import pytest

from storybook.cli.server import Address, claimed
from storybook.core.errors import SetupError
from tests.fixtures_front import free_port


def test_whoever_comes_too_early_is_refused_and_does_not_wait() -> None:
    address = Address("127.0.0.1", free_port())
    with claimed(address) as door:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        door.listen()
        socket.create_connection(address, timeout=5).close()


def test_a_door_that_another_process_has_is_named() -> None:
    address = Address("127.0.0.1", free_port())
    with claimed(address) as door:
        door.listen()
        with pytest.raises(SetupError, match=f"Port {address.port}"), claimed(address):
            pass
