"""Birthdays stay at home, like names: a vendor reads that there was a day, and not which.

A day with its month and year goes, whatever it is about. A day without a year goes only from a text that speaks of a
birthday or of being born; bare numbers, such as 3/14 or 0314, only right beside those words: elsewhere they may be
three quarters of a cake, or a score. A day of the story's plot stays.
"""

import re

from storybook.domain.book_spec import Language
from storybook.providers.spelling import Folded

_ONE_DAY = {Language.KO: "어느 날", Language.EN: "one day", Language.JA: "ある日"}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_UNITS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_TENS = (
    "tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth"
    "|thirtieth"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|(?:(?:twenty|thirty)[\s-]?)?(?:{_UNITS})|{_TENS})"
_GAP = r"(?:\s*[\s,./-]\s*|(?<=\d)|(?=\d))"
_OF = rf"(?:{_GAP}(?:of\s+)?)"
_M, _D = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_TWO_DIGIT_M, _TWO_DIGIT_D = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SIX_DIGITS = rf"\d\d{_TWO_DIGIT_M}{_TWO_DIGIT_D}"
_SHORT_YEAR = r"'?\d{2}"
_CJK_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[일이삼사오육칠팔구십유시]{1,3})\s?"
_OF_AN_ERA = r"(?:令和|平成|昭和)\s?(?:\d{1,2}|元|[一二三四五六七八九十]{1,3})"
_CJK_YEAR = rf"(?:'?\d{{2}}|\d{{4}}|[〇零一二三四五六七八九]{{4}}|{_OF_AN_ERA})"
_CJK_DAY = rf"{_CJK_NUMBER}(?:[월月]|がつ)\s?{_CJK_NUMBER}(?:[일日]|にち)"


def _of_short_year(mark: str) -> str:
    rest = f"{mark}{_SHORT_YEAR}"
    return rf"(?:{_M}{mark}{_D}{rest}|{_D}{mark}{_M}{rest}|\d\d{mark}(?:0[1-9]|1[0-2]){mark}(?:0[1-9]|[12]\d|3[01]))"


_OF_A_YEAR = (
    r"\d{4}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,2}",
    r"\d{1,2}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{4}",
    rf"(?:19|20)\d{{2}}{_TWO_DIGIT_M}{_TWO_DIGIT_D}",
    rf"{_SIX_DIGITS}(?=[생生]|\s?(?:에|に)?\s?(?:태어|출생|生まれ|うまれ)|\sborn\b)",
    rf"(?<=\bborn ){_SIX_DIGITS}",
    _of_short_year(r"\s?/\s?"),
    _of_short_year(r"\.\s?"),
    rf"{_DAY}{_OF}{_MONTH}{_GAP}(?:\d{{4}}|'\d{{2}})",
    rf"\d{{1,2}}-{_MONTH}-\d{{2}}",
    rf"{_MONTH}{_GAP}(?:the\s+)?{_DAY}{_GAP}(?:\d{{4}}|'\d{{2}})",
    rf"\d{{4}}{_GAP}{_MONTH}{_GAP}{_DAY}",
    rf"{_CJK_YEAR}\s?[년年]\s?{_CJK_DAY}",
)
_OF_ANY_YEAR = (
    _of_short_year("-"),
    rf"{_DAY}{_OF}{_MONTH}{_GAP}{_SHORT_YEAR}",
    rf"{_MONTH}{_GAP}(?:the\s+)?{_DAY},\s*{_SHORT_YEAR}",
    rf"{_DAY}{_OF}{_MONTH}",
    rf"{_MONTH}{_GAP}(?:the\s+)?{_DAY}(?![a-z])",
    rf"{_MONTH}{_GAP}\d{{4}}",
    rf"(?:19|20)\d\d{_GAP}{_MONTH}",
    rf"(?:19|20)\d\d[-./]{_M}",
    rf"[RHS]\d{{1,2}}\.{_M}\.{_D}",
    rf"{_CJK_YEAR}\s?[년年]\s?{_CJK_NUMBER}[월月]",
    _CJK_DAY,
)

_DAY_OF_BIRTH = (
    r"birth\s?-?days?|\bb-?days?\b|\bd\.?o\.?b\b\.?|birth\s?date|date\s+of\s+birth|born\s+on|생일|생신|생년월일"
    r"|誕生日|[たタ][んン][じジ][ょョ][うウ]\s?(?:[びビ]|日)|[バば][ーう][スす][デで][ーい]|生日"
)
_AGE = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_COMING_OF_AGE = (
    rf"\bturn(?:s|ed|ing)?\s+{_AGE}|(?:\bwill|'ll|\bgoing\s+to)\s+be\s+{_AGE}(?=\s*(?:[^\s\w-]|$|(?:on|in|next|years?)\b))"
    r"|(?:\d|[한두세네섯곱덟홉열일이삼사오육칠팔구십])\s?[살세][이가]?\s?[되된될됩돼됐]"
    r"|(?:\d|[一二三四五六七八九十])\s?[歳才つ]に\s?な[るりっ]|さいに\s?な[るりっ]"
)
_BIRTHDAY = re.compile(
    rf"{_DAY_OF_BIRTH}|{_COMING_OF_AGE}|\bborn\b|\bbirth\b"
    r"|태어|출생|\d\s?[년일]\s?생|\d[생生](?![각쥐])|돌잔치|誕生|生まれ|うまれ|出生",
    re.IGNORECASE,
)
_NO_DATE = r"(?![\d/]|[.-]\d|\s*(?:of|cups?|의|kg|cm)\b)"
_NUMBERS = rf"(?:{_M}\s?[/.]\s?{_D}|{_D}\s?[/.]\s?{_M}|(?:0[1-9]|1[0-2])-{_D}){_NO_DATE}\.?"
_RUN_TOGETHER = rf"(?:\d{{8}}|\d{{6}}|{_TWO_DIGIT_M}{_TWO_DIGIT_D})(?!\d)"
_BEHIND_A_WORD = rf"(?:{_NUMBERS}|{_M}-{_TWO_DIGIT_D}{_NO_DATE}|{_RUN_TOGETHER})"
_LEADING = r"(?:'s|is|was|will|be|on|falls|the|date|day|은|는|이|가|날|は|が|の|[\s:=(,])"
_WHOSE = r"(?:(?:his|her|my|our|their|the)\s+|[\w\[\]]+(?:'s\s+|의\s*|の\s*))?"
_BEHIND_IT = re.compile(rf"(?:{_DAY_OF_BIRTH}){_LEADING}{{0,8}}(?<![\d./])(?P<day>{_BEHIND_A_WORD})", re.IGNORECASE)
_BEFORE_IT = re.compile(
    rf"(?<![A-Za-z\d./-]){_NUMBERS}(?=\s?(?:is|was|it\s+is|it's|은|는|이|가|は|が|[,:(])?\s*{_WHOSE}(?:{_DAY_OF_BIRTH}))",
    re.IGNORECASE,
)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z\d])(?<!\d[-./])(?:{'|'.join(patterns)})(?!\d|[-./]\d)", re.IGNORECASE)


_IN_EVERY_DAY = re.compile(rf"[\d年년月월]|がつ|{_MONTH}", re.IGNORECASE)
"""Most texts hold none of it, and are done soon."""
_DATE = _any_of(_OF_A_YEAR)
_DATE_OR_DAY = _any_of(_OF_A_YEAR + _OF_ANY_YEAR)


def without_dates(text: str, language: Language) -> str:
    """The text without dates that have a year, and without any day of a month where birthdays are spoken of."""

    def one_day(_: re.Match[str]) -> str:
        return _ONE_DAY[language]

    folded = Folded(text)
    if not _IN_EVERY_DAY.search(folded.text):
        return text
    if not _BIRTHDAY.search(folded.text):
        return folded.replaced(_DATE, one_day)
    without = Folded(folded.replaced(_DATE_OR_DAY, one_day)).replaced(_BEHIND_IT, one_day, "day")
    return Folded(without).replaced(_BEFORE_IT, one_day)
