"""Serves the simulator on loopback until it is stopped; prints its address once it listens."""

import argparse
import socket
from pathlib import Path

import uvicorn

from tests.simulator.app import Simulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/simulate.sh", description=__doc__)
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one")
    parser.add_argument("--journal", type=Path, default=Path(".data/simulator.jsonl"))
    options = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", options.port), backlog=256)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer's body waits 40 ms for its head
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - it is asked for
    config = uvicorn.Config(
        Simulator(options.journal),
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
