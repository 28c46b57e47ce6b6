"""How books are ordered, and what an order may be told."""

from collections import Counter
from typing import Any

import httpx

from scripts.chaos.facts import Row
from scripts.chaos.plan import Plan

USERS = 20
"""As many families: books of one user would wait for each other, since each of them ends with the user's credits."""
LATER = frozenset({"409 with Retry-After", "503 with Retry-After"})
"""The same order is being worked on, or something is away. No limit is ever reached here, so a 429 is none of them."""


def key_for(number: int) -> str:
    """Of the user who orders the book with this number."""
    return f"a-key-of-the-bench-{number % USERS}"


def order_of(number: int, plan: Plan) -> dict[str, Any]:
    """The body and the headers."""
    spec = {
        "topic": f"a fox and kite number {number}",
        "language": "en",
        "target_age": "5-7",
        "style": "cartoon",
        "page_count": plan.pages,
    }
    return {
        "json": spec,
        "headers": {"X-User-Key": key_for(number), "X-Idempotency-Key": f"book-{plan.seed}-{number}"},
    }


def told(answer: httpx.Response) -> str:
    """Its status, and whether a refusal says when to come back."""
    later = answer.is_error and "retry-after" in answer.headers
    return f"{answer.status_code}{' with Retry-After' if later else ''}"


def polite(answers: Counter[str]) -> Row:
    """Of all orders by what they were told; a server that is killed before it answers tells nothing."""
    others = {said: count for said, count in answers.items() if said != "200" and said not in LATER}
    later = sum(answers[said] for said in LATER)
    said = f"{answers['200']} taken, {later} told to come back, others: {others or 0}"
    met = not others and bool(answers["200"])
    return Row("Orders are taken, or told when to come back: others 0", said, met=met)
