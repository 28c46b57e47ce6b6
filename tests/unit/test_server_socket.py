"""The door of a process: its own from the start, and open only once somebody answers."""

import socket
from pathlib import Path

import pytest
from fastapi import FastAPI

from storybook.cli.server import Address, claimed, configure
from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from tests.fixtures_front import free_port


def test_whoever_comes_too_early_is_refused_and_does_not_wait() -> None:
    address = Address("127.0.0.1", free_port())
    with claimed(address) as door:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        door.listen()
        socket.create_connection(address, timeout=5).close()


async def test_who_asks_for_a_web_socket_is_answered_like_anybody_else(tmp_path: Path) -> None:
    config = configure(FastAPI(), Settings(_env_file=None, storybook_data_dir=tmp_path))
    config.load()
    assert config.ws_protocol_class is None


def test_a_door_that_another_process_has_is_named() -> None:
    address = Address("127.0.0.1", free_port())
    with claimed(address) as door:
        door.listen()
        with pytest.raises(SetupError, match=f"Port {address.port}"), claimed(address):
            pass
