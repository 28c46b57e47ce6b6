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
READ_BY_THE_APP = {
    "GET /health": "status version",
    "POST /v1/books": "job_id status estimated_time_seconds",
    "POST /v1/books/series": "job_id status",
    "GET /v1/books/{job_id}": JOB,
    "POST /v1/books/{job_id}/pages/{page_number}/regenerate": "job_id status",
    "GET /v1/books/{book_id}/detail": BOOK,
    "GET /v1/books/{book_id}/pdf": "",
    "POST /v1/books/{book_id}/audio": "status message",
    "GET /v1/books/{book_id}/pages/{page_number}/audio": "audio_url",
    "POST /v1/characters": CHARACTER,
    "GET /v1/characters": "characters total",
    "GET /v1/characters/{character_id}": CHARACTER,
    "DELETE /v1/characters/{character_id}": "message",
    "POST /v1/characters/from-photo": CHARACTER + " photo_url photo_analysis",
    "GET /v1/library": "books total",
    "DELETE /v1/library/{book_id}": "message",
}
PARTS_READ_BY_THE_APP = {
    "JobError": "code message",
    "PageAnswer": "page_number text image_url image_prompt audio_url",
    "ShelvedBook": "book_id id title cover_image_url target_age style theme created_at",
    "ErrorAnswer": "detail error",
    "ErrorBody": "code message details",
    "Appearance": "age_visual face hair skin body",
    "Clothing": "top bottom shoes accessories",
}
SENT_BY_THE_APP = {
    "BookSpec": "topic language target_age style page_count theme character_id character forbidden_elements",
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
                if kind not in {"text/event-stream", "application/pdf"}:
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
    assert ("security" in operation) == path.startswith("/v1")
    assert all(answer["description"] for answer in operation["responses"].values())
    refusals = {status for status in operation["responses"] if status != "200"}
    assert refusals >= {"400", "422", "503"} or not path.startswith("/v1")
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
