"""Rules of keys, and what the operator is told about a folder that fails."""

import errno
import os
import re
from pathlib import Path

import pytest

from storybook.storage.base import (
    MEDIA_TYPES,
    media_type_of,
    new_token,
    require_media_type,
    require_safe_key,
    require_safe_prefix,
)
from storybook.storage.files import FileStorage, storage_error


@pytest.mark.parametrize("key", ["a", "books/b-1/page_2.jpg", "..a/b..c/...", "x" * 200])
def test_safe_keys_pass(key: str) -> None:
    require_safe_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a/./b",
        "a\\b",
        "a b",
        "a\n",
        "a\x00",
        "달",
        "a?b",
        "%2e",
        "x" * 201,
    ],
)
def test_other_keys_are_programming_errors(key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        require_safe_key(key)


def test_a_prefix_ends_with_one_slash_and_is_never_everything() -> None:
    assert require_safe_prefix("books/a") == require_safe_prefix("books/a/") == "books/a/"
    for prefix in ("", "/", "a//", "../a"):
        with pytest.raises(ValueError, match="not a storage key"):
            require_safe_prefix(prefix)


@pytest.mark.parametrize(("ending", "media_type"), MEDIA_TYPES.items())
def test_endings_stand_for_media_types(ending: str, media_type: str) -> None:
    assert media_type_of(f"a/b.{ending}") == media_type
    require_media_type(f"a/b.{ending}", media_type)
    with pytest.raises(ValueError, match="type"):
        require_media_type(f"a/b.{ending}", "text/html")


@pytest.mark.parametrize("key", ["jpg.exe", "a/b", "a.JPG"])
def test_other_endings_are_programming_errors(key: str) -> None:
    with pytest.raises(ValueError, match="ending"):
        media_type_of(key)


def test_tokens_are_long_distinct_and_safe() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{24}", token) for token in tokens)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk that holds /books is full."),
        (errno.EDQUOT, "The disk that holds /books is full."),
        (errno.EROFS, "The disk that holds /books is read-only."),
        (errno.EACCES, "This user may not read and write in /books."),
        (errno.EPERM, "This user may not read and write in /books."),
        (errno.EIO, "/books cannot be used as storage: Input/output error."),
    ],
)
def test_failures_of_the_disk_are_plain_sentences(number: int, sentence: str) -> None:
    assert str(storage_error(Path("/books"), OSError(number, os.strerror(number)))) == sentence


@pytest.mark.parametrize("public_url", ["https://books.example", "https://books.example/"])
def test_urls_are_absolute(public_url: str, tmp_path: Path) -> None:
    assert FileStorage(tmp_path, public_url).url("a/b.jpg") == "https://books.example/assets/a/b.jpg"
