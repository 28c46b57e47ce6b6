"""The API's document: current, complete, and true to what the app reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from storybook.main import api_document
from storybook.routers.document import TAGS, as_text

FILE = Path(__file__).parents[2] / "openapi.json"
DOCUMENT = api_document()
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}

JOB = "job_id kind status progress current_step error error_code error_message result"
BOOK = (
    "book_id id job_id title language target_age style theme character_id cover_image_url pdf_url audio_url pages "
    "created_at"
)
CHARACTER = (
    "character_id id name master_description appearance clothing personality_traits visual_style_notes created_at"
)
ACCOUNT = "user_id time_zone language signs_in_by books created_at"
DELETION = "deletion_id requested_at removed files_gone_at"
READ_BY_THE_APP = {
    "GET /health": "status version",
    "POST /v1/books": "job_id status estimated_time_seconds",
    "POST /v1/books/series": "job_id status",
    "GET /v1/books/{job_id}": JOB,
    "GET /v1/books/{job_id}/events": "",
    "POST /v1/books/{job_id}/retry": "job_id status estimated_time_seconds",
    "POST /v1/books/{job_id}/cancel": JOB,
    "POST /v1/books/{job_id}/pages/{page_number}/regenerate": "job_id status",
    "GET /v1/books/{book_id}/detail": BOOK,
    "GET /v1/books/{book_id}/pdf": "",
    "POST /v1/books/{book_id}/audio": "status message",
    "GET /v1/books/{book_id}/pages/{page_number}/audio": "audio_url",
    "POST /v1/characters": CHARACTER,
    "GET /v1/characters": "characters total",
    "GET /v1/characters/{character_id}": CHARACTER,
    "PATCH /v1/characters/{character_id}": CHARACTER,
    "DELETE /v1/characters/{character_id}": "message",
    "POST /v1/characters/from-photo": CHARACTER + " photo_url photo_analysis",
    "POST /v1/auth/device": "access_token token_type expires_in refresh_token refresh_expires_in",
    "POST /v1/auth/refresh": "access_token token_type expires_in refresh_token refresh_expires_in",
    "POST /v1/auth/logout": "message",
    "GET /v1/library": "books total",
    "PATCH /v1/library/{book_id}": BOOK,
    "DELETE /v1/library/{book_id}": "message",
    "GET /v1/credits/status": "credits subscription available_plans",
    "GET /v1/credits/balance": "credits",
    "GET /v1/credits/check": "has_credits current_credits required",
    "POST /v1/credits/add": "status message new_balance",
    "POST /v1/credits/subscribe": "status message subscription",
    "POST /v1/credits/cancel-subscription": "status message",
    "GET /v1/users/me": ACCOUNT,
    "PATCH /v1/users/me": ACCOUNT,
    "GET /v1/users/me/export": "",
    "DELETE /v1/users/me": DELETION,
    "GET /v1/deletions/{deletion_id}": DELETION,
    "GET /v1/streak/info": "current_streak longest_streak total_days last_read_date read_today streak_broken",
    "GET /v1/streak/today": "date theme theme_name topic book_id",
    "POST /v1/streak/today/generate": "job_id status",
    "POST /v1/streak/read": "current_streak longest_streak total_days new_streak_day milestones",
    "GET /v1/streak/history": "history",
    "GET /v1/streak/themes": "themes",
    "GET /v1/streak/calendar": "year month days total_read_days",
}
WITHOUT_A_USER = {"hear_store", "list_daily_themes"}
PARTS_READ_BY_THE_APP = {
    "SubscriptionBody": "plan credits_per_month current_period_end",
    "JobError": "code message",
    "CreditsPart": "credits total_purchased total_used",
    "SubscriptionPart": "plan plan_name status credits_per_month current_period_end features",
    "PlanPart": "id name price credits_per_month features",
    "TransactionAnswer": "id amount balance_after transaction_type description created_at",
    "PageAnswer": "page_number text image_url image_prompt audio_url",
    "ShelvedBook": "book_id id title cover_image_url target_age style theme created_at",
    "MilestoneAnswer": "type days title description",
    "HistoryDay": "date books_read total_time completed_count",
    "ThemeAnswer": "id name topics",
    "CalendarDay": "date day read books_count",
    "ErrorAnswer": "detail error",
    "ErrorBody": "code message details",
    "Appearance": "age_visual face hair skin body",
    "Clothing": "top bottom shoes accessories",
}
SENT_BY_THE_APP = {
    "CreditsPurchase": "amount transaction_id",
    "PlanPurchase": "plan",
    "BookSpec": "topic language target_age style page_count theme character_id character forbidden_elements",
    "AccountChange": "time_zone language",
    "ReadRequest": "book_id reading_time completed",
    "NewCharacter": "name master_description appearance clothing personality_traits visual_style_notes",
}


def fields(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return set(schema.get("properties", {}))


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for name, (_, _, operation) in OPERATIONS.items():
        bodies = {"request": operation["requestBody"]} if "requestBody" in operation else {}
        for what, body in (bodies | operation["responses"]).items():
            for kind, media in body["content"].items():
                if kind not in {"text/event-stream", "application/pdf", "application/zip"}:
                    yield f"{name} {what}", media["schema"], media.get("example")


def test_the_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text(DOCUMENT), "please run scripts/openapi.sh"


def test_the_document_is_the_same_every_time() -> None:
    assert as_text(api_document()) == as_text(DOCUMENT)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_all_that_a_client_needs(name: str) -> None:
    _, path, operation = OPERATIONS[name]
    assert "_" in name and name.islower()
    assert operation["summary"] and operation["description"]
    assert operation["tags"][0] in {tag["name"] for tag in TAGS}
    assert ("security" in operation) == (path.startswith("/v1") and name not in WITHOUT_A_USER)
    assert all(answer["description"] for answer in operation["responses"].values())
    refusals = {status for status in operation["responses"] if status != "200"}
    assert refusals >= {"400", "401", "422", "503"} or not path.startswith("/v1")
    assert "404" in refusals or "{" not in path
    assert {"x-user-key"}.isdisjoint(each["name"].lower() for each in operation.get("parameters", ()))


@pytest.mark.parametrize(("where", "schema", "example"), [pytest.param(*each, id=each[0]) for each in examples()])
def test_an_example_is_one(where: str, schema: dict[str, Any], example: Any) -> None:
    assert example is not None, where
    jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]}).validate(example)


def test_no_error_has_another_form() -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(DOCUMENT["components"]["schemas"])
    for _, path, operation in OPERATIONS.values():
        for status, answer in operation["responses"].items():
            if status != "200" and path.startswith("/v1"):
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")


@pytest.mark.parametrize("where", READ_BY_THE_APP)
def test_what_the_app_reads_is_there(where: str) -> None:
    method, path = where.split()
    answer = DOCUMENT["paths"][path][method.lower()]["responses"]["200"]
    schema = answer["content"].get("application/json", {}).get("schema", {})
    assert fields(schema) >= set(READ_BY_THE_APP[where].split())


@pytest.mark.parametrize("name", PARTS_READ_BY_THE_APP | SENT_BY_THE_APP)
def test_the_parts_of_what_the_app_reads_and_sends_are_there(name: str) -> None:
    expected = (PARTS_READ_BY_THE_APP | SENT_BY_THE_APP)[name]
    assert fields(DOCUMENT["components"]["schemas"][name]) >= set(expected.split())
