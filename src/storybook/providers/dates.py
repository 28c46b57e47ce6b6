"""Birthdays stay at home, like names: a vendor reads that there was a day, and not which."""

import re

from storybook.domain.book_spec import Language

_ONE_DAY = {Language.KO: "어느 날", Language.EN: "one day", Language.JA: "ある日"}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_OF_A_YEAR = (
    r"\d{4}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,2}",
    r"\d{1,2}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{4}",
    rf"{_DAY}(?:\s+of)?\s+{_MONTH},?\s+\d{{4}}",
    rf"{_MONTH}\s+{_DAY},?\s+\d{{4}}",
    r"(?:\d{4}|(?:令和|平成)\s?\d{1,2})\s?[년年]\s?\d{1,2}\s?[월月]\s?\d{1,2}\s?[일日]",
)
_OF_ANY_YEAR = (
    rf"{_DAY}(?:\s+of)?\s+{_MONTH}",
    rf"{_MONTH}\s+{_DAY}(?![a-z])",
    r"\d{1,2}\s?[월月]\s?\d{1,2}\s?[일日]",
)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z\d])(?:{'|'.join(patterns)})(?!\d)", re.IGNORECASE)


_DATE = _any_of(_OF_A_YEAR)
_DATE_OR_DAY = _any_of(_OF_A_YEAR + _OF_ANY_YEAR)
_BIRTHDAY = re.compile(r"birthday|\bborn\b|생일|생년월일|태어|誕生日|生まれ", re.IGNORECASE)


def without_dates(text: str, language: Language) -> str:
    """The text without dates that have a year, and without any day of a month where birthdays are spoken of."""
    dates = _DATE_OR_DAY if _BIRTHDAY.search(text) else _DATE
    return dates.sub(_ONE_DAY[language], text)
