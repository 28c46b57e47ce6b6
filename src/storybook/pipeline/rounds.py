"""Work on a finished book that goes on until nobody changes the book meanwhile."""

from collections.abc import Awaitable, Callable

from storybook.core.errors import ErrorCode, JobFailed, NotFound

ROUNDS = 5
"""How often a book is gone through that is changed while it is worked on."""


async def until_unchanged(go_through: Callable[[], Awaitable[bool]]) -> None:
    """Goes through the book until that says that it came to its end; raises JobFailed for a book that was deleted, or
    is changed again and again.
    """
    try:
        for _ in range(ROUNDS):
            if await go_through():
                return
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error
    raise JobFailed(ErrorCode.UNKNOWN, "the book was changed again and again")
