"""Protections switched off from outside, so that the table has to go red. The product knows nothing of this."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scripts.chaos.town import BUCKET, Town

FENCE = """
CREATE FUNCTION chaos.no_fence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.fence > 0 THEN NEW.fence := OLD.fence; END IF; RETURN NEW; END $$;
CREATE TRIGGER chaos_break BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos.no_fence();
"""
ARTIFACTS = """
CREATE FUNCTION chaos.forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM step_artifacts WHERE job_id = NEW.id AND step = 'generate_images'; RETURN NULL; END $$;
CREATE TRIGGER chaos_break AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (NEW.fence > OLD.fence AND OLD.fence > 0) EXECUTE FUNCTION chaos.forget();
"""
CAPTURE = """
DROP INDEX uq_one_ending;
CREATE FUNCTION chaos.twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 THEN
        INSERT INTO credit_transactions (user_id, job_id, transaction_type, source, target, amount, balance_after)
        VALUES (NEW.user_id, NEW.job_id, 'capture', NEW.source, NEW.target, NEW.amount, NEW.balance_after);
    END IF; RETURN NULL; END $$;
CREATE TRIGGER chaos_break AFTER INSERT ON credit_transactions FOR EACH ROW
    WHEN (NEW.transaction_type = 'capture') EXECUTE FUNCTION chaos.twice();
"""
LEASE = """
CREATE FUNCTION chaos.for_ever() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.lease_until IS NOT NULL THEN NEW.lease_until := now() + interval '1 day'; END IF; RETURN NEW; END $$;
CREATE TRIGGER chaos_break BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos.for_ever();
"""
NOBODY_ASKS = """
CREATE FUNCTION chaos.nobody_asks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE provider_calls SET outcome = 'failed', ended_at = now()
    WHERE job_id = NEW.id AND vendor_id IS {} AND outcome <> 'ok';
    RETURN NULL; END $$;
CREATE TRIGGER chaos_break AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (NEW.fence > OLD.fence AND OLD.fence > 0) EXECUTE FUNCTION chaos.nobody_asks();
"""
HANDED = """
CREATE FUNCTION chaos.hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.wait_until := now() + interval '8 seconds'; RETURN NEW; END $$;
CREATE TRIGGER chaos_break BEFORE UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.status = 'running' AND NEW.status = 'queued') EXECUTE FUNCTION chaos.hold_back();
"""
ORDERS = """
CREATE SEQUENCE chaos.orders;
CREATE FUNCTION chaos.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('chaos.orders') = 1 THEN RAISE 'nobody has thought of this'; END IF; RETURN NEW; END $$;
CREATE TRIGGER chaos_break BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION chaos.refuse();
"""
AMBUSH = """
CREATE OR REPLACE FUNCTION chaos.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
LEDGER = "UPDATE user_credits SET credits = credits + 1"
END = """
UPDATE jobs SET status = 'running', lease_owner = 'nobody:0:0', lease_until = now() + interval '5 minutes'
WHERE id = (SELECT min(id) FROM jobs WHERE status = 'done');
"""
DOUBLE = """
INSERT INTO jobs SELECT (jsonb_populate_record(jobs, '{"id": "job_of_nobody", "asset_token": "of nobody"}')).*
FROM jobs WHERE status = 'done' LIMIT 1;
"""
PLANTED = {"ledger": LEDGER, "end": END, "double": DOUBLE}
LIVING = "UPDATE jobs SET lease_until = now() WHERE status = 'running' RETURNING id"
BEFORE = {
    "fence": FENCE,
    "artifacts": ARTIFACTS,
    "capture": CAPTURE,
    "lease": LEASE,
    "ids": NOBODY_ASKS.format("NOT NULL"),
    "lists": NOBODY_ASKS.format("NULL"),
    "handed": HANDED,
    "orders": ORDERS,
    "ambush": AMBUSH,
}
AFTER = ("file", "charge", *PLANTED)
DURING = ("answers", "living")
BY_ACTS = ("guard", "book", "kill", "up", "stop", "exit", "slow", "crash", "flush", "messages")
"""What other modules do where the plan says that it is broken, and what is done while the run goes on."""
BREAKS = (*BEFORE, *DURING, *AFTER, *BY_ACTS)
RUDE_AFTER, RUDE_SECONDS = 2.0, 2.0


@asynccontextmanager
async def breaking(town: Town, what: str) -> AsyncIterator[None]:
    """Takes a protection away before the block, or while it goes on."""
    if what in BEFORE:
        await town.witness.tell(BEFORE[what])
    if what == "book":
        town.vendors.flag(contains="number 1")
    if what not in DURING:
        yield
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(_lose_users(town) if what == "answers" else _rob_the_living(town))
        yield


async def _lose_users(town: Town) -> None:
    """For a while nobody can be looked up, which is no outage that anybody has thought of."""
    await asyncio.sleep(RUDE_AFTER)
    await town.witness.tell("ALTER TABLE users RENAME COLUMN key_hash TO lost")
    await asyncio.sleep(RUDE_SECONDS)
    await town.witness.tell("ALTER TABLE users RENAME COLUMN lost TO key_hash")


async def _rob_the_living(town: Town) -> None:
    """A lease ends while its holder lives, so that another takes the job."""
    while not await town.witness.ask(LIVING):  # noqa: ASYNC110 - other processes bring it about
        await asyncio.sleep(0.5)


async def break_after(town: Town, what: str) -> None:
    """Plants after the run what a broken product would have left behind."""
    if what == "file":
        client = town.bucket()
        await asyncio.to_thread(client.put_object, Bucket=BUCKET, Key="books/nobody/0-nobody.png", Body=b"1")
    if what in PLANTED:
        await town.witness.tell(PLANTED[what])
    if what == "charge":
        paid = next(line for line in town.vendors.journal() if line["kind"] == "image")
        with town.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(paid) + "\n")
