"""Stories that the operator has scored are paid like any others: written down call by call, and within the caps."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import func, select

from storybook.cli.scoring import OPERATOR, golden, measure
from storybook.core.database import Database
from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.calls import Outcome, dollars
from storybook.models import JobBudget, ProviderCall
from tests.fixtures_language import Double, said

ASKED_TWICE = 2 * len(golden())
NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"


async def scored(database: Database, double: Double, **more: Any) -> str:
    """What is printed where a vendor that costs a little answers with nonsense. It is the second of the settings, and
    none of the other ones is asked or sees to it.
    """
    first = {"llm_provider": "anthropic", "llm_api_key": "a-key-of-the-first", "image_provider": "crayon"}
    paid = {"base_url": double.url, "price": "0.1/0.5", "model": "a model", "provider": "openai"}
    second = {f"llm_fallback_{name}": value for name, value in paid.items()}
    settings = Settings(_env_file=None, database_url=database.url, **(first | second | more))
    console = Console(file=StringIO(), width=200)
    assert await measure(settings, "openai", console) == 1
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_books_that_could_not_be_had_count_nothing_cost_all_the_same_and_are_written_down(
    database: Database,
) -> None:
    with Double([said("openai", "no JSON")] * ASKED_TWICE).serving() as double:
        shown = await scored(database, double)
    assert shown.count("openai, asked twice: the answer is not one whole JSON object") == len(golden())
    cost = ASKED_TWICE * (100 + 1000)
    assert f"openai: 0.0% in the mean, {dollars(cost)} dollars" in shown
    async with database.reading() as session:
        rows = select(func.count(), func.sum(ProviderCall.micro_dollars), func.count(ProviderCall.job_id))
        assert tuple((await session.execute(rows)).one()) == (ASKED_TWICE, cost, 0)
        ends = await session.scalars(select(ProviderCall.outcome).distinct())
        assert set(ends) == {Outcome.OK}
        today = select(func.sum(JobBudget.used)).where(JobBudget.user_id == OPERATOR, JobBudget.closed)
        most = await session.scalar(today)
    assert most is not None and most > cost
    assert shown.startswith(f"openai: at most {dollars(int(most))} dollars")


async def test_no_story_is_paid_for_beyond_the_cap_of_the_day(database: Database) -> None:
    double = Double([])
    with double.serving():
        shown = await scored(database, double, budget_per_book=0.001, budget_per_user_day=0.001)
    assert not double.asked
    assert shown.count("This would cost more than one book may. Please ask for fewer pages.") == len(golden())
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ProviderCall)) == 0


async def test_the_studio_is_measured_without_a_database() -> None:
    console = Console(file=StringIO(), width=200)
    settings = Settings(_env_file=None, database_url=NOWHERE, llm_provider="openai")
    assert await measure(settings, "studio", console) == 0
    assert "studio: at most 0.000000 dollars" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        ("anthropic", r"^--provider: nothing is set for anthropic\. Set LLM_PROVIDER to it and LLM_API_KEY to its key"),
        ("antropic", "^--provider: there is no provider of that name; choose one of studio, openai, anthropic"),
        ("", "^LLM_API_KEY is not set, and openai wants one"),
    ],
)
async def test_a_provider_is_asked_with_settings_of_its_own_or_not_at_all(provider: str, told: str) -> None:
    settings = Settings(_env_file=None, database_url=NOWHERE, llm_provider="openai")
    with pytest.raises(SetupError, match=told):
        await measure(settings, provider, Console(file=StringIO()))
