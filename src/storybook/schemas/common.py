"""Bodies that every route shares."""

from typing import Any

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    code: str = Field(examples=["NOT_FOUND"], description="Stable; clients may branch on it")
    message: str = Field(examples=["There is no such book. Please check your library."])
    details: dict[str, Any] = {}


class Message(BaseModel):
    """What was done, in a sentence."""

    message: str


class ErrorAnswer(BaseModel):
    """The one form of every refusal and failure. `detail` is for clients that read the framework's own form."""

    detail: str | list[dict[str, Any]]
    error: ErrorBody
    request_id: str
