"""The simulator of the vendors' wires as a process of its own on loopback, and a client that tells it what to do."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from storybook.core.settings import Settings
from tests.simulator import journal
from tests.simulator.faults import Fault, Place

ROOT = Path(__file__).parents[1]
PATHS = {
    "openai": "/openai/v1",
    "anthropic": "/anthropic",
    "replicate": "/replicate/v1",
    "fal": "/fal",
    "google": "/google/v1",
    "elevenlabs": "/elevenlabs",
}
KEY = "sk-a-key-of-a-test"


class Simulated:
    """A running simulator. What is read of the journal starts where `forget` was last called."""

    def __init__(self, address: str, path: Path) -> None:
        self.address = address
        self._path = path
        self._client = httpx.Client(base_url=f"{address}/_simulator", trust_env=False, timeout=30)
        self._read = 0

    def base_url(self, vendor: str) -> str:
        return self.address + PATHS[vendor]

    def goes_wrong(self, fault: Fault, **where: Any) -> None:
        """The next call that fits goes wrong; see `faults.Rule` for what can be said of where, when and how often."""
        self._tell("rules", {"fault": fault, **where})

    def works_again(self) -> None:
        """No rule of the script is left."""
        self._tell("well", None)

    def flag(self, **flag: Any) -> None:
        """Moderation flags texts that contain something, or all pictures; see `state.Flag`."""
        self._tell("flags", flag)

    def obeys(self, after: str, *into: str, coded: bool = False) -> None:
        """A language model does what a quoted text orders behind `after`; see `state.Obedience`."""
        self._tell("obeys", {"after": after, "into": into, "coded": coded})

    def takes(self, seconds: float, **where: str) -> None:
        """Calls, of a vendor or a kind, take so long."""
        self._tell("paces", {"seconds": seconds, **where})

    def record(self) -> None:
        """Keeps the bodies of all calls from now on."""
        self._tell("record", None)

    def forget(self) -> None:
        """As after its start."""
        self._tell("forget", None)
        self._read = len(journal.read(self._path))

    def journal(self) -> list[dict[str, Any]]:
        """What was charged, from the disk."""
        return journal.read(self._path)[self._read :]

    def charged(self) -> int:
        """Micro-dollars."""
        return sum(charge["micro_dollars"] for charge in self.journal())

    def posts(self, **of: str) -> int:
        """How many calls were received that ask for work; of a vendor or kind."""
        return self.counts(place=Place.POST, **of).total()

    def counts(self, **of: str) -> Counter[str]:
        """How many calls of each vendor, kind and place were received."""
        found: Counter[str] = Counter()
        for row in self._ask("counts"):
            if all(row[key] == value for key, value in of.items()):
                found[f"{row['vendor']} {row['kind']} {row['place']}"] += row["number"]
        return found

    def most_at_once(self, vendor: str) -> int:
        return int(self._ask("at_once").get(vendor, 0))

    def bodies(self) -> list[dict[str, Any]]:
        """What was recorded: vendor, kind, place, path and body of each call."""
        found: list[dict[str, Any]] = self._ask("bodies")
        return found

    def held(self) -> list[str]:
        """For each call that hangs, or hung, by a rule: what its body had to contain."""
        found: list[str] = self._ask("held")
        return found

    def close(self) -> None:
        self._client.close()

    def _tell(self, what: str, value: Any) -> None:
        self._client.post(f"/{what}", json=value).raise_for_status()

    def _ask(self, what: str) -> Any:
        return self._client.get(f"/{what}").raise_for_status().json()


@contextmanager
def simulating(folder: Path) -> Iterator[Simulated]:
    """A simulator that runs until the block ends; its journal is in the folder."""
    path = folder / "journal.jsonl"
    path.touch()
    command = [sys.executable, "-m", "tests.simulator", "--port", "0", "--journal", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not (address := process.stdout.readline().strip()):
                raise RuntimeError("the simulator did not start")
            simulated = Simulated(address, path)
            yield simulated
            simulated.close()
        finally:
            process.terminate()


def settings_for(simulated: Simulated, folder: Path, **more: Any) -> Settings:
    """Settings that send every vendor's calls to the simulator.

    `llm`, `image`, `tts`, `sight` and `moderation` name the provider of a kind; other words are settings themselves.
    """
    values: dict[str, Any] = {"storybook_data_dir": folder, "public_url": "http://testserver"}
    for name, value in more.items():
        if name in {"llm", "image", "tts", "sight", "moderation", "llm_fallback", "image_fallback", "tts_fallback"}:
            values |= {f"{name}_provider": value, f"{name}_api_key": KEY}
            vendor = next((part for part in str(value).split(",") if part in PATHS), None)
            values[f"{name}_base_url"] = simulated.base_url(vendor) if vendor else ""
        else:
            values[name] = value
    return Settings(_env_file=None, **values)
