"""Every operation has a class of calls; a call is counted before anything is done for it."""

from typing import Annotated

from fastapi import Depends, Request

from storybook.core.errors import ApiError, TokenExpired, TokenRequired
from storybook.domain.limits import CallClass
from storybook.routers.counting import count_call, count_stranger
from storybook.routers.deps import ResourcesDep, address_of, caller_of, says_who
from storybook.services.quotas import Quotas

UNLIMITED = frozenset({"get_health", "get_liveness", "get_readiness", "get_metrics", "hear_store"})
CLASSES = {
    "create_book": CallClass.PAID,
    "create_next_book": CallClass.PAID,
    "create_todays_book": CallClass.PAID,
    "retry_job": CallClass.PAID,
    "regenerate_page": CallClass.PAID,
    "create_audio": CallClass.PAID,
    "create_descriptions": CallClass.PAID,
    "create_character_from_photo": CallClass.PAID,
    "create_character": CallClass.WRITE,
    "cancel_job": CallClass.WRITE,
    "note_reading": CallClass.WRITE,
    "add_credits": CallClass.WRITE,
    "start_subscription": CallClass.WRITE,
    "cancel_subscription": CallClass.WRITE,
    "export_account": CallClass.WRITE,
    "get_job": CallClass.POLL,
    "follow": CallClass.POLL,
    "sign_in_device": CallClass.WRITE,
    "refresh_tokens": CallClass.WRITE,
    "sign_out_device": CallClass.WRITE,
}
"""Operations by the names of their functions. What is not named here is a read if it is a GET, else a write.

None is of the class `auth`: only keys and tokens that turn out to be nobody's are counted in it.
"""

READS = frozenset({"GET", "HEAD"})


def class_of(name: str, method: str) -> CallClass | None:
    """The class of an operation; None for one that is not limited."""
    if name in UNLIMITED:
        return None
    return CLASSES.get(name, CallClass.READ if method in READS else CallClass.WRITE)


async def limit_calls(request: Request) -> None:
    """Counts the call for whoever sends it; raises TooManyCalls.

    The caller is only read here, not looked up. Whoever cannot be read is a stranger; the operation refuses him itself.
    """
    call_class = class_of(request.scope["route"].name, request.method)
    if call_class is None:
        return
    address = address_of(request)
    if not says_who(request):
        await count_call(request, call_class, None, address)
        return
    try:
        caller = caller_of(request)
    except (TokenExpired, TokenRequired):
        await count_call(request, call_class, None, address)
    except ApiError:
        await count_stranger(request, address)
    else:
        await count_call(request, call_class, caller.subject, address)


async def get_quotas(resources: ResourcesDep) -> Quotas:
    """How much work a user may have ordered, and what it may cost."""
    return resources.quotas


QuotasDep = Annotated[Quotas, Depends(get_quotas)]
