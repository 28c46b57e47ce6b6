"""The user's own account: settings, all of it as a zip, and its end."""

import asyncio
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from storybook.core.errors import LeaseLost, StorageError
from storybook.core.tokens import Bearer
from storybook.domain.jobs import Step
from storybook.models import (
    Base,
    Book,
    CreditTransaction,
    DailyBook,
    DailyStreak,
    Device,
    DiscardedFiles,
    Job,
    JobPhoto,
    Milestone,
    RateLimit,
    ReadingLog,
    RefreshToken,
    StoreTransaction,
    Subscription,
    User,
)
from storybook.resources import Resources
from storybook.services import accounts, archive, artifacts, credits, export, files, jobs, parking
from storybook.storage.base import StoredObject
from tests.api.conftest import SPEC, Follow
from tests.conftest import USER_KEY
from tests.fakes import FakePainter

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
ME = "/v1/users/me"
BOUGHT_AT = datetime(2026, 11, 1, tzinfo=UTC)
TITLE = "Luna and the light"
MAY_NAME_A_USER = {"credit_transactions"}
OF_NOBODY = ("daily_stories", "periodic_runs")


def stored(resources: Resources) -> list[Path]:
    assets = resources.settings.storybook_data_dir / "assets"
    return [path for path in assets.rglob("*") if path.is_file()]


async def everything_of(resources: Resources, user_id: str, book_id: str) -> None:
    """Adds a row of the user to every table that no route fills here."""
    now = datetime.now(UTC)
    async with resources.database.session() as session:
        await session.execute(update(User).where(User.id == user_id).values(time_zone="Asia/Seoul"))
        job = await session.scalar(select(Job).where(Job.user_id == user_id).limit(1))
        assert job
        session.add(Device(id="device_1", user_id=user_id))
        await session.flush()
        session.add(RefreshToken(token_hash=b"t" * 32, device_id="device_1", expires_at=now + timedelta(days=1)))
        session.add(JobPhoto(job_id=job.id, photo=b"\xff\xd8 a face"))
        session.add(DailyStreak(user_id=user_id, current_streak=1, longest_streak=1, total_days=1))
        session.add(Milestone(user_id=user_id, kind="days", days=1))
        session.add(DailyBook(user_id=user_id, date=date(2026, 1, 1), job_id=job.id))
        session.add(ReadingLog(user_id=user_id, book_id=book_id, read_date=date(2026, 1, 1)))
        for subject in (f"user:user:{user_id}", f"user:key:{key_hash(resources).hex()}"):
            await session.execute(delete(RateLimit).where(RateLimit.subject == subject))
            session.add(RateLimit(subject=subject, call_class="write", admitted=[now], expires_at=now))
        session.add(
            StoreTransaction(
                store="apple",
                transaction_id="2000001",
                original_transaction_id="2000001",
                user_id=user_id,
                product_id="credits_10",
                kind="credits",
                credits=10,
                worth=10,
                purchased_at=BOUGHT_AT,
            )
        )
        session.add(
            Subscription(
                user_id=user_id,
                store="apple",
                original_transaction_id="2000002",
                plan="basic",
                status="active",
                credits_per_month=10,
                current_period_start=now,
                current_period_end=now + timedelta(days=30),
            )
        )


def key_hash(resources: Resources) -> bytes:
    return accounts.hash_user_key(USER_KEY, pepper=resources.pepper)


async def traces(resources: Resources, *words: str) -> list[str]:
    """Where one of the words can still be read: every column of every table is looked at as text."""
    found = []
    async with resources.database.session() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(select(table))).mappings():
                for column, value in row.items():
                    shown = (
                        value.hex() if isinstance(value, bytes) else json.dumps(value, default=str, ensure_ascii=False)
                    )
                    found += [f"{table.name}.{column}: {word}" for word in words if word in shown]
    return found


async def files_gone(client: httpx.AsyncClient, deletion_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            proof: dict[str, Any] = (
                await client.get(f"/v1/deletions/{deletion_id}", headers={"X-User-Key": ""})
            ).json()
            if proof["files_gone_at"]:
                return proof
            await asyncio.sleep(0.05)


async def exported(client: httpx.AsyncClient) -> ZipFile:
    answer = await client.get(f"{ME}/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    zipped = ZipFile(io.BytesIO(answer.content))
    assert zipped.testzip() is None
    return zipped


def sheet(zipped: ZipFile, name: str) -> Any:
    return json.loads(zipped.read(name))


@pytest.fixture
async def full(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, resources: Resources) -> dict[str, str]:
    """An account that has something of everything."""
    book_id = made["result"]["book_id"]
    again = await client.post(f"/v1/books/{made['job_id']}/pages/1/regenerate", json={"mode": "both"})
    assert (await ended(again.json()["job_id"]))["status"] == "done"
    spoken = await client.post(f"/v1/books/{book_id}/audio")
    assert (await ended(spoken.json()["job_id"]))["status"] == "done"
    assert (await client.get(f"/v1/books/{book_id}/pdf")).status_code == 200
    user_id = (await client.get(ME)).json()["user_id"]
    await everything_of(resources, user_id, book_id)
    return {"user_id": user_id, "book_id": book_id, "job_id": made["job_id"]}


# settings


async def test_an_account_says_who_one_is(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert made
    me = (await client.get(ME)).json()
    assert me.pop("user_id").startswith("user_")
    assert datetime.fromisoformat(me.pop("created_at"))
    assert me == {"time_zone": "UTC", "language": "ko", "signs_in_by": "key", "books": 1}


async def test_whoever_gave_the_key_up_signs_in_by_device(idle: httpx.AsyncClient, resources: Resources) -> None:
    user_id = (await idle.get(ME)).json()["user_id"]
    async with resources.database.session() as session:
        await session.execute(update(User).values(key_hash=None))
        session.add(Device(id="device_1", user_id=user_id))
    token = resources.tokens.issue(Bearer(user_id, "device_1"))
    me = (await idle.get(ME, headers={"Authorization": f"Bearer {token}"})).json()
    assert (me["user_id"], me["signs_in_by"]) == (user_id, "device")


async def test_time_zone_and_language_are_set_each_for_itself(idle: httpx.AsyncClient) -> None:
    assert (await idle.patch(ME, json={"time_zone": "Asia/Seoul"})).json()["time_zone"] == "Asia/Seoul"
    assert (await idle.patch(ME, json={"language": "ja"})).json()["language"] == "ja"
    assert (await idle.patch(ME, json={})).status_code == 200
    me = (await idle.get(ME)).json()
    assert (me["time_zone"], me["language"]) == ("Asia/Seoul", "ja")


@pytest.mark.parametrize(
    "wish",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "asia/seoul "},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "localtime"},
        {"time_zone": "UTC\x00"},
        {"time_zone": ""},
        {"time_zone": 9},
        {"language": "fr"},
        {"language": "KO"},
        {"credits": 100},
        {"time_zone": "Asia/Seoul", "user_id": "user_x"},
        ["Asia/Seoul"],
    ],
)
async def test_a_setting_that_cannot_be_is_refused_and_nothing_is_set(
    idle: httpx.AsyncClient, wish: Any, rows: Rows
) -> None:
    await idle.get(ME)
    assert (await idle.patch(ME, json=wish)).status_code == 422
    assert await rows("SELECT time_zone, language FROM users") == [("UTC", "ko")]


# export


async def test_an_export_holds_everything_under_speaking_names(
    client: httpx.AsyncClient, full: dict[str, str], resources: Resources
) -> None:
    zipped = await exported(client)
    book = f"books/001 {TITLE}"
    names = zipped.namelist()
    assert {name for name in names if name.startswith("books/")} == {
        f"{book}/book.json",
        f"{book}/cover.png",
        f"{book}/book.pdf",
        f"{book}/the whole book.mp3",
        *(f"{book}/page {number:02}.{kind}" for number in range(1, 5) for kind in ("png", "mp3")),
    }
    page = sheet(zipped, f"{book}/book.json")["pages"][0]
    assert (page["picture"], page["audio"]) == ("page 01.png", "page 01.mp3")
    assert zipped.read(f"{book}/page 01.mp3") == b"ID3" + page["text"].encode()
    assert zipped.read(f"{book}/book.pdf").startswith(b"%PDF")
    assert sheet(zipped, "account/account.json")["id"] == full["user_id"]
    assert sheet(zipped, "account/account.json")["time_zone"] == "Asia/Seoul"
    assert [entry["transaction_type"] for entry in sheet(zipped, "credits/ledger.json")][:2] == ["gift", "hold"]
    assert sheet(zipped, "credits/balance.json")["credits"] == 2
    assert sheet(zipped, "characters.json")[0]["name"] == "Luna"
    assert sheet(zipped, f"jobs/{full['job_id']}/job.json")["request"]["spec"]["topic"] == SPEC["topic"]
    for name in ("account/devices", "credits/purchases", "credits/subscriptions", "reading/log", "reading/milestones"):
        assert len(sheet(zipped, f"{name}.json")) == 1, name
    assert datetime.fromisoformat(sheet(zipped, "credits/purchases.json")[0]["purchased_at"]) == BOUGHT_AT
    assert any(name.endswith("photo.jpg") for name in names)
    kept = {path.read_bytes() for path in stored(resources)}
    assert kept <= {zipped.read(name) for name in names}


async def test_the_manifest_names_all_files_and_those_that_are_missing(
    client: httpx.AsyncClient, made: dict[str, Any], resources: Resources
) -> None:
    assert made
    next(path for path in stored(resources) if path.name.startswith("0-")).unlink()
    zipped = await exported(client)
    manifest = sheet(zipped, "manifest.json")
    assert manifest["missing"] == [f"books/001 {TITLE}/cover.png"]
    listed = {file["name"]: file["bytes"] for file in manifest["files"]}
    assert listed == {info.filename: info.file_size for info in zipped.infolist() if info.filename != "manifest.json"}


async def test_an_export_holds_no_secret_and_no_address(
    client: httpx.AsyncClient, full: dict[str, str], resources: Resources, rows: Rows
) -> None:
    assert full
    zipped = await exported(client)
    secrets = [str(token) for (token,) in await rows("SELECT asset_token FROM jobs")]
    secrets += [key_hash(resources).hex(), USER_KEY, (b"t" * 32).hex(), "device_1"]
    for name in zipped.namelist():
        if name.endswith(".json"):
            sheet_text = zipped.read(name).decode()
            assert not [secret for secret in secrets if secret in sheet_text], name


async def test_a_title_becomes_a_name_that_every_machine_takes(
    client: httpx.AsyncClient, made: dict[str, Any], resources: Resources
) -> None:
    assert made
    async with resources.database.session() as session:
        await session.execute(update(Book).values(title="../..\\루나: 달?\u202e" + "아" * 60 + ". "))
    folders = {name.split("/")[1] for name in (await exported(client)).namelist() if name.startswith("books/")}
    assert folders == {"001 루나 달" + "아" * 52}


async def test_an_export_while_a_book_is_made_holds_what_is_there(
    client: httpx.AsyncClient, painter: FakePainter, rows: Rows
) -> None:
    painter.gate.clear()
    job_id = (await client.post("/v1/books", json=SPEC)).json()["job_id"]
    async with asyncio.timeout(30):
        while not painter.drawing:
            await asyncio.sleep(0.02)
    zipped = await exported(client)
    painter.gate.set()
    job = sheet(zipped, f"jobs/{job_id}/job.json")
    assert job["status"] == "running"
    assert "generate_story" in {step["step"] for step in job["steps"]}
    for _ in range(5):
        await exported(client)


async def test_only_ones_own_is_exported(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert made
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    assert (await client.get(f"{ME}/export", headers=stranger)).status_code == 404
    await client.get(ME, headers=stranger)
    answer = await client.get(f"{ME}/export", headers=stranger)
    assert TITLE.encode() not in answer.content


class ManyPictures:
    """A storage with as many large files as anybody asks for."""

    def __init__(self, size: int) -> None:
        self._size = size

    async def get(self, key: str) -> StoredObject:
        return StoredObject(bytes([ord(key[-5]) % 256]) * self._size, "image/png")


async def test_an_archive_needs_memory_for_one_file_only() -> None:
    size, number = 1_000_000, 60

    async def pictures() -> AsyncIterator[archive.Entry]:
        for count in range(number):
            yield archive.Kept(f"{count}.png", f"books/x/{count}.png")

    tracemalloc.start()
    length = 0
    async for part in archive.zipped(pictures(), ManyPictures(size)):  # type: ignore[arg-type]
        length += len(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length > size * number
    assert peak < 6 * size


async def test_an_archive_is_broken_off_when_the_storage_is_away() -> None:
    class Away:
        async def get(self, key: str) -> StoredObject:
            raise StorageError(key)

    async def one() -> AsyncIterator[archive.Entry]:
        yield archive.Kept("a.png", "a.png")

    with pytest.raises(StorageError):
        _ = [part async for part in archive.zipped(one(), Away())]  # type: ignore[arg-type]


async def test_an_archive_of_many_sheets_begins_before_all_of_them_are_read() -> None:
    read = []

    async def sheets() -> AsyncIterator[archive.Entry]:
        for count in range(3 * archive.HELD_BACK):
            read.append(count)
            yield archive.Sheet(f"{count}.json", {})

    parts = await archive.begun(archive.zipped(sheets(), ManyPictures(1)))  # type: ignore[arg-type]
    assert len(read) == archive.HELD_BACK
    zipped = ZipFile(io.BytesIO(b"".join([part async for part in parts])))
    assert len(zipped.namelist()) == 3 * archive.HELD_BACK + 1


def test_what_is_kept_as_bytes_never_gets_into_a_sheet() -> None:
    with pytest.raises(TypeError):
        archive.as_json({"key_hash": b"secret"})


def test_an_export_knows_every_table_with_something_of_a_user() -> None:
    told = {table for table, _ in export._SHEETS.values()} | {Book, Job}
    of_a_user = {table.class_ for table in Base.registry.mappers if "user_id" in table.columns}
    of_what_vendors_took = {"JobBudget", "ProviderCall"}
    assert {table.__name__ for table in of_a_user - told} == {"IdempotencyKey"} | of_what_vendors_took


# deletion


async def test_a_deleted_account_leaves_nothing_but_its_entries_and_a_proof(
    client: httpx.AsyncClient, full: dict[str, str], resources: Resources, rows: Rows
) -> None:
    assert len(stored(resources)) > 8
    deletion = (await client.delete(ME)).json()
    assert deletion["removed"] == {
        "books": 1, "pages": 4, "characters": 1, "jobs": 3, "photos": 1, "devices": 1, "subscriptions": 1,
        "readings": 1,
    }  # fmt: skip
    proof = await files_gone(client, deletion["deletion_id"])
    assert proof["removed"] == deletion["removed"]
    assert stored(resources) == []
    words = (full["user_id"], key_hash(resources).hex(), "Luna", TITLE, SPEC["topic"], full["job_id"], "device_1")
    left = {trace.split(".")[0] for trace in await traces(resources, *words)}
    assert left == MAY_NAME_A_USER
    kept = "account_deletions", "alembic_version", "credit_transactions", "store_transactions", *OF_NOBODY
    async with resources.database.session() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in kept:
                assert (await session.execute(select(table))).all() == [], table.name
    assert await rows("SELECT user_id, transaction_id FROM store_transactions") == [(None, "2000001")]
    assert await rows("SELECT transaction_type, amount FROM credit_transactions ORDER BY id DESC LIMIT 1") == [
        ("close", 2)
    ]


async def test_the_same_key_is_a_new_user_afterwards(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    before = (await client.get(ME)).json()
    await client.delete(ME)
    assert (await client.delete(ME)).status_code == 404
    assert (await client.get(f"{ME}/export")).status_code == 404
    assert (await client.get(f"/v1/books/{made['job_id']}")).status_code == 404
    after = (await client.get(ME)).json()
    assert after["user_id"] != before["user_id"]
    assert after["books"] == 0


async def test_a_deleted_users_token_opens_nothing(idle: httpx.AsyncClient, resources: Resources) -> None:
    user_id = (await idle.get(ME)).json()["user_id"]
    async with resources.database.session() as session:
        session.add(Device(id="device_1", user_id=user_id))
    bearer = {"Authorization": f"Bearer {resources.tokens.issue(Bearer(user_id, 'device_1'))}"}
    assert (await idle.delete(ME, headers=bearer)).status_code == 200
    for method, path in (("GET", ME), ("PATCH", ME), ("GET", f"{ME}/export"), ("DELETE", ME), ("GET", "/v1/library")):
        assert (await idle.request(method, path, headers=bearer, json={})).status_code == 401, path


async def test_an_account_without_files_has_its_proof_at_once(idle: httpx.AsyncClient) -> None:
    await idle.get(ME)
    deletion = (await idle.delete(ME)).json()
    assert deletion["files_gone_at"]
    assert (await idle.get("/v1/deletions/deletion_unknown")).status_code == 404


async def test_others_keep_everything(client: httpx.AsyncClient, made: dict[str, Any], resources: Resources) -> None:
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    await client.get(ME, headers=stranger)
    before = sorted(stored(resources))
    deletion = (await client.delete(ME, headers=stranger)).json()
    await files_gone(client, deletion["deletion_id"])
    assert sorted(stored(resources)) == before
    assert (await client.get(f"/v1/books/{made['result']['book_id']}/detail")).status_code == 200


async def test_what_is_under_way_is_stopped_first_and_its_credit_released(idle: httpx.AsyncClient, rows: Rows) -> None:
    await idle.post("/v1/books", json=SPEC)
    assert (await idle.delete(ME)).status_code == 200
    entries = "SELECT transaction_type, amount FROM credit_transactions ORDER BY id"
    assert await rows(entries) == [("gift", 3), ("hold", 1), ("release", 1), ("close", 3)]


async def test_a_runner_of_a_deleted_user_can_write_nothing_and_what_it_stored_goes(
    idle: httpx.AsyncClient, resources: Resources, rows: Rows
) -> None:
    await idle.post("/v1/books", json=SPEC)
    async with resources.database.session() as session:
        claim = await jobs.claim_next(session, owner="another process", lease_seconds=30)
    assert claim
    deletion = (await idle.delete(ME)).json()
    assert await files.remove_discarded(resources.database, resources.storage) == 1
    key = f"{files.folder_of(claim.asset_token)}/1-late.png"
    await resources.storage.put(key, b"late", "image/png")
    for write in (
        lambda _: artifacts.save(resources.database, claim, Step.NORMALIZE, -1, {}),
        lambda session: jobs.finish(session, claim),
        lambda session: jobs.renew(session, claim, lease_seconds=30),
    ):
        with pytest.raises(LeaseLost):
            async with resources.database.session() as session:
                await write(session)
    proof = (await idle.get(f"/v1/deletions/{deletion['deletion_id']}")).json()
    assert proof["files_gone_at"] is None, "the runner may still write"
    async with resources.database.session() as session:
        await session.execute(update(DiscardedFiles).values(due_at=func.now()))
    await files.remove_discarded(resources.database, resources.storage)
    assert stored(resources) == []
    assert await rows("SELECT count(*) FROM discarded_files") == [(0,)]
    assert await rows("SELECT count(*) FROM account_deletions WHERE files_gone_at IS NOT NULL") == [(1,)]

    await resources.storage.put(key, b"very late", "image/png")
    async with resources.database.session() as session:
        assert not await parking.finished_after_all(session, claim)
    await files.remove_discarded(resources.database, resources.storage)
    assert stored(resources) == []


async def test_a_running_book_of_a_deleted_user_leaves_no_file(
    client: httpx.AsyncClient, painter: FakePainter, resources: Resources
) -> None:
    painter.gate.clear()
    await client.post("/v1/books", json=SPEC)
    async with asyncio.timeout(30):
        while not painter.drawing:
            await asyncio.sleep(0.02)
    deletion = (await client.delete(ME)).json()
    painter.gate.set()
    await files_gone(client, deletion["deletion_id"])
    async with asyncio.timeout(30):
        while painter.drawing or stored(resources):
            await asyncio.sleep(0.05)


async def test_files_that_were_not_removed_before_a_crash_are_removed_by_the_next_process(
    idle: httpx.AsyncClient, resources: Resources, rows: Rows
) -> None:
    await idle.post("/v1/books", json=SPEC)
    [(token,)] = await rows("SELECT asset_token FROM jobs")
    await resources.storage.put(f"books/{token}/0-cover.png", b"a picture", "image/png")

    class Broken(type(resources.storage)):  # type: ignore[misc]
        async def delete_prefix(self, prefix: str) -> int:
            raise StorageError("away")

    deletion = (await idle.delete(ME)).json()
    broken = Broken(resources.settings.storybook_data_dir / "assets", "")
    with pytest.raises(StorageError):
        await files.remove_discarded(resources.database, broken)
    assert len(stored(resources)) == 1
    assert deletion["files_gone_at"] is None
    await files.remove_discarded(resources.database, resources.storage)
    assert stored(resources) == []
    assert (await idle.get(f"/v1/deletions/{deletion['deletion_id']}")).json()["files_gone_at"]


async def test_what_is_discarded_again_while_it_is_removed_is_removed_again(resources: Resources) -> None:
    class Slow(type(resources.storage)):  # type: ignore[misc]
        async def delete_prefix(self, prefix: str) -> int:
            gone: int = await super().delete_prefix(prefix)
            await resources.storage.put("books/x/late.png", b"late", "image/png")
            async with resources.database.session() as session:
                await files.discard(session, "books/x/")
            return gone

    async with resources.database.session() as session:
        await files.discard(session, "books/x/")
    slow = Slow(resources.settings.storybook_data_dir / "assets", "")
    await files.remove_discarded(resources.database, slow)
    await files.remove_discarded(resources.database, resources.storage)
    assert stored(resources) == []


async def test_one_file_that_cannot_be_removed_does_not_keep_the_others(resources: Resources, rows: Rows) -> None:
    class Picky(type(resources.storage)):  # type: ignore[misc]
        async def delete(self, key: str) -> None:
            if key == "books/x/a.png":
                raise StorageError("not this one")

    picky = Picky(resources.settings.storybook_data_dir / "assets", "")
    async with resources.database.session() as session:
        await files.discard(session, "books/x/a.png", "books/x/b.png")
    with pytest.raises(StorageError):
        await files.remove_discarded(resources.database, picky)
    with pytest.raises(StorageError):
        await files.remove_discarded(resources.database, picky)
    assert await rows("SELECT key FROM discarded_files") == [("books/x/a.png",)]


async def test_of_two_deletions_at_once_one_wins(idle: httpx.AsyncClient, rows: Rows) -> None:
    await idle.get(ME)
    answers = await asyncio.gather(*(idle.delete(ME) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
    assert await rows("SELECT count(*) FROM account_deletions") == [(1,)]
    assert await rows("SELECT count(*) FROM users") == [(0,)]


async def test_a_book_that_is_ordered_while_its_reader_is_deleted_is_refused(
    idle: httpx.AsyncClient, resources: Resources, rows: Rows
) -> None:
    user_id = (await idle.get(ME)).json()["user_id"]
    async with resources.database.session() as session:
        await credits.close(session, user_id)
        await session.execute(delete(User))
        order = asyncio.create_task(idle.post("/v1/books", json=SPEC))
        await asyncio.sleep(0.3)
    refused = await order
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT")
    assert await rows("SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM idempotency_keys)") == [(0, 0)]


async def test_books_that_are_ordered_during_a_deletion_are_deleted_or_somebody_elses(
    idle: httpx.AsyncClient, resources: Resources
) -> None:
    user_id = (await idle.get(ME)).json()["user_id"]
    orders = [idle.post("/v1/books", json=SPEC | {"topic": f"a fox {number}"}) for number in range(8)]
    answers = await asyncio.gather(*orders[:4], idle.delete(ME), *orders[4:])
    assert answers[4].status_code == 200
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    async with resources.database.session() as session:
        assert await session.get(User, user_id) is None
        assert await session.scalar(select(Job.id).where(Job.user_id == user_id)) is None
        mine = (CreditTransaction.user_id == user_id, CreditTransaction.job_id.is_not(None))
        entries = await session.execute(
            select(CreditTransaction.job_id, func.count()).where(*mine).group_by(CreditTransaction.job_id)
        )
        assert {number for _, number in entries} <= {2}, "every hold has its ending"
        of_all = select(func.sum(CreditTransaction.amount)).where(CreditTransaction.user_id == user_id)
        given = await session.scalar(of_all.where(CreditTransaction.source == "given"))
        assert await session.scalar(of_all.where(CreditTransaction.target == "closed")) == given == 3


async def test_a_deletion_gives_way_to_a_runner_that_ends_a_book(idle: httpx.AsyncClient, resources: Resources) -> None:
    """The runner has the job and wants the user, the deletion has the user and wants the job."""
    user_id = (await idle.get(ME)).json()["user_id"]
    await idle.post("/v1/books", json=SPEC)
    async with resources.database.session() as session:
        claim = await jobs.claim_next(session, owner="me", lease_seconds=30)
        assert claim
    async with resources.database.session() as session:
        await jobs.finish(session, claim)
        deletion = asyncio.create_task(idle.delete(ME))
        await asyncio.sleep(0.5)
        await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True, read=True))
    assert (await deletion).status_code == 200
