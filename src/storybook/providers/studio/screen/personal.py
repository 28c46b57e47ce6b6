"""Personal data that has no place in a request for a book, and ways to reach somebody, which have none in the book."""

import re

from storybook.providers.studio.screen.readings import plain

_CONTACTS = re.compile(
    r"""
    [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+                              # e-mail
    | (?<![a-z])(?:https?://|www\.)[\w-]                                      # address on the web
    | (?<!\d)01[016789][-.\s]?\d{3,4}[-.\s]?\d{4}(?!\d)                      # Korean mobile telephone
    | (?<!\d)0\d{1,3}[-.\s)]{1,2}\d{3,4}[-.\s]\d{4}(?!\d)                    # Korean or Japanese telephone
    | (?<!\d)0[789]0\d{8}(?!\d)                                              # Japanese mobile telephone
    | \+\d{1,3}(?:[-.\s(]{0,2}\d{1,4}\)?){2,5}(?!\d)                         # international telephone
    | (?<!\d)\(?\d{3}\)?[-.\s]\d{3}[-.\s]\d{4}(?!\d)                         # North American telephone
    | (?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?-?\s?[1-8]\d{6}(?!\d)   # resident registration
    | (?<!\d)\d{3}-\d{2}-\d{4}(?!\d)                                         # United States social security
    """,
    re.VERBOSE,
)
_ADDRESSES = re.compile(
    r"""
    [가-힣]{1,8}(?:시|도)\s[가-힣]{1,8}(?:시|군|구)\s[가-힣0-9\s]{1,20}(?:로|길|동|읍|면|리)\s?\d{1,4}
    | \d{1,4}동\s?\d{1,4}호
    | 〒\s?\d{3}-?\d{4} | \d{1,3}丁目\s?\d | [都道府県].{1,16}[市区町村].{1,16}\d{1,4}[-番]\d{1,4}
    | (?:live|lives|living|stay|stays)\ (?:at|in)\ \d{1,5}\ [a-z] | address\ is\ \d{1,5}\ [a-z]
    | (?<!\d)\d{1,5}\ (?:[a-z.]+\ ){1,3}(?:street|st|avenue|ave|road|rd|lane|drive|boulevard|blvd)\b
      [^\n]{0,40}?\b(?:[a-z]{2}\ \d{5}|apt\.?\ \d|[a-z]{1,2}\d[\da-z]?\ \d[a-z]{2})\b
    """,
    re.VERBOSE,
)
_IN_SHORT = re.compile(
    r"""
    (?<!\d)\d{1,5}\ (?:[a-z.]+\ ){1,3}(?:street|st|avenue|ave|road|rd|lane|drive|boulevard|blvd)\b
    | [가-힣]{2,8}(?:로|길)\s?\d{1,4}(?!\d|\s?[가-힣])
    | [市区町村]\w{1,16}?\d{1,4}-\d{1,4}
    """,
    re.VERBOSE,
)
_PAPERS = re.compile(
    r"""
    (?:passport|여권|旅券|パスポート)[^\n\d]{0,16}?(?<![a-z0-9])(?=[a-z]{0,2}\d)[a-z0-9]{7,10}(?![a-z0-9])
    | (?:マイナンバー|個人番号)\D{0,6}\d{4}[\ -]?\d{4}[\ -]?\d{4}
    | (?:계좌|口座|account|iban)[^\n\d]{0,12}\d[\d\ -]{8,}
    """,
    re.VERBOSE,
)
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def holds_personal_data(text: str) -> bool:
    """True for a home address, too: a story may have one, which is nobody's."""
    return holds_contact(text) or _ADDRESSES.search(plain(text)) is not None


def holds_address_in_short(text: str) -> bool:
    """True for a street and a number alone, which in a story are often nobody's."""
    return _IN_SHORT.search(plain(text)) is not None


def holds_contact(text: str) -> bool:
    """True where the text gives a telephone, an address of e-mail or on the web, or the number of a registration, a
    passport, an account or a card.
    """
    reading = plain(text)
    if any(pattern.search(reading) for pattern in (_CONTACTS, _PAPERS)):
        return True
    return any(_is_card_number(match[0]) for match in _LONG_NUMBER.finditer(reading))


def _is_card_number(number: str) -> bool:
    """The Luhn check, which every payment card's number passes."""
    digits = [int(char) for char in reversed(number) if char.isdecimal()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
