"""Bodies about signing in."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from storybook.core.tokens import LIFETIME
from storybook.domain.values import Strict
from storybook.services.devices import IDLE

Token = Annotated[str, Field(min_length=20, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class RefreshRequest(Strict):
    refresh_token: Token


class LogoutRequest(Strict):
    refresh_token: Token | None = None


class TokenAnswer(BaseModel):
    """`access_token` goes into `Authorization: Bearer ...`; `refresh_token` is good for one refresh."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds until the access token is to be refreshed")
    refresh_token: str
    refresh_expires_in: int = Field(description="Seconds that the device may stay away without being signed out")

    @classmethod
    def of(cls, access_token: str, refresh_token: str) -> Self:
        return cls(
            access_token=access_token,
            expires_in=int(LIFETIME.total_seconds()),
            refresh_token=refresh_token,
            refresh_expires_in=int(IDLE.total_seconds()),
        )
