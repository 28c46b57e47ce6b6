"""What could cost too much today is refused before anything is asked or written, and can be asked for again."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from storybook.core.settings import Settings
from storybook.main import create_app
from storybook.resources import Resources
from tests.conftest import USER_KEY
from tests.fakes import FakeScreen, sheet

WORST_OF_ONE = 0.6
"""Dollars: six pictures at four cents, each paid for twice at most, and a little more."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    paid = {"image_provider": "replicate", "image_api_key": "a key", "budget_per_day": WORST_OF_ONE}
    return Settings(_env_file=None, **settings.model_dump(exclude={*paid}, exclude_unset=True), **paid)


async def test_the_days_cap_refuses_in_the_form_of_all_refusals_and_the_same_key_works_later(
    idle: httpx.AsyncClient, spec: dict[str, Any], rows: Any
) -> None:
    first = (await idle.post("/v1/books", json=spec)).json()["job_id"]
    before = await rows("SELECT credits, held, (SELECT count(*) FROM jobs) FROM user_credits")
    keyed = {"X-Idempotency-Key": "the second book"}
    other = spec | {"topic": "another book"}
    refused = await idle.post("/v1/books", json=other, headers=keyed)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_BUDGET_EXCEEDED")
    assert 0 < int(refused.headers["Retry-After"]) <= 24 * 60 * 60 + 1
    assert await rows("SELECT credits, held, (SELECT count(*) FROM jobs) FROM user_credits") == before
    assert (await idle.post(f"/v1/books/{first}/cancel")).status_code == 200
    accepted = await idle.post("/v1/books", json=other, headers=keyed)
    assert accepted.status_code == 200
    assert (await idle.post("/v1/books", json=other, headers=keyed)).json() == accepted.json()


async def test_a_character_is_not_judged_for_money_that_is_not_there(
    resources: Resources, screen: FakeScreen, rows: Any
) -> None:
    paid = {"llm_provider": "openai", "llm_api_key": "a key", "moderation_provider": "judge", "budget_per_day": 0.0001}
    poor = Settings(_env_file=None, **resources.settings.model_dump(exclude={*paid}, exclude_unset=True), **paid)
    transport = httpx.ASGITransport(create_app(replace(resources, settings=poor)))
    headers = {"X-User-Key": USER_KEY}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
        refused = await client.post("/v1/characters", json=sheet("Luna").model_dump())
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_BUDGET_EXCEEDED")
    assert screen.checked_texts == []
    assert await rows("SELECT (SELECT count(*) FROM characters), (SELECT count(*) FROM job_budgets)") == [(0, 0)]
