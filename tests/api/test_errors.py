"""A failure of ours is answered in the form of every error, and says nothing of what went on inside."""

import httpx
import pytest

from storybook.main import create_app
from storybook.resources import Resources


@pytest.fixture
async def broken(resources: Resources) -> httpx.AsyncClient:
    app = create_app(resources)

    @app.get("/broken")
    async def fail() -> None:
        raise RuntimeError("a secret of the inside")

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://testserver"
    )


async def test_an_unexpected_failure_tells_no_secret(broken: httpx.AsyncClient) -> None:
    answer = await broken.get("/broken", headers={"X-Request-ID": "my-request-1"})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "my-request-1"
    assert "secret" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("proposed", ["", "short", "with blank s", "x" * 65, "<script>alert</script>"])
async def test_a_request_id_that_cannot_be_trusted_is_replaced(broken: httpx.AsyncClient, proposed: str) -> None:
    answer = await broken.get("/health", headers={"X-Request-ID": proposed})
    assert answer.headers["x-request-id"] != proposed
    assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/characters", "GET, POST"),
        ("/v1/characters/from-photo", "POST"),
        ("/v1/characters/char_1", "DELETE, GET, PATCH"),
        ("/health", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_which_ones_there_are(broken: httpx.AsyncClient, path: str, methods: str) -> None:
    answer = await broken.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
