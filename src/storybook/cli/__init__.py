"""The `storybook` command."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from storybook.cli.doctor import examine
from storybook.cli.make import Order, make_one
from storybook.cli.operator import MAX_GRANT, MAX_REASON, give, prove
from storybook.cli.server import Address, serve_until_told
from storybook.core.errors import SetupError
from storybook.core.logs import configure_logs
from storybook.core.migrations import migrate
from storybook.core.settings import LogLevel, Settings, load_settings
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.values import require_readable
from storybook.main import api_document
from storybook.resources import open_database
from storybook.routers.document import as_text

app = typer.Typer(
    help="Illustrated children's books from one sentence.", no_args_is_help=True, pretty_exceptions_enable=False
)
console = Console()
complaints = Console(stderr=True)

Host = Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 lets other devices in.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")]


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API and work on books, until told to stop."""
    _run(lambda settings: serve_until_told(settings, Address(host, port), console))


@app.command()
def make(
    topic: Annotated[
        str, typer.Argument(help="What the book is about.", show_default=True)
    ] = "a little fox who is afraid of the dark",
    age: Annotated[TargetAge, typer.Option(help="Who it is for.")] = TargetAge.EARLY_READER,
    style: Annotated[Style, typer.Option(help="How it is drawn.")] = Style.WATERCOLOR,
    language: Annotated[Language, typer.Option(help="The language of the story.")] = Language.EN,
    pages: Annotated[int, typer.Option(min=4, max=12, help="How many pages.")] = 8,
    out: Annotated[Path, typer.Option(help="The folder that gets a folder for this book.")] = Path("storybooks"),
    once: Annotated[bool, typer.Option("--once", help="Stop when the book is there, instead of serving on.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Start the service, make one book over its API, save it, and go on serving."""
    try:
        spec = BookSpec(topic=topic, target_age=age, style=style, language=language, page_count=pages)
    except ValidationError as error:
        _give_up(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}")
    order = Order(spec=spec, out=out, once=once)
    _run(lambda settings: make_one(settings, Address(host, port), order, console), log_level="warning")


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the database's tables to the newest form."""

    async def run(settings: Settings) -> int:
        async with open_database(settings, must_be_current=False) as database:
            await migrate(database.engine)
        console.print("The tables are up to date.")
        return 0

    _run(run)


@app.command()
def doctor() -> None:
    """Say what is configured, what is reachable and what is missing."""
    _run(lambda settings: examine(settings, console))


@app.command(name="audit")
def audit_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Prove the ledger of credits; exit code 1, and a line for each row that is wrong, when it is not right."""
    _run(lambda settings: prove(settings, console, as_json=as_json), log_level="warning")


@app.command()
def grant(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    amount: Annotated[int, typer.Argument(min=1, max=MAX_GRANT, help="How many credits.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the entry. No names, please.")],
) -> None:
    """Give credits to a user, and print the new balance."""
    user, reason = _readable("USER", user), _readable("--reason", reason)
    _run(lambda settings: give(settings, user, amount, reason, console), log_level="warning")


@app.command()
def openapi() -> None:
    """Print the description of the API that clients are made from."""
    sys.stdout.write(as_text(api_document()))


def _readable(name: str, value: str) -> str:
    """The value in one line; gives up on what cannot be printed, is empty or too long to keep."""
    try:
        line = " ".join(require_readable(value).split())
    except ValueError as error:
        _give_up(f"{name} {error}")
    if len(line) > MAX_REASON:
        _give_up(f"{name} may have at most {MAX_REASON} characters")
    return line


def _run(work: Any, *, log_level: LogLevel | None = None) -> None:
    """Runs a command; what the operator has to mend is said in one line, with exit code 2."""
    try:
        settings = load_settings()
        level = "debug" if settings.debug else log_level or settings.log_level
        configure_logs(level, as_json=settings.in_production or not sys.stderr.isatty())
        command: Coroutine[Any, Any, int] = work(settings)
        code = asyncio.run(command)
    except SetupError as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _give_up(sentence: str) -> NoReturn:
    complaints.print(f"storybook: {' '.join(sentence.split())}", soft_wrap=True, highlight=False, markup=False)
    raise SystemExit(2)
