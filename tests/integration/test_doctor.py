"""The doctor: whatever is broken is named, with the command that mends it."""

import asyncio
import shlex
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from storybook.cli.doctor import examine
from storybook.cli.doctor_machine import folder, room_of
from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.core.settings_rules import Mode, problems
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import JobKind
from storybook.domain.orders import BookOrder
from storybook.services import accounts, jobs
from storybook.services.limits_redis import connect
from tests.conftest import ROOMY
from tests.fixtures_front import certificate
from tests.fixtures_redis import RedisServer, redis_server

ORDER = BookOrder(spec=BookSpec(topic="a fox", target_age="5-7", style="watercolor", language="en", page_count=4))
Told = Callable[..., Awaitable[str]]


@pytest.fixture
def told(database: Database, tmp_path: Path) -> Told:
    """What the doctor says of these settings; nothing else is wrong with them."""

    async def tell(*, width: int = 400, **changes: Any) -> str:
        given = {"storybook_data_dir": tmp_path / "data", "database_url": database.url} | changes
        settings = Settings(_env_file=None, **given)
        console = Console(file=StringIO(), width=width)
        code = await examine(settings, console, problems(settings, Mode.DEVELOPMENT))
        shown: str = console.file.getvalue()  # type: ignore[attr-defined]
        assert code == int("wrong" in shown), shown
        return shown

    return tell


def is_ill(shown: str, part: str, mend: str) -> bool:
    """Whether that part alone is wrong, and that command is on one of its lines."""
    lines = shown.splitlines()
    ill = [number for number, line in enumerate(lines) if line.startswith("wrong")]
    return [lines[number].split()[1] for number in ill] == [part] and mend in " ".join(lines[ill[0] :])


@pytest.fixture
async def order(database: Database) -> str:
    """A book that has waited for a minute and a half."""
    async with database.session() as session:
        user_id = await accounts.sign_in(session, b"k" * 32)
        job = await jobs.start(session, user_id, JobKind.BOOK, ORDER, ROOMY)
        await session.execute(text("UPDATE jobs SET created_at = now() - interval '90 seconds'"))
        return job.id


async def test_a_house_in_order_needs_nothing(told: Told) -> None:
    shown = await told()
    assert "Nothing to mend." in shown and "→" not in shown
    for part in ("database", "clock", "work", "credits", "storage", "disk", "installed", "secrets", "providers"):
        assert f"ok  {part} " in shown, shown


@pytest.mark.parametrize("key", ["sk-kéy-1f0", "sk-1f0\nsk-2f0", " "])
async def test_a_key_that_no_header_can_carry_is_named_and_neither_sent_nor_shown(told: Told, key: str) -> None:
    shown = await told(llm_provider="openai", llm_base_url="http://127.0.0.1:9/v1", llm_api_key=key)
    assert is_ill(shown, "settings", "LLM_API_KEY has a blank, a new line or a letter beyond ASCII")
    assert not key.strip() or key not in shown


@pytest.mark.parametrize("name", ["llm_provider", "llm_fallback_provider", "moderation_provider"])
async def test_a_key_in_the_place_of_a_provider_is_named_and_not_shown(told: Told, name: str) -> None:
    shown = await told(**{name: "sk-proj-4f9a1c7d"})
    assert is_ill(shown, "providers", "set it in the environment")
    assert name.upper() in shown and "4f9a1c7d" not in shown


async def test_work_that_nobody_takes_is_named(told: Told, order: str, rows: Any) -> None:
    assert is_ill(await told(), "work", "storybook serve")
    await rows(
        "UPDATE jobs SET status = 'running', lease_owner = 'x', lease_until = now() - interval '2 minutes' RETURNING id"
    )
    assert is_ill(await told(), "work", "storybook serve")
    assert "storybook worker" in await told(use_celery=True, celery_broker_url="redis://127.0.0.1:9/0")


async def test_a_ledger_that_is_not_right_is_named(told: Told, order: str, rows: Any) -> None:
    await rows("UPDATE jobs SET created_at = now() RETURNING id")
    await rows("UPDATE user_credits SET credits = credits + 5 RETURNING credits")
    assert is_ill(await told(), "credits", "storybook audit")


async def test_tables_of_another_version_are_named(told: Told, rows: Any, empty_database: Database) -> None:
    assert is_ill(await told(database_url=empty_database.url), "database", "storybook migrate")
    await rows("UPDATE alembic_version SET version_num = '9999' RETURNING version_num")
    assert is_ill(await told(), "database", "pip install --upgrade")


async def test_a_database_of_another_name_is_to_be_made(told: Told, database: Database) -> None:
    address = database.engine.url.set(database="books of them")
    shown = await told(database_url=address.render_as_string(hide_password=False))
    command = f"createdb -h {address.query['host']} -U {address.username} 'books of them' && storybook migrate"
    assert "has no database of that name" in shown and "does not answer" not in shown
    assert is_ill(shown, "database", command)


async def test_a_user_whom_the_database_does_not_know_is_refused_and_it_does_answer(
    told: Told, database: Database
) -> None:
    address = database.engine.url.set(username="stranger", password="5a0c1f7e9b3d2486")
    shown = await told(database_url=address.render_as_string(hide_password=False))
    assert "refuses this user or password" in shown and "does not answer" not in shown
    assert is_ill(shown, "database", f"-U stranger -d {address.database}") and "5a0c1f7e9b3d2486" not in shown


@pytest.mark.parametrize(
    ("state", "said", "mend"),
    [
        ("28P01", "refuses this user or password", "psql -W -h 127.0.0.1 -p {port} -U ann -d books"),
        ("3D000", "has no database of that name", "createdb -h 127.0.0.1 -p {port} -U ann books"),
        ("53300", "refuses (SQLSTATE 53300)", "psql $DATABASE_URL"),
    ],
)
async def test_a_database_that_answers_is_not_said_to_be_away(told: Told, state: str, said: str, mend: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        fields = b"SFATAL\0VFATAL\0C" + state.encode() + b"\0Mno\0\0"
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        shown = await told(database_url=f"postgresql://ann:5a0c1f7e9b3d2486@127.0.0.1:{port}/books?sslmode=disable")
    assert said in shown and "does not answer" not in shown and "5a0c1f7e9b3d2486" not in shown
    assert is_ill(shown, "database", mend.format(port=port))


@pytest.mark.parametrize(
    ("part", "mend", "settings"),
    [
        ("database", "psql $DATABASE_URL", {"database_url": "postgresql://nobody@127.0.0.1:9/nothing"}),
        ("limits", "redis-cli -u $REDIS_URL ping", {"redis_url": "redis://127.0.0.1:9/0"}),
        (
            "workers",
            "redis-cli -u $CELERY_BROKER_URL ping",
            {"use_celery": True, "celery_broker_url": "redis://127.0.0.1:9/0"},
        ),
        (
            "storage",
            "aws s3 ls s3://books",
            {"s3_bucket": "books", "s3_endpoint": "http://127.0.0.1:9", "s3_public_url": "http://x"},
        ),
        ("providers", "LLM_API_KEY is not set", {"llm_provider": "openai"}),
        ("app", "APPLE_APP_ID", {"apple_bundle_id": "app.family.books"}),
        ("settings", "set it in the environment", {"heartbeat_seconds": 20}),
    ],
)
async def test_what_is_away_or_set_up_wrongly_is_named(
    told: Told, part: str, mend: str, settings: dict[str, Any]
) -> None:
    assert is_ill(await told(**settings), part, mend)


def test_a_folder_that_cannot_be_written_and_a_disk_that_is_full_are_named(tmp_path: Path) -> None:
    assert folder(tmp_path / "a" / "b").problem == ""
    refused = folder(Path("/dev/null/data"))
    assert "cannot be written" in refused.problem and refused.mend.startswith("mkdir -p /dev/null/data")
    enough, little, full = (room_of(free, tmp_path) for free in (10 * 1024**3, 1024**3, 10 * 1024**2))
    assert (enough.problem, enough.doubt) == ("", "")
    assert not little.problem and little.doubt
    assert full.problem and full.mend.startswith("du ")


async def test_secrets_that_others_can_read_are_named(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "data" / "user_key_pepper"
    file.parent.mkdir()
    file.write_text("a pepper")
    file.chmod(0o644)
    shown = await told()
    assert is_ill(shown, "secrets", f"chmod 600 {file}") and "a pepper" not in shown
    file.chmod(0o600)
    assert "Nothing to mend" in await told()


async def test_nothing_is_cut_off_where_lines_are_short(told: Told, tmp_path: Path) -> None:
    folder = tmp_path / "a-long-name-of-a-folder" / "and another one with blanks, and [brackets] :fox:"
    folder.mkdir(parents=True)
    secrets = [folder / name for name in ("user_key_pepper", "access_token_secret")]
    for file in secrets:
        file.write_text("a secret")
        file.chmod(0o644)
    shown = await told(width=80, storybook_data_dir=folder)
    assert f"chmod 600 {shlex.join(map(str, secrets))}" in shown.splitlines()
    assert "…" not in shown and "".join(f"{folder}, can be written".split()) in "".join(shown.split())


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


async def test_a_broker_that_forgets_is_named(told: Told, redis: RedisServer) -> None:
    celery = {"use_celery": True, "celery_broker_url": redis.url, "redis_url": redis.url}
    assert "Nothing to mend" in await told(**celery)
    async with aclosing(connect(redis.url)) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
    assert is_ill(await told(**celery), "workers", "config set maxmemory-policy noeviction")


async def test_a_certificate_that_phones_would_not_trust_is_named(told: Told, tmp_path: Path) -> None:
    certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        shown = await told(public_url=f"https://localhost:{port}")
    assert is_ill(shown, "certificate", f"openssl s_client -connect localhost:{port}")
    away = await told(public_url=f"https://localhost:{port}")
    assert "cannot be reached" in away and "Nothing to mend" in away


async def test_a_data_folder_below_a_file_is_named_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    console = Console(file=StringIO(), width=400)
    settings = Settings(_env_file=None, storybook_data_dir=tmp_path / "file" / "data")
    assert await examine(settings, console, problems(settings, Mode.DEVELOPMENT)) == 1
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert "wrong  database" in shown and "Not a directory" in shown
    assert "wrong  data folder" in shown
