"""What a user has: credits, the plan that runs, and what happened to them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from storybook.routers.answers import Answers, errors
from storybook.routers.deps import Offset, ReadingDep, UserId
from storybook.schemas.credits import BalanceAnswer, CheckAnswer, CreditStatusAnswer, TransactionAnswer
from storybook.services import credits, transactions
from storybook.services.transactions import Part

router = APIRouter(prefix="/v1/credits", tags=["credits"])

MAX_REQUIRED = 10_000
LAST_ENTRY = 2**63 - 1
NEXT_CURSOR = "X-Next-Cursor"
_WHERE_IT_GOES_ON: Answers = {
    200: {
        "headers": {
            NEXT_CURSOR: {
                "description": "The `cursor` of the next part; not there at the end of the list",
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    }
}


@router.get("/status", summary="Get credits, subscription and plans", responses=errors())
async def get_credit_status(user_id: UserId, session: ReadingDep) -> CreditStatusAnswer:
    """What the user has, the plan whose paid period runs, and the plans that there are."""
    return CreditStatusAnswer.of(await transactions.standing(session, user_id))


@router.get("/balance", summary="Get the balance", responses=errors())
async def get_balance(user_id: UserId, session: ReadingDep) -> BalanceAnswer:
    """The credits that can be spent now. A new user has a gift of three."""
    return BalanceAnswer(credits=await credits.balance(session, user_id))


@router.get("/transactions", summary="List what happened to the credits", responses=errors() | _WHERE_IT_GOES_ON)
async def list_transactions(
    user_id: UserId,
    session: ReadingDep,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Offset = 0,
    cursor: Annotated[int | None, Query(ge=1, le=LAST_ENTRY, description="`X-Next-Cursor` of the part before")] = None,
) -> list[TransactionAnswer]:
    """The newest first; the amounts of all add up to the balance."""
    history = await transactions.history(session, user_id, Part(limit, offset, cursor))
    if history.next_cursor:
        response.headers[NEXT_CURSOR] = str(history.next_cursor)
    return [TransactionAnswer.of(entry, history.language) for entry in history.entries]


@router.get("/check", summary="Ask whether there are enough credits", responses=errors())
async def check_credits(
    user_id: UserId, session: ReadingDep, required: Annotated[int, Query(ge=1, le=MAX_REQUIRED)] = 1
) -> CheckAnswer:
    """Whether as many credits as `required` can be spent now. Nothing is set aside."""
    current = await credits.balance(session, user_id)
    return CheckAnswer(has_credits=current >= required, current_credits=current, required=required)
