"""A finished book, as it goes on the shelf."""

from typing import NamedTuple

from storybook.domain.characters import CharacterSheet


class FinishedPage(NamedTuple):
    page_number: int
    text: str
    image_key: str
    image_prompt: str


class FinishedBook(NamedTuple):
    """All that the steps made of a book, once they have passed their checks."""

    title: str
    moral: str
    cover_key: str
    hero: CharacterSheet
    pages: tuple[FinishedPage, ...]
    made_by: dict[str, str]
