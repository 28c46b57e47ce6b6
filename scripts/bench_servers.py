"""The servers that scripts/bench.py measures: the service, and a bare FastAPI. One to a process."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import uvloop
from fastapi import Depends, FastAPI
from statements import noting_statements

from storybook.cli.server import BACKLOG, KEEP_ALIVE_SECONDS, Address, claimed
from storybook.core.database import Database
from storybook.core.logs import configure_logs
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.domain.finished import FinishedBook, FinishedPage
from storybook.domain.jobs import JobKind
from storybook.domain.orders import BookOrder, Claim
from storybook.main import create_app, settle
from storybook.providers.breaker import Rests
from storybook.resources import Resources, open_resources
from storybook.routers.limits import limit_calls
from storybook.services import accounts, books, credits, jobs
from storybook.services.quotas import Quotas

EMPTY = "/empty"
USER_KEY = "a-key-for-measuring"
NO_LIMITS = {"rate_limit_reads": 10**9, "rate_limit_polls": 10**9}
ROOMY = Quotas(books_per_day=1000, pending_books=1000, pending_books_in_all=1000, work_per_day=1000)
PAGES = 8
STREAMS = 500
LONG = 3600.0
LUNA = CharacterSheet(
    name="Luna",
    master_description="Luna, a small red fox with a green scarf",
    appearance=Appearance(age_visual="a child", face="white muzzle", hair="red fur", skin="fur", body="small"),
    clothing=Clothing(top="green scarf", bottom="none", shoes="none", accessories="none"),
    personality_traits=("kind",),
    visual_style_notes="soft shapes",
)


async def begin_book(database: Database, pepper: str) -> Claim:
    """A job that is worked on here, so that the service leaves it alone."""
    spec = BookSpec(
        topic="a fox and a light",
        language=Language.EN,
        target_age=TargetAge.EARLY_READER,
        style=Style.WATERCOLOR,
        page_count=PAGES,
    )
    async with database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key(USER_KEY, pepper=pepper))
        await credits.grant(session, user_id, 1, "the bench")
        job = await jobs.start(session, user_id, JobKind.BOOK, BookOrder(spec=spec), ROOMY)
        claim = await jobs.claim_next(session, owner="bench", lease_seconds=LONG)
    if claim is None or claim.job_id != job.id:
        raise RuntimeError("the job was not there to be taken")
    return claim


async def finish_book(database: Database, claim: Claim) -> None:
    folder = f"books/{claim.asset_token}"
    pages = tuple(
        FinishedPage(
            number, "Luna the fox walks on. She sees a light. " * 3, f"{folder}/page-{number}-0.png", "p" * 300
        )
        for number in range(1, PAGES + 1)
    )
    made_by = {"text": "studio", "image": "studio", "moderation": "studio"}
    finished = FinishedBook(
        "Luna and the Small Light", "A small light is enough.", f"{folder}/page-0-0.png", LUNA, pages, made_by
    )
    if not isinstance(claim.order, BookOrder):
        raise TypeError("only books are finished here")
    async with database.session() as session:
        await books.package(session, claim, claim.order, finished)


async def serve_service(data_dir: Path, more: dict[str, Any]) -> None:
    """The service over resources of its own; it also says what was counted before it listened."""
    told: dict[str, Any] = {"storybook_data_dir": data_dir, "public_url": "http://127.0.0.1:8000", **NO_LIMITS, **more}
    settings = Settings(_env_file=None, **told)
    async with open_resources(settings) as resources:
        claim = await begin_book(resources.database, resources.pepper)
        await finish_book(resources.database, claim)
        app = create_app(resources)
        await settle(app)
        counted = await count_statements(app, resources, claim.job_id)
        ready = {"database": resources.database.url, "pepper": resources.pepper, "job_id": claim.job_id, **counted}
        add_empty_route(app, await ask(app, f"/v1/books/{claim.job_id}"), dependencies=[Depends(limit_calls)])
        await serve(app, ready)


async def serve_books(told: str) -> None:
    """The service with these settings; it works on what is ordered, and vendors rest for less long."""
    settings, faster = json.loads(told)
    rests = Rests(*(seconds / faster for seconds in Rests()))
    async with open_resources(Settings(_env_file=None, **settings), rests) as resources:
        app = create_app(resources)
        await settle(app)
        await serve(app, {"database": resources.database.url, "pepper": resources.pepper})


async def serve_bare(answer: str) -> None:
    app = FastAPI()
    add_empty_route(app, json.loads(answer))
    await serve(app, {})


def add_empty_route(app: FastAPI, body: dict[str, Any], **options: Any) -> None:
    """A route that does nothing but to answer this."""

    @app.get(EMPTY, **options)
    async def same() -> dict[str, Any]:
        return body


async def ask(app: FastAPI, path: str) -> dict[str, Any]:
    async with client_of(app) as client:
        body: dict[str, Any] = (await client.get(path)).raise_for_status().json()
        return body


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://bench", headers={"X-User-Key": USER_KEY})


async def serve(app: FastAPI, ready: dict[str, Any]) -> None:
    """Until its standard input ends; what it says in a line of JSON is `ready` and its port."""
    with claimed(Address("127.0.0.1", 0)) as sock:
        sock.listen(BACKLOG)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        print(json.dumps(ready | {"port": sock.getsockname()[1]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await task


async def count_statements(app: FastAPI, resources: Resources, job_id: str) -> dict[str, int]:
    """How many statements one request of each kind sends to the database."""
    seen: list[str] = []
    counted = {}
    with noting_statements(resources.database, seen.append):
        async with client_of(app) as client:
            for name, path in {"poll": f"/v1/books/{job_id}", "library": "/v1/library"}.items():
                seen.clear()
                (await client.get(path)).raise_for_status()
                await asyncio.sleep(0)
                counted[name] = len(seen)
    return counted


if __name__ == "__main__":
    configure_logs(Settings.model_fields["log_level"].default, as_json=True)
    mode, told, *more = sys.argv[1:]
    match mode:
        case "bare":
            uvloop.run(serve_bare(told))
        case "books":
            uvloop.run(serve_books(told))
        case _:
            uvloop.run(serve_service(Path(told), json.loads(more[0]) if more else {}))
