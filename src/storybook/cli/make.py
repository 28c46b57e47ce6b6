"""One book, asked for over HTTP as the mobile app does, followed to its end and saved."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from storybook.cli.server import Address, say_where, serving
from storybook.core.errors import SetupError
from storybook.core.settings import AuthMode, Settings
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import DONE_SLUG, QUEUED_SLUG, JobState, Step
from storybook.resources import Resources
from storybook.services import accounts, credits, devices

POLL_SECONDS = 0.25
STOP_SECONDS = 30
STEP_NAMES = {
    QUEUED_SLUG: "Waiting",
    Step.NORMALIZE: "Reading the request",
    Step.MODERATE_INPUT: "Checking that it suits a child",
    Step.GENERATE_STORY: "Writing the story",
    Step.GENERATE_CHARACTER_SHEET: "Designing the characters",
    Step.GENERATE_IMAGE_PROMPTS: "Planning the pictures",
    Step.GENERATE_IMAGES: "Painting",
    Step.MODERATE_OUTPUT: "Checking every picture",
    Step.PACKAGE: "Binding the book",
    DONE_SLUG: "Done",
}


class Order(NamedTuple):
    spec: BookSpec
    out: Path
    once: bool


async def make_one(settings: Settings, address: Address, order: Order, console: Console) -> int:
    """The exit code: 0 when the book is done and saved."""
    _require_folder(order.out)
    async with serving(settings, address) as (resources, server):
        headers = await _user_with_a_credit(resources)
        async with httpx.AsyncClient(base_url=address.url, headers=headers, timeout=60, trust_env=False) as client:
            working = asyncio.create_task(_ask_and_save(client, order, console))
            await asyncio.wait((working, server), return_when=asyncio.FIRST_COMPLETED)
            if working.done() and isinstance(working.exception(), httpx.HTTPError):
                await asyncio.wait((server,), timeout=STOP_SECONDS)
            if server.done():
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                console.print("Stopped. A book that was begun goes on when storybook is started again.")
                return 1
            code = working.result()
        if not order.once:
            say_where(address, console, docs=settings.shows_docs)
            await server
    return code


def _require_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"--out: {out} cannot be used as a folder ({error.strerror}).") from error


async def _user_with_a_credit(resources: Resources) -> dict[str, str]:
    """The headers of this machine's own user, who never runs out of credits: the operator is the reader."""
    file = resources.settings.storybook_data_dir / "user_key"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(24))
    user_key = file.read_text()
    async with resources.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key(user_key, pepper=resources.pepper))
        if not await credits.balance(session, user_id):
            await credits.grant(session, user_id, 1, "made on this machine")
        if resources.settings.auth_mode is AuthMode.DEVICE_KEY:
            return {"X-User-Key": user_key}
        device = await devices.open_device(session, user_id)
    return {"Authorization": f"Bearer {resources.tokens.issue(device.bearer)}"}


async def _ask_and_save(client: httpx.AsyncClient, order: Order, console: Console) -> int:
    asked = order.spec.model_dump(mode="json", exclude_none=True)
    each_time_another_book = {"X-Idempotency-Key": secrets.token_urlsafe(16)}
    answer = await client.post("/v1/books", json=asked, headers=each_time_another_book)
    if answer.is_error:
        console.print(f"Refused: {answer.json()['error']['message']}", markup=False)
        return 1
    job = await _follow(client, answer.json()["job_id"], console)
    if job["status"] == JobState.FAILED:
        console.print(f"The book failed ({job['error']['code']}): {job['error']['message']}", markup=False)
        return 1
    try:
        folder = await _save(client, job["result"], order.out)
    except OSError as error:
        raise SetupError(f"The book is done but cannot be saved to {order.out} ({error.strerror}).") from error
    console.print(job["result"]["title"], style="bold", markup=False, highlight=False)
    for file in sorted(folder.iterdir()):
        console.print(f"  {file}", markup=False, highlight=False, soft_wrap=True)
    return 0


async def _follow(client: httpx.AsyncClient, job_id: str, console: Console) -> dict[str, Any]:
    """The job in its end state; shows the way there."""
    job: dict[str, Any] = {}
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(STEP_NAMES[QUEUED_SLUG].ljust(32), total=100)
        shown = ""
        async for job in _states(client, job_id):
            name = STEP_NAMES.get(job["current_step"], job["current_step"])
            bar.update(task, completed=job["progress"], description=name.ljust(32))
            if not console.is_terminal and shown != name:
                console.print(f"{job['progress']:3d} %  {name}")
                shown = name
    return job


async def _states(client: httpx.AsyncClient, job_id: str) -> AsyncIterator[dict[str, Any]]:
    while True:
        job = (await client.get(f"/v1/books/{job_id}")).raise_for_status().json()
        yield job
        if job["status"] in (JobState.DONE, JobState.FAILED):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _save(client: httpx.AsyncClient, book: dict[str, Any], out: Path) -> Path:
    """Writes the pictures, the text and the PDF; file names come from numbers, never from the story."""
    folder = out / str(book["book_id"])
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"cover": book["cover_image_url"]}
    pictures |= {f"page-{page['page_number']:02d}": page["image_url"] for page in book["pages"]}
    for name, url in pictures.items():
        picture = (await client.get(url)).raise_for_status()
        suffix = Path(httpx.URL(url).path).suffix
        await asyncio.to_thread((folder / f"{name}{suffix}").write_bytes, picture.content)
    pdf = (await client.get(f"/v1/books/{book['book_id']}/pdf")).raise_for_status()
    await asyncio.to_thread((folder / "book.pdf").write_bytes, pdf.content)
    story = "\n\n".join([book["title"], *(page["text"] for page in book["pages"])])
    await asyncio.to_thread((folder / "story.txt").write_text, story + "\n", encoding="utf-8")
    return folder
