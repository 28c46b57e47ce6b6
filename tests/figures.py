"""What `/metrics` said, to be asked by name."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


class Seen:
    """The samples of one answer."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    @classmethod
    async def by(cls, client: httpx.AsyncClient, url: str = "/metrics") -> Self:
        answer = await client.get(url)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return cls(answer.text)

    @classmethod
    async def until(cls, client: httpx.AsyncClient, holds: Callable[[Self], bool], url: str = "/metrics") -> Self:
        """The first answer that is so: what has happened is counted a moment later."""
        until = time.monotonic() + 20
        while not holds(seen := await cls.by(client, url)):
            assert time.monotonic() < until, seen.text
            await asyncio.sleep(0.02)
        return seen

    def of(self, name: str, **labels: str) -> Iterator[Sample]:
        return (one for one in self.samples if one.name == name and labels.items() <= one.labels.items())

    def sum(self, name: str, **labels: str) -> float:
        """Of all series with these labels; 0 where there is none."""
        return sum(one.value for one in self.of(name, **labels))

    def values(self, label: str) -> set[str]:
        """All that a label was ever set to."""
        return {one.labels[label] for one in self.samples if label in one.labels}


def names_in(expression: str) -> set[str]:
    """The names of the service's series in an expression of Prometheus."""
    return set(re.findall(r"\b(?:storybook|process)_\w+", expression))
