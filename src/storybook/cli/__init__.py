"""The `storybook` command."""

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console

from storybook.cli.beat import keep_time
from storybook.cli.costs import MAX_DAYS, Wanted, tell
from storybook.cli.doctor import examine
from storybook.cli.make import Order, make_one
from storybook.cli.operator import MAX_GRANT, MAX_REASON, give, prove
from storybook.cli.prompts import Shown, show
from storybook.cli.scoring import measure
from storybook.cli.server import Address, serve_until_told
from storybook.cli.worker import work_in_lane, work_in_lanes
from storybook.core.configuration import load_settings, read_all
from storybook.core.errors import SetupError
from storybook.core.logs import configure_logs
from storybook.core.migrations import migrate
from storybook.core.settings import LogLevel, Settings
from storybook.core.settings_rules import Problem
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.jobs import Lane
from storybook.domain.values import require_readable
from storybook.main import api_document
from storybook.resources import open_database
from storybook.routers.document import as_text
from storybook.services.costs import By

app = typer.Typer(
    help="Illustrated children's books from one sentence.", no_args_is_help=True, pretty_exceptions_enable=False
)
prompts = typer.Typer(help="Read the prompts that language models get, and measure what they write.")
app.add_typer(prompts, name="prompts", no_args_is_help=True)
console = Console()
complaints = Console(stderr=True)

Host = Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 lets other devices in.")]
Alive = Annotated[Path | None, typer.Option(help="A file to mark every few seconds, for whoever watches the process.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")]


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API and work on books, until told to stop."""
    _run(lambda settings: serve_until_told(settings, Address(host, port), console))


@app.command()
def worker(
    lane: Annotated[Lane | None, typer.Option(help="Only these jobs; without it a process for each lane.")] = None,
    alive: Alive = None,
    parent: Annotated[int | None, typer.Option("--for", hidden=True)] = None,
) -> None:
    """Work on jobs that the API leaves to Celery (USE_CELERY), until told to stop."""
    if lane is None or parent is None:
        _run(lambda settings: work_in_lanes(settings, [lane] if lane else list(Lane), alive))
    _run_here(lambda settings: work_in_lane(settings, lane, alive, parent))


@app.command()
def beat(alive: Alive = None) -> None:
    """Do what is due from time to time, where the API leaves that to others (USE_CELERY), until told to stop."""
    _run(lambda settings: keep_time(settings, alive))


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
    """Say what is configured, what is reachable, what is wrong, and the command that mends it."""
    problems: list[Problem] = []

    def load() -> Settings:
        settings, found = read_all()
        problems.extend(found)
        return settings

    _run(lambda settings: examine(settings, console, problems), log_level="error", load=load)


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
def costs(
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="How many days, today (UTC) included.")] = 7,
    by: Annotated[By | None, typer.Option(help="One table instead of all three.")] = None,
    job: Annotated[str, typer.Option(help="Each call of one job instead, by the job's id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, in micro-dollars, for programs.")] = False,
) -> None:
    """Show what vendors were paid, and what is committed of today's budget."""
    wanted = Wanted(days, by, _readable("--job", job) if job else "")
    _run(lambda settings: tell(settings, wanted, console, as_json=as_json), log_level="warning")


@app.command()
def openapi() -> None:
    """Print the description of the API that clients are made from."""
    sys.stdout.write(as_text(api_document()))


@prompts.command(name="show")
def show_command(
    step: Annotated[Shown, typer.Argument(help="The step.")],
    age: Annotated[TargetAge, typer.Option(help="Who the book is for.")] = TargetAge.EARLY_READER,
    language: Annotated[Language, typer.Option(help="The language of the story.")] = Language.EN,
) -> None:
    """Print what a model is asked in a step, for an example. Nothing is sent."""
    sys.exit(show(step, language, age, console))


@prompts.command(name="score")
def score_command(
    provider: Annotated[str, typer.Option(help="The one of LLM_PROVIDER, or another one of the settings.")] = "",
) -> None:
    """Have twenty stories written and print how good they are. With a vendor this costs money, within the caps."""
    _run(lambda settings: measure(settings, provider, console), log_level="error")


def _readable(name: str, value: str) -> str:
    """The value in one line; gives up on what cannot be printed, is empty or too long to keep."""
    try:
        line = " ".join(require_readable(value).split())
    except ValueError as error:
        _give_up(f"{name} {error}")
    if len(line) > MAX_REASON:
        _give_up(f"{name} may have at most {MAX_REASON} characters")
    return line


def _run(
    work: Callable[[Settings], Coroutine[Any, Any, int]],
    *,
    log_level: LogLevel | None = None,
    load: Callable[[], Settings] = load_settings,
) -> NoReturn:
    """Runs a command on an event loop."""
    _run_here(lambda settings: uvloop.run(work(settings)), log_level=log_level, load=load)


def _run_here(
    work: Callable[[Settings], int],
    *,
    log_level: LogLevel | None = None,
    load: Callable[[], Settings] = load_settings,
) -> NoReturn:
    """Runs a command; what the operator has to mend is said in one line, with exit code 2."""
    try:
        settings = load()
        level = "debug" if settings.debug else log_level or settings.log_level
        configure_logs(level, as_json=settings.in_production or not sys.stderr.isatty())
        code = work(settings)
    except SetupError as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _give_up(sentence: str) -> NoReturn:
    complaints.print(f"storybook: {' '.join(sentence.split())}", soft_wrap=True, highlight=False, markup=False)
    raise SystemExit(2)
