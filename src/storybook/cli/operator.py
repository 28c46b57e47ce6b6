"""What an operator does about credits: prove the ledger, and give some."""

import json

from rich.console import Console

from storybook.core.errors import NotFound, SetupError
from storybook.core.settings import Settings
from storybook.resources import make_storage, open_database
from storybook.services import audit, audit_work, credits

MAX_GRANT = 10_000
MAX_REASON = 200


async def prove(settings: Settings, console: Console, *, as_json: bool) -> int:
    """Prints what is wrong with the ledger, with unfinished work and with stored files, a line for each row.

    The exit code is 1 then, and 0 when all is right.
    """
    storage = make_storage(settings)
    async with open_database(settings, as_guest=True) as database:
        async with database.reading() as session:
            extent = await audit.extent(session)
            findings = await audit.examine(session)
        findings += await audit_work.work_without_end(database)
        findings += [finding async for finding in audit_work.files_of_nobody(database, storage)]
    await storage.close()
    if as_json:
        listed = [finding._asdict() for finding in findings]
        _say(console, json.dumps(extent._asdict() | {"findings": listed}, ensure_ascii=False))
        return int(bool(findings))
    for finding in findings:
        _say(console, str(finding))
    size = f"{extent.entries} entries of {extent.accounts} accounts"
    _say(console, f"Something is wrong: {len(findings)} findings in {size}." if findings else f"All right: {size}.")
    return int(bool(findings))


async def give(settings: Settings, user_id: str, amount: int, reason: str, console: Console) -> int:
    """Gives credits to a user and prints the new balance. Raises SetupError for a user that is not there."""
    async with open_database(settings, as_guest=True) as database:
        try:
            async with database.session() as session:
                await credits.grant(session, user_id, amount, reason)
                balance = await credits.balance(session, user_id)
        except NotFound as error:
            raise SetupError(f"There is no user {user_id}. A user's id begins with user_.") from error
    _say(console, f"{user_id} has {balance} credits now.")
    return 0


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
