"""What a parent types is quoted as data, whatever it says: it never becomes a rule."""

import asyncio
import json
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import ProviderError
from storybook.domain.book_spec import BookSpec, HeroSpec
from storybook.domain.characters import CharacterSheet
from storybook.domain.story import CastMember, Role
from storybook.providers.base import RewriteRequest, SheetRequest, StoryRequest, TextCheck
from storybook.providers.registry import Providers
from tests.fakes import draft_for, sheet
from tests.fixtures_calls import Notebook, providers_of
from tests.fixtures_simulator import KEY, Simulated, settings_for
from tests.simulator.stories import data_in

CORPUS = Path(__file__).parents[1] / "corpora" / "injections" / "orders.jsonl"
MARK = "ZQX"
"""No prompt of ours holds it."""


class Typed(NamedTuple):
    """An order in every field that a parent can write into, marked so that it can be found again."""

    text: str

    def cut(self, most: int) -> str:
        return f"{MARK} {self.text}"[:most].rstrip()

    @property
    def name(self) -> str:
        """Another text than that of the other fields, in which it would be hidden."""
        return f"{MARK}N {self.text}"[:40].rstrip()

    @property
    def spec(self) -> BookSpec:
        hero = HeroSpec(name=self.name, appearance=self.cut(200), personality=(self.cut(40),))
        return BookSpec(
            topic=self.cut(200),
            target_age="5-7",
            style="watercolor",
            language="en",
            page_count=4,
            character=hero,
            forbidden_elements=(self.cut(40),),
            series_context=self.cut(500),
        )

    @property
    def friend(self) -> CharacterSheet:
        return sheet("Friend").model_copy(
            update={"master_description": self.cut(400), "personality_traits": (self.cut(40),)}
        )


def orders() -> list[Typed]:
    return [Typed(json.loads(line)) for line in CORPUS.read_text(encoding="utf-8").split("\n") if line]


async def ask_everything(typed: Typed, providers: Providers) -> None:
    """All questions that hold something a parent typed. What the answers are worth is not looked at."""
    story = StoryRequest(spec=typed.spec, known=(typed.friend,), seed=1)
    draft = draft_for(StoryRequest(spec=typed.spec, seed=1))
    member = CastMember(name=typed.name, role=Role.HERO, kind=typed.cut(60), look=typed.cut(200))
    rewrite = RewriteRequest(story=story, draft=draft, page_number=1, feedback=typed.cut(200), seed=1)
    check = TextCheck(
        texts=(typed.cut(200),), language="en", target_age="5-7", forbidden=(typed.cut(40),), names=(typed.name,)
    )
    asked = (
        providers.text.write_story(story),
        providers.text.rewrite_page(rewrite),
        providers.text.restage_page(rewrite),
        providers.text.design_cast(
            SheetRequest(cast=(member,), style="watercolor", seed=1, forbidden=(typed.cut(40),))
        ),
        providers.moderation.judge_request(check),
    )
    for failure in await asyncio.gather(*asked, return_exceptions=True):
        assert failure is None or not isinstance(failure, BaseException) or isinstance(failure, ProviderError)


def roles(body: dict[str, Any]) -> tuple[str, list[str]]:
    """What a request says in the system's role, and in all others."""
    messages = body["messages"]
    system = [body.get("system", ""), *(m["content"] for m in messages if m["role"] in {"system", "developer"})]
    others = [m["content"] for m in messages if m["role"] not in {"system", "developer"}]
    said = [text if isinstance(text, str) else text[-1]["text"] for text in others]
    return json.dumps(system, ensure_ascii=False), said


def is_one_value(line: str) -> bool:
    """Whether what follows the label of a line is JSON, whole and alone."""
    try:
        json.loads(line[min(at for at in (line.find("{"), line.find('"')) if at >= 0) :])
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("vendor", "part"), [("openai", 0), ("anthropic", 1)])
async def test_no_order_reaches_the_system_role_or_leaves_its_quotation(
    vendor: str, part: int, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    assert len(set(orders())) == 200
    mine = orders()[part::2]
    simulator.record()
    settings = settings_for(simulator, tmp_path, llm=vendor, moderation="judge", moderation_api_key=KEY)
    async with providers_of(settings, cpu, Notebook()) as providers:
        await asyncio.gather(*(ask_everything(typed, providers) for typed in mine))
    bodies = simulator.bodies()
    assert len(bodies) >= 4 * len(mine)
    quoted = set()
    for seen in bodies:
        system, others = roles(json.loads(seen["body"]))
        assert MARK not in system
        marked = [line for line in "\n".join(others).split("\n") if MARK in line]
        assert len(marked) <= len(others)
        for line in marked:
            assert line.splitlines() == [line] and is_one_value(line), line
        quoted.add(data_in(others[0]).get("topic"))
    assert quoted >= {unicodedata.normalize("NFC", typed.spec.topic) for typed in mine}
