"""What moderation has to have been asked about a book: hashes of its questions, as the witness keeps them."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from storybook.providers.openai_moderation import DEFAULT_MODEL


def about_picture(data: bytes) -> str:
    url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return _hash_of([{"type": "image_url", "image_url": {"url": url}}])


def about_words(title: str, pages: Iterable[str], draft: dict[str, Any]) -> str:
    """The words of a book as they are shown, with whom its writer thought up. Its request names nobody."""
    cast = [said for who in draft["cast"] for said in (who["name"], who["kind"], who["look"], *who["traits"])]
    return _hash_of([words for words in (title, draft["moral"], *pages, *cast) if words.strip()])


def _hash_of(shown: list[Any]) -> str:
    body = {"model": DEFAULT_MODEL, "input": shown}
    return hashlib.sha256(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
