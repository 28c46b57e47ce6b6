"""`python -m storybook.cli` is the `storybook` command."""

from storybook.cli import app

app()
