"""The prompts: Jinja2 templates in which an undefined name is an error."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storybook.core.paths import bundled


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(bundled("prompts")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - prompts are plain text, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, values: Mapping[str, Any]) -> str:
    """The template's text with its values filled in; raises jinja2.UndefinedError for a name without a value."""
    return _environment().get_template(name).render(values)
