"""What parents read about a failed book."""

from itertools import product

import pytest

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import Language
from storybook.domain.failures import not_all_described, sentence_for, wish_not_understood


@pytest.mark.parametrize(("code", "language"), list(product(ErrorCode, Language)))
def test_every_code_has_a_sentence_in_every_language_that_fits(code: ErrorCode, language: Language) -> None:
    assert 10 < len(sentence_for(code, language, credit_back=True)) <= 300


@pytest.mark.parametrize("language", Language)
def test_every_note_fits(language: Language) -> None:
    assert all(10 < len(note) <= 300 for note in (not_all_described(language), wish_not_understood(language)))
