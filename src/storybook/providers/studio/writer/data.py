"""The writer's tables, as they are in the data files beside the code."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from storybook.domain.book_spec import Language

SLOT = re.compile(r"\{([A-Za-z_0-9]+)(?::([^}]*))?\}")
"""A slot of a sentence, with the particle or form that its filling takes."""


@cache
def table(name: str) -> dict[str, Any]:
    """The table in `data/<name>.toml`; raises FileNotFoundError where there is none."""
    path = files(__package__).joinpath("data", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def has_prose(plot: str, language: Language) -> bool:
    """Whether a plot is told in a language."""
    return files(__package__).joinpath("data", "prose", language, f"{plot}.toml").is_file()


def words(language: Language) -> dict[str, Any]:
    """The phrases of a language: places, troubles, forms and single lines."""
    return table(f"prose/{language}/_words")


def prose(plot: str, language: Language) -> dict[str, Any]:
    """The texts of a plot in a language."""
    return table(f"prose/{language}/{plot}")
