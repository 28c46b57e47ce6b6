"""What the doctor asks of others: the database and the work in it, Redis, and the way that phones take."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from storybook.cli.finding import Finding
from storybook.core.broker import Broker
from storybook.core.database import Database
from storybook.core.errors import BrokerAway, SetupError
from storybook.core.migrations import is_current, is_newer
from storybook.core.settings import Settings
from storybook.resources import open_database
from storybook.services import audit, audit_work, operations
from storybook.services.limits_redis import connect

CLOCKS_DIFFER = 2.0
READY_TOO_LONG = 60.0
SECONDS = 5.0
DAY = 86_400
SOON = timedelta(days=14)
UNKNOWN_URL = "psql $DATABASE_URL -c 'SELECT 1'"


async def look_at_database(settings: Settings) -> AsyncIterator[Finding]:
    """The database, its clock, and what work and ledger in it tell."""
    where = f"our own PostgreSQL in {settings.storybook_data_dir}" if settings.embedded_database else "DATABASE_URL"
    mend = "storybook serve" if settings.embedded_database else UNKNOWN_URL
    try:
        async with open_database(settings, must_be_current=False, as_guest=True) as database:
            if not await is_current(database.engine):
                yield await _tables(database, where)
                return
            yield Finding("database", f"{where}, reachable, tables up to date")
            yield await _clock(database)
            yield await _work(database, settings)
            yield await _ledger(database)
    except SetupError as error:
        yield Finding("database", where, str(error), mend=error.mend or mend)


async def _tables(database: Database, where: str) -> Finding:
    if await is_newer(database.engine):
        said = "Its tables are of a newer version than this one"
        return Finding("database", where, said, mend="pip install --upgrade ai-story-book")
    return Finding("database", where, "Its tables are not of this version", mend="storybook migrate")


async def _clock(database: Database) -> Finding:
    before = time.time()
    async with database.reading() as session:
        there = (await operations.time(session)).timestamp()
    apart = max(before - there, there - time.time(), 0.0)
    if apart > CLOCKS_DIFFER:
        said = f"The clocks of this machine and of the database are {apart:.0f} s apart: tokens may end too early"
        return Finding("clock", "compared with the database's", said, mend="timedatectl set-ntp true")
    return Finding("clock", "agrees with the database's")


async def _work(database: Database, settings: Settings) -> Finding:
    """Whether somebody takes what waits, and brings it to its end."""
    async with database.reading() as session:
        lanes = await operations.lanes(session)
    running, waiting = sum(lane.running for lane in lanes), sum(lane.ready + lane.resting for lane in lanes)
    listed, mend = f"{running} jobs at work, {waiting} wait", "storybook serve"
    if settings.use_celery:
        mend = "storybook worker    # and, where none runs: storybook beat"
    if alone := sum(lane.left_alone for lane in lanes):
        return Finding(
            "work", listed, f"Nobody works on {alone} of them any more, and nobody took them over", mend=mend
        )
    oldest = max(lane.oldest for lane in lanes)
    if oldest > READY_TOO_LONG:
        said = f"One has been ready for {oldest:.0f} s"
        return Finding("work", listed, f"{said}, and nobody takes it" if not running else "", said, mend)
    if without_end := len(await audit_work.work_without_end(database)):
        return Finding("work", listed, f"{without_end} rows of jobs or budgets are not right", mend="storybook audit")
    return Finding("work", listed)


async def _ledger(database: Database) -> Finding:
    async with database.reading() as session:
        extent, wrong = await audit.extent(session), len(await audit.examine(session))
    listed = f"{extent.entries} entries of {extent.accounts} accounts"
    if wrong:
        return Finding("credits", listed, f"{wrong} rows of the ledger are not right", mend="storybook audit")
    return Finding("credits", f"{listed}, all right")


async def look_at_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Who carries messages to workers, and who counts calls."""
    if settings.use_celery:
        yield await _broker(settings)
    if settings.redis_url:
        if await _memory_of(settings.redis_url) is None:
            said = "REDIS_URL does not answer; until it does, each process counts calls for itself"
            yield Finding("limits", "counted over REDIS_URL", said, mend="redis-cli -u $REDIS_URL ping")
        else:
            yield Finding("limits", "counted over REDIS_URL, reachable")


async def _broker(settings: Settings) -> Finding:
    how = "Celery over CELERY_BROKER_URL"
    try:
        await Broker(settings.celery_broker_url).top_up({})
    except BrokerAway as error:
        said = f"{error}. Is it running, and right?"
        return Finding("workers", how, said, mend="redis-cli -u $CELERY_BROKER_URL ping")
    memory = await _memory_of(settings.celery_broker_url) or {}
    if (policy := memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        said = f"It throws messages away when it is full ({policy}); books then wait for the next sweep"
        mend = "redis-cli -u $CELERY_BROKER_URL config set maxmemory-policy noeviction"
        return Finding("workers", f"{how}, reachable", said, mend=mend)
    return Finding("workers", f"{how}, reachable")


async def _memory_of(url: str) -> dict[str, str] | None:
    """What a Redis says of its memory; None where it does not answer."""
    client = connect(url, SECONDS)
    try:
        async with aclosing(client):
            return dict(await client.info("memory"))
    except (RedisError, OSError, TimeoutError):
        return None


async def look_at_front_door(settings: Settings) -> AsyncIterator[Finding]:
    """Whether phones would trust the certificate, and for how long."""
    for name in ("public_url", "s3_public_url"):
        parts = urlsplit(str(getattr(settings, name)))
        if parts.scheme == "https" and parts.hostname:
            yield await _certificate(name.upper(), parts.hostname, parts.port or 443)


async def _certificate(setting: str, host: str, port: int) -> Finding:
    mend = f"openssl s_client -connect {host}:{port} -servername {host} </dev/null"
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "no TLS"
        return Finding("certificate", f"{setting}, {host}", f"Phones would not trust it: {why}", mend=mend)
    except (OSError, TimeoutError):
        said = f"{setting} cannot be reached from here; is nginx running?"
        return Finding("certificate", f"{setting}, {host}", doubt=said, mend=mend)
    until = ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"])
    writer.close()
    days = int((until - time.time()) // DAY)
    if days < SOON.days:
        said = f"The certificate ends in {days} days"
        return Finding("certificate", f"{setting}, {host}", doubt=said, mend="certbot renew")
    return Finding("certificate", f"{setting}, {host}, good for {days} days")
