"""Reads the settings of a process, and says everything that is wrong with them at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.core.settings_rules import Mode, Problem, problems

UNUSABLE = "cannot be used"
SECRETS_FOLDER = Path("/run/secrets")
"""Where containers find secrets: a file for each, named after its setting."""


class Reading(NamedTuple):
    """The settings as far as they can be used: those that cannot be read have their defaults, and are in `problems`."""

    settings: Settings
    problems: list[Problem]


def load_settings() -> Settings:
    """The settings of the environment, of `.env` and of files of secrets, in this order.

    Raises SetupError with one line that names all that is wrong.
    """
    settings, found = read_all()
    if found:
        unusable = any(problem.what.startswith(UNUSABLE) for problem in found)
        what = "Not safe for production" if settings.in_production and not unusable else "Settings are not usable"
        raise SetupError(f"{what}: {' '.join(map(str, found))}")
    return settings


def read_all() -> Reading:
    """The same with everything that is wrong, also of the settings together, beside what can be used."""
    folder = Path(os.environ.get("STORYBOOK_SECRETS_DIR", SECRETS_FOLDER))
    settings, unusable = read_settings(Path(".env"), folder)
    return Reading(settings, [*unusable, *problems(settings, Mode(settings.environment))])


def read_settings(env_file: Path, secrets_folder: Path) -> Reading:
    """What the environment, this file and this folder say, the first before the others."""
    folder = secrets_folder if _is_folder(secrets_folder) else None
    unusable: dict[str, str] = {}
    while True:
        defaults: dict[str, Any] = {name: Settings.model_fields[name].get_default() for name in unusable}
        try:
            settings = Settings(_env_file=env_file, _secrets_dir=folder, **defaults)
        except ValidationError as error:
            unusable |= _named(error)
        except OSError as error:
            raise SetupError(f"{error.filename} cannot be read ({error.strerror}).") from error
        except UnicodeDecodeError as error:
            raise SetupError(f"{env_file}, or a file of secrets, is not a text in UTF-8.") from error
        else:
            return Reading(settings, list(_as_problems(unusable)))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _named(error: ValidationError) -> dict[str, str]:
    """What is wrong with which setting; the messages of pydantic do not repeat the value."""
    return {str(problem["loc"][0]): problem["msg"].removeprefix("Value error, ") for problem in error.errors()}


def _as_problems(unusable: dict[str, str]) -> Iterator[Problem]:
    return (Problem(name.upper(), f"{UNUSABLE}: {message}") for name, message in unusable.items())
