"""Bodies of the health routes."""

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    status: Literal["healthy"] = "healthy"
    version: str


class Live(BaseModel):
    status: Literal["live"] = "live"


class Ready(BaseModel):
    """`checks` says of each part `ok` or, in a word, what is wrong."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]
