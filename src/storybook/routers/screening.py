"""Words that a user gives a book or a character are judged before they are kept."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

from fastapi import Depends, Request

from storybook.domain.book_spec import Language, TargetAge


class Screening(Protocol):
    async def require_fit(
        self,
        user_id: str,
        said: Mapping[str, Sequence[str]],
        language: Language,
        age: TargetAge,
        *,
        names: Sequence[str],
    ) -> None:
        """Raises Invalid or Unavailable; to be asked while no database session is open. The user's day pays for it."""
        ...


async def get_screening(request: Request) -> Screening:
    screening: Screening = request.app.state.screening
    return screening


ScreeningDep = Annotated[Screening, Depends(get_screening)]
