"""Bodies of the library's routes, in both spellings that the clients know."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from storybook.domain.book_spec import Language, Style, TargetAge
from storybook.domain.normalize import tidy
from storybook.domain.values import Composed, Readable, Strict
from storybook.models import Book
from storybook.schemas.books import Url
from storybook.services.library import Shelf


class ShelvedBook(BaseModel):
    book_id: str
    id: str = Field(description="The same as book_id")
    title: str
    cover_image_url: str
    target_age: TargetAge
    style: Style
    language: Language
    theme: str | None
    series_id: str | None
    created_at: datetime

    @classmethod
    def of(cls, book: Book, url: Url) -> Self:
        return cls(
            book_id=book.id,
            id=book.id,
            title=book.title,
            cover_image_url=url(book.cover_key),
            target_age=TargetAge(book.target_age),
            style=Style(book.style),
            language=Language(book.language),
            theme=book.theme,
            series_id=book.series_id,
            created_at=book.created_at,
        )


class LibraryAnswer(BaseModel):
    books: list[ShelvedBook]
    total: int = Field(description="How many books there are in all")
    next_cursor: str | None = Field(description="Where the list goes on; null at its end")

    @classmethod
    def of(cls, shelf: Shelf, url: Url) -> Self:
        return cls(
            books=[ShelvedBook.of(book, url) for book in shelf.books], total=shelf.total, next_cursor=shelf.next_cursor
        )


class Rename(Strict):
    title: Annotated[str, StringConstraints(min_length=1, max_length=80), Composed, Readable, AfterValidator(tidy)]
