"""Where the files that are no Python live, in an installed package and in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def bundled(folder: str) -> Path:
    """The folder `prompts` or `alembic`: inside the installed package, or at the top of the repository."""
    installed = _PACKAGE / f"_{folder}"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / folder
