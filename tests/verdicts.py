"""What moderation has to have been asked about a book: hashes of its questions, as the witness keeps them."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from storybook.domain.characters import CastSheet
from storybook.providers.openai_moderation import DEFAULT_MODEL


def about_picture(data: bytes) -> str:
    url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return _hash_of([{"type": "image_url", "image_url": {"url": url}}])


def about_words(title: str, pages: Iterable[str], draft: dict[str, Any]) -> str:
    """The words of a book as they are shown, with whom its writer thought up and what its pictures are to show. Its
    request names nobody.
    """
    cast = [said for who in draft["cast"] for said in (who["name"], who["kind"], who["look"], *who["traits"])]
    scenes = [said for scene in (draft["cover"], *(page["scene"] for page in draft["pages"])) for said in _said(scene)]
    return _hash_of([words for words in (title, draft["moral"], *pages, *cast, *scenes) if words.strip()])


def about_looks(cast: dict[str, Any]) -> str:
    """How everyone in a book looks."""
    return _hash_of([words for sheet in CastSheet.model_validate(cast).characters for words in sheet.texts()])


def _said(scene: dict[str, Any]) -> list[str]:
    held = [actor["holding"] for actor in scene["actors"] if actor["holding"]]
    return [scene["description"], scene["place"], *scene["props"], *held]


def _hash_of(shown: list[Any]) -> str:
    body = {"model": DEFAULT_MODEL, "input": shown}
    return hashlib.sha256(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
