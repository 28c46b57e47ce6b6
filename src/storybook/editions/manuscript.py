"""What an edition is made from: the finished words and pictures of one book."""

import datetime as dt

from storybook.domain.book_spec import Language
from storybook.domain.values import Strict


class ManuscriptPage(Strict):
    """`picture` is an encoded JPEG or PNG."""

    page_number: int
    text: str
    picture: bytes


class Manuscript(Strict):
    """A finished book. `cover` is an encoded JPEG or PNG; `made_by` names the providers that wrote and drew it."""

    title: str
    language: Language
    cover: bytes
    pages: tuple[ManuscriptPage, ...]
    made_by: tuple[str, ...]
    hero: str | None = None
    created: dt.date
    moral: str | None = None
