"""Checks that all work comes to its end and that every stored file belongs to something."""

from collections.abc import AsyncIterator

from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.errors import ObjectMissing
from storybook.services.audit import Finding
from storybook.storage.base import Storage

CHECKS = (
    """
    SELECT 'lease', 'job ' || id, 'one that is renewed, or taken over', 'none since ' || lease_until
    FROM jobs WHERE status = 'running' AND lease_until < now() - interval '60 seconds'
    """,
    """
    SELECT 'end', 'job ' || id, 'an end within a day', status || ' since ' || created_at
    FROM jobs WHERE status IN ('queued', 'running') AND created_at < now() - interval '1 day'
    """,
    """
    SELECT 'time of its end', 'job ' || id, 'a time', 'none, though it is ' || status
    FROM jobs WHERE status IN ('done', 'failed') AND finished_at IS NULL
    """,
    """
    SELECT 'reservation', 'budget of job ' || budget.job_id, 'closed', 'open, though the job is '
        || coalesce(jobs.status, 'gone')
    FROM job_budgets AS budget LEFT JOIN jobs ON jobs.id = budget.job_id
    WHERE NOT budget.closed AND (jobs.id IS NULL OR jobs.status IN ('done', 'failed'))
    """,
    """
    SELECT 'removal', 'file ' || key, 'gone within an hour', 'due since ' || due_at
    FROM discarded_files WHERE due_at < now() - interval '1 hour'
    """,
    """
    SELECT 'photo', 'photo of job ' || jobs.id, 'gone with the end of its job', 'still there'
    FROM job_photos JOIN jobs ON jobs.id = job_photos.job_id WHERE jobs.status IN ('done', 'failed')
    """,
)
STATEMENT = text("\nUNION ALL\n".join(CHECKS))

_OWNERLESS = text(
    """
    WITH stored AS MATERIALIZED (
        SELECT key, split_part(key, '/', 2) AS token FROM unnest(CAST(:keys AS text[])) AS listed (key)
    ), job AS MATERIALIZED (
        SELECT id, status, asset_token, request ->> 'book_id' AS book_id
        FROM jobs WHERE asset_token IN (SELECT token FROM stored)
    ), book AS MATERIALIZED (
        SELECT books.* FROM books JOIN job ON books.job_id = job.id
        UNION SELECT books.* FROM books JOIN job ON books.id = job.book_id
    ), owned AS MATERIALIZED (
        SELECT unnest(ARRAY[cover_key, pdf_key, audio_key]) AS key FROM book
        UNION ALL SELECT unnest(ARRAY[image_key, pages.audio_key]) FROM pages JOIN book ON book.id = pages.book_id
        UNION ALL SELECT artifact ->> 'key' FROM step_artifacts JOIN job ON job.id = step_artifacts.job_id
            WHERE job.status <> 'failed'
        UNION ALL SELECT key FROM discarded_files
            WHERE key IN (SELECT key FROM stored UNION SELECT 'books/' || token || '/' FROM stored)
        UNION ALL SELECT 'books/' || asset_token || '/' FROM job WHERE status IN ('queued', 'running')
    )
    SELECT key FROM stored WHERE NOT EXISTS (
        SELECT FROM owned WHERE owned.key IN (stored.key, 'books/' || stored.token || '/')
    )
    ORDER BY key
    """
)


async def work_without_end(database: Database) -> list[Finding]:
    """Jobs that nobody works on or that never end, and what is still kept of those that have: money that is set aside,
    photos, files that were to be removed.
    """
    async with database.reading() as session:
        return [Finding(*row) for row in await session.execute(STATEMENT)]


async def files_of_nobody(database: Database, storage: Storage) -> AsyncIterator[Finding]:
    """Stored files that no book, no job and no removal knows. They are listed a page at a time."""
    last = ""
    while keys := await storage.keys(last):
        last = keys[-1]
        async with database.reading() as session:
            ownerless = list(await session.scalars(_OWNERLESS, {"keys": keys}))
        for key in ownerless:
            if await _is_there(storage, key):
                yield Finding("owner", f"file {key}", "a book or a job that it belongs to", "none")


async def _is_there(storage: Storage, key: str) -> bool:
    """Whether it was not removed since it was listed. What has no media type was left behind by a write."""
    try:
        await storage.get(key)
    except ObjectMissing:
        return False
    except ValueError:
        return True
    return True
