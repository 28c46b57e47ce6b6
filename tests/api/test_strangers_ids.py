"""Whose an id is cannot be told: somebody else's answers as one that never was, in every operation that names an id."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx

from storybook.core.errors import ErrorCode, ProviderError
from storybook.main import api_document
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakeAuthor

DOCUMENT = api_document()
NAMES_AN_ID = re.compile(r"_ids?$|^series$")
NO_SECRET = {"deletion_id", "transaction_id"}
"""Proofs: whoever knows one may ask about it."""

KIND_OF = {"previous_book_id": "book_id", "series": "book_id", "character_ids": "character_id"}
NEEDED_BESIDE = {("create_next_book", "character_ids"): ("character_id",)}
OF_THE_CALL = re.compile("x-request-id|ratelimit|x-next-cursor|date")


class Case(NamedTuple):
    """One operation, and the place in it where an id is named."""

    operation: str
    method: str
    path: str
    place: str
    name: str
    body: dict[str, Any] | None

    def sent_with(self, identifier: str) -> dict[str, Any]:
        """The request that names this id."""
        path = self.path.replace("{" + self.name + "}", identifier) if self.place == "path" else self.path
        request: dict[str, Any] = {"method": self.method, "url": path.replace("{page_number}", "1")}
        if self.body is not None:
            named: dict[str, Any] = dict.fromkeys(NEEDED_BESIDE.get((self.operation, self.name), ()), identifier)
            named[self.name] = [identifier] if self.name.endswith("s") else identifier
            request["json"] = self.body | (named if self.place == "body" else {})
        if self.place == "query":
            request["params"] = {self.name: identifier}
        return request


def cases() -> Iterator[Case]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            what = (operation["operationId"], method.upper(), path)
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            body = without_ids(content["example"]) if content else None
            places = [(each["in"], each["name"]) for each in operation.get("parameters", ()) if each["in"] != "header"]
            places += [("body", name) for name in (fields_of(content["schema"]) if content else ())]
            for place, name in places:
                if NAMES_AN_ID.search(name) and name not in NO_SECRET:
                    yield Case(*what, place, name, body)


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not NAMES_AN_ID.search(name)}


def fields_of(schema: dict[str, Any]) -> set[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return set(DOCUMENT["components"]["schemas"][name].get("properties", {})) if name else set()


def seen(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """What a client can tell of an answer, but for what is of this very call."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    headers = {name: value for name, value in answer.headers.items() if not OF_THE_CALL.search(name)}
    return answer.status_code, body, headers


def test_every_place_where_an_id_is_named_is_known() -> None:
    found = {(case.operation, case.name) for case in cases()}
    assert found >= {("retry_job", "job_id"), ("follow_job", "job_id"), ("create_next_book", "previous_book_id")}
    assert len(found) >= 20


async def test_somebody_elses_id_answers_exactly_as_an_unknown_one(
    client: httpx.AsyncClient, made: dict[str, Any], author: FakeAuthor, ended: Follow
) -> None:
    author.errors = [ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)]
    failed = await ended((await client.post("/v1/books", json=SPEC | {"topic": "a hare"})).json()["job_id"])
    book = made["result"]
    theirs = {
        "job_id": [made["job_id"], failed["job_id"]],
        "book_id": [book["book_id"]],
        "character_id": [book["character_id"]],
    }
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    told: dict[str, Any] = {}
    for case in cases():
        never = seen(await client.request(**case.sent_with("never_was"), headers=stranger))
        assert never[0] == (200 if case.operation == "list_books" else 404), (case, never)
        for identifier in theirs[KIND_OF.get(case.name, case.name)]:
            answer = seen(await client.request(**case.sent_with(identifier), headers=stranger))
            if answer != never:
                told[f"{case.operation} {case.name}"] = answer, never
    assert told == {}
    assert (await client.get(f"/v1/books/{book['book_id']}/detail")).json() == book
