"""Prints everything that is wrong with the settings of a file, a line each. See scripts/check-env.sh."""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import httpx
from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from storybook.core.configuration import SECRETS_FOLDER, read_settings
from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.core.settings_checks import database_password, host_of
from storybook.core.settings_rules import SECRETS, Mode, Problem, problems
from storybook.domain.calls import Kind
from storybook.providers.estimate import require_affordable
from storybook.providers.registry import Workshop, complaints
from storybook.providers.unmetered import Unmetered
from storybook.providers.vendors import OPENAI, VENDORS
from storybook.stores.registry import make_stores

BESIDE = {
    *("storybook_secrets_dir", "port", "host", "tmpdir", "tz"),
    *("storybook_version", "storybook_tls", "storybook_acme", "storybook_secrets"),
}
"""What is no setting and still has a meaning: to the entry script, the C library, or the files of infra."""
OF_NGINX = "NGINX_"
OUR_POSTGRES = "postgres"
"""Its name in infra/docker-compose.prod.yml."""
KEYS = {
    Kind.TEXT: "LLM_API_KEY",
    Kind.IMAGE: "IMAGE_API_KEY",
    Kind.SPEECH: "TTS_API_KEY",
    Kind.SIGHT: "SIGHT_API_KEY",
    Kind.MODERATION: "MODERATION_API_KEY",
}
WITH_OTHERS = KEYS.keys() - {Kind.MODERATION}
"""Moderation by others than OpenAI is a judge, who has the key of the author unless it is given another."""
_NAME = re.compile(r"([A-Z]{2,20}|[A-Z][A-Z0-9]{1,19}(_[A-Z0-9]{1,20}){1,6})")
"""What may be repeated as the name of a setting: a line of a key that was pasted is none."""


def examine(env_file: Path, secrets_folder: Path, mode: Mode, cpu: CpuPool) -> list[str]:
    """Every problem as a sentence, each once."""
    settings, unusable = read_settings(env_file, secrets_folder)
    found = [*_of_the_file(env_file, secrets_folder, mode), *unusable, *problems(settings, mode)]
    if _has_another_password(settings.database_url, secrets_folder / "postgres_password"):
        found.append(Problem("DATABASE_URL", "has another password than the secret postgres_password"))
    if mode is Mode.PRODUCTION and not settings.in_production:
        found.append(Problem("ENVIRONMENT", "is not production"))
    named = {problem.setting for problem in unusable}
    sentences = [str(problem) for problem in found]
    unmakeable = asyncio.run(_unmakeable(_with_files_of(settings, secrets_folder), cpu))
    sentences += [line for line in unmakeable if not line.startswith(tuple(named or {"\0"}))]
    return list(dict.fromkeys(sentences))


def _of_the_file(env_file: Path, secrets_folder: Path, mode: Mode) -> Iterator[Problem]:
    """Lines that are no setting, names that nothing reads or that are there twice, and secrets that others can read."""
    with env_file.open(encoding="utf-8") as stream:
        lines = [line for line in parse_stream(stream) if line.key or line.error]
    known = set(Settings.model_fields) | BESIDE
    names = [str(line.key) for line in lines if _is_setting(line, known)]
    yield from (_no_setting(line) for line in lines if not _is_setting(line, known))
    for name in dict.fromkeys(names):
        if name.lower() not in known and not name.startswith(OF_NGINX):
            yield Problem(name, _instead(name, known))
    yield from (Problem(name, "is there twice") for name, count in Counter(names).items() if count > 1)
    kept = {file.name.lower() for file in secrets_folder.iterdir()} if secrets_folder.is_dir() else set()
    yield from (Problem(name, "is in the file and among the secrets") for name in names if name.lower() in kept)
    secret = any(value for name, value in dotenv_values(env_file).items() if name.lower() in SECRETS)
    if mode is Mode.PRODUCTION and secret and env_file.stat().st_mode & 0o077:
        yield Problem(str(env_file), "holds secrets and can be read by other accounts; chmod 600 it")


def _instead(name: str, known: set[str]) -> str:
    """What is known of a name that nothing reads. The key of a vendor is given to each kind of work that it is for."""
    vendor = VENDORS.get(name.removesuffix("_API_KEY").lower())
    if vendor and name.endswith("_API_KEY") and vendor.for_children:
        keys = [key for kind, key in KEYS.items() if kind in vendor.kinds and (vendor is OPENAI or kind in WITH_OTHERS)]
        return f"is not known; the key of {vendor.name} goes into {' or '.join(keys)}, for the work that it is to do"
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.75)
    return f"is not known; {near[0].upper()} is" if near else "is not known to the service"


def _is_setting(line: Binding, known: set[str]) -> bool:
    """Whether it says NAME=value. An unknown name with nothing after it may be the end of a key, and its `=` too."""
    if line.key is None or line.value is None:
        return False
    return line.key.lower() in known or bool(_NAME.fullmatch(line.key) and line.value.strip("="))


def _has_another_password(url: str, kept: Path) -> bool:
    """Than our own PostgreSQL, which has that of the file; one elsewhere has its own."""
    return kept.is_file() and host_of(url) == OUR_POSTGRES and database_password(url) != kept.read_text().rstrip("\n")


def _no_setting(line: Binding) -> Problem:
    """Says where it is, and never what: it may be a part of a secret."""
    text = line.original.string
    blank = text[: len(text) - len(text.lstrip())].count("\n")
    return Problem(f"Line {line.original.line + blank}", "is no setting, which is NAME=value on one line or in quotes")


def _with_files_of(settings: Settings, folder: Path) -> Settings:
    """The settings with the files that a container would find, where they are on this machine."""

    def here(path: Path) -> Path:
        return folder / path.name if path.parent == SECRETS_FOLDER else path

    values = {name: getattr(settings, name) for name in ("apple_private_key_file", "google_service_account_file")}
    moved: dict[str, object] = {name: here(path) for name, path in values.items() if path}
    return settings.model_copy(
        update=moved | {"apple_root_certificates": tuple(map(here, settings.apple_root_certificates))}
    )


def _nobody(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


async def _unmakeable(settings: Settings, cpu: CpuPool) -> list[str]:
    """Providers and app stores that are named and cannot be used as they are set up. Nobody is asked anything."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(_nobody)) as client:
        found = complaints(Workshop(settings, cpu, client, Unmetered()))
        if not found:
            try:
                require_affordable(settings)
            except SetupError as error:
                found.append(str(error))
        for other in ("google_package_name", "apple_bundle_id"):
            try:
                make_stores(settings.model_copy(update={other: ""}), client)
            except SetupError as error:
                found.append(str(error))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="check-env.sh", description=__doc__)
    parser.add_argument("--mode", type=Mode, choices=list(Mode), default=Mode.DEVELOPMENT)
    parser.add_argument("--env-file", type=Path, default=Path(".env"))
    parser.add_argument("--secrets", type=Path, help="a folder with a file for each secret")
    arguments = parser.parse_args()
    if not arguments.env_file.is_file():
        print(f"FAIL {arguments.env_file} is not there. Copy .env.example or infra/production.env.example to it.")
        return 2
    if arguments.secrets and not arguments.secrets.is_dir():
        print(f"FAIL {arguments.secrets} is not there. infra/secrets.sh makes it.")
        return 2
    cpu = CpuPool(1)
    try:
        found = examine(arguments.env_file, arguments.secrets or SECRETS_FOLDER, arguments.mode, cpu)
    except SetupError as error:
        found = [str(error)]
    finally:
        cpu.close()
    for sentence in found:
        print(f"FAIL {sentence}")
    count = f"{len(found)} to mend" if found else "nothing to mend"
    print(f"{arguments.env_file} for {arguments.mode}: {count}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
