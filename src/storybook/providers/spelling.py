"""Ways to write a name, and a text in the one form in which they are compared."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from storybook.providers.particles import AFTER_A_SYLLABLE

LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
KANA = "ぁ-ゖァ-ヺー"
KANJI = "㐀-䶿一-鿿々"

_MARKS = "\u0300-\u036f"
_CLUSTER = re.compile(
    "[\u1100-\u115f\ua960-\ua97c][\u1160-\u11a7\ud7b0-\ud7c6]+[\u11a8-\u11ff\ud7cb-\ud7fb]*"
    "|[가-힣][\u11a8-\u11ff]+"
    "|[\uff66-\uff9d][\uff9e\uff9f]"
    f"|.[{_MARKS}\u3099\u309a]*",
    re.DOTALL,
)
_BLANK = re.compile(r"\s")
_DROPPED = re.compile(f"[{_MARKS}\ufe00-\ufe0f]")
_ALIKE = str.maketrans("’‘ʼ‐–−·・‧•\u119e", "'''--------")
_UNMARKED = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H", "ı": "i",
     "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th", "ß": "ss", "ẞ": "SS"}
)  # fmt: skip
"""Letters whose marks Unicode does not take off, as they are written where a keyboard has none of them."""
_IN_KATAKANA = {chr(code): chr(code + 0x60) for code in range(ord("ぁ"), ord("ゖ") + 1)}
_IN_HIRAGANA = {katakana: hiragana for hiragana, katakana in _IN_KATAKANA.items()}
_OF_KANA = str.maketrans(_IN_HIRAGANA | dict.fromkeys(" -'.", ""))

COMMON_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진나지엄"
    "채원천방공현함변염여추도소석선설마길연위표명기반왕라금옥육인맹제모탁국어은편용예봉경부사복태목형계피두"
)
LONG_SURNAMES = frozenset(("남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방", "망절"))
SURNAMES = COMMON_SURNAMES | LONG_SURNAMES

_CJK = re.compile(rf"[가-힣{KANA}{KANJI}]")
_ONE_SYLLABLE = re.compile(r"[가-힣]")
_SHORT_KANA = re.compile(rf"[{KANA}]{{1,3}}")
_LONE_BEFORE = rf"(?:(?<![{KANA}])|(?<=[とはがをにもやへでの]))"
_LONE_AFTER = rf"(?:(?![{KANA}])|(?=[はがをにへともやでだかよねの]|ちゃん|くん|さん|さま|って|なら))"
_DOT = re.compile(rf"(?<=[{LATIN}])\.")
_APOSTROPHE_INSIDE = re.compile(r"(\w-\?)'(-\?\w)")
_ENDS = r"\s*(?:[,.!?~…、。]|$)"
SHORT = 3
"""A name of fewer letters is no name in another case."""


class Folded:
    """A text in one width and without accents and invisible characters, and where each part of it was written.

    Every blank is a space in it, and every hyphen, and every dot in the middle of a line, a plain hyphen.
    """

    def __init__(self, written: str) -> None:
        self._written = written
        self._spans: list[tuple[int, int]] = []
        self.text = _BLANK.sub(" ", written)
        if written.isascii():
            return
        parts: list[str] = []
        for cluster in _CLUSTER.finditer(written):
            part = _folded(cluster[0])
            parts.append(part)
            self._spans += [cluster.span()] * len(part)
        self.text = "".join(parts)

    def written(self, found: re.Match[str]) -> str:
        """What the text has in the place of a match that is not empty."""
        return self._written[self._begin(found.start()) : self._end(found.end())]

    def replaced(self, search: re.Pattern[str], change: Callable[[re.Match[str]], str], group: str | int = 0) -> str:
        """The text as it was written, with other words in the places of the matches, or of a group that all have."""
        parts, end = [], 0
        for found in search.finditer(self.text):
            begin = self._begin(found.start(group))
            if begin >= end:
                parts += [self._written[end:begin], change(found)]
                end = self._end(found.end(group))
        return "".join([*parts, self._written[end:]])

    def _begin(self, at: int) -> int:
        return self._spans[at][0] if self._spans else at

    def _end(self, at: int) -> int:
        return self._spans[at - 1][1] if self._spans else at


def fold(text: str) -> str:
    return Folded(text).text


def bare(text: str) -> str:
    """The letters of a folded text alone: the same for all ways to write them."""
    return text.casefold().translate(_OF_KANA)


def anywhere(name: str) -> str:
    """A pattern for a folded name in a folded text. What has clear ends is not looked for inside other words, nor in
    small letters when it is very short: `An` is a name and `an` is none. One Korean syllable needs a particle or an
    end. An `s` may stand behind it, where an apostrophe was left out.
    """
    if _ONE_SYLLABLE.fullmatch(name):
        return rf"(?<![가-힣]){name}(?=이?(?:{AFTER_A_SYLLABLE})?(?![가-힣]))"
    if _SHORT_KANA.fullmatch(name):
        return rf"(?:{re.escape(name)}|{_LONE_BEFORE}{_spelled(name, _tight)}{_LONE_AFTER})"
    return _bounded(name, _in_any_case(name), "" if len(name) < SHORT else "s?")


def as_a_word(name: str) -> str:
    """The same for what is only a part of a name: not where it is the end of another word."""
    if _ONE_SYLLABLE.fullmatch(name):
        after = rf"이?(?:{AFTER_A_SYLLABLE})(?![가-힣])|이(?![가-힣])|{_ENDS}"
        return rf"(?<![가-힣]){name}(?={after})"
    if re.fullmatch(rf"[{KANJI}]", name):
        return rf"(?<![{KANJI}]){name}(?=君|様|(?![{KANJI}]))"
    if _SHORT_KANA.fullmatch(name):
        return f"{_LONE_BEFORE}{_spelled(name, _tight)}{_LONE_AFTER}"
    before = next((rf"(?<![{letters}])" for letters in ("가-힣", KANJI) if re.match(rf"[{letters}]", name)), "")
    return before + anywhere(name)


def capitalised(name: str) -> str:
    """The same for a part that may be a common word: as it was told, with a capital or in any case."""
    if name[0] == name[0].lower():
        return as_a_word(name)
    first = _letters(name[0])
    return _bounded(name, f"{first}(?i:{_spelled(name, _tight)[len(first) :]})")


def as_a_name(name: str) -> str:
    """The same for a name that is also a word: with the capital that it was told with, and behind no article."""
    return rf"(?<!\b[Aa] )(?<!\b[Aa]n )(?<!\b[Tt]he ){capitalised(name)}"


@lru_cache(maxsize=4096)
def _folded(cluster: str) -> str:
    parts = unicodedata.normalize("NFKD", cluster)
    kept = "".join(char for char in parts if not _DROPPED.match(char) and unicodedata.category(char) != "Cf")
    return _BLANK.sub(" ", unicodedata.normalize("NFC", kept).translate(_ALIKE).translate(_UNMARKED))


def _bounded(name: str, pattern: str, own: str = "") -> str:
    """Not inside of other words; `own` may follow where the name ends with a letter that has clear ends."""
    first, last = name[0], (name.rstrip(".") or name)[-1]
    before = rf"(?<![{LATIN}])" if re.match(rf"[{LATIN}]", first) else r"(?<!\d)" if first.isdecimal() else ""
    after = rf"(?={own}(?![{LATIN}]))" if re.match(rf"[{LATIN}]", last) else r"(?!\d)" if last.isdecimal() else ""
    return f"{before}(?:{pattern}){after}"


def _in_any_case(name: str) -> str:
    """The dots of initials may be left out, or stand apart; what is very short then, only in capitals."""
    plain = name.replace(".", "")
    if len(plain) < 2 or not _DOT.search(name):
        return _cased(name)
    dotted = _DOT.sub(". ", name).rstrip(". ")
    return rf"(?:{_cased(dotted)})\.?|{_cased(plain.upper() if len(plain) < SHORT else plain)}"


def _cased(name: str) -> str:
    """Words that are written apart count as one name only where a capital tells that they may be a name."""
    if len(name) < SHORT:
        written = _spelled(name, _tight)
        return f"{written}|{_spelled(name.capitalize(), _tight)}" if name.islower() else written
    close, apart = _spelled(name, _tight), _spelled(name, _loose)
    if close == apart:
        return f"(?i:{close})"
    return f"(?i:{close})|{_letters(name[0].upper())}(?i:{apart[len(_letters(name[0])) :]})"


def _spelled(name: str, gap: Callable[[str, str], str]) -> str:
    parts = [part for part in re.split("[ -]+", name) if part] or [name]
    return "[ -]{0,3}".join(_part(part, gap) for part in parts)


def _part(part: str, gap: Callable[[str, str], str]) -> str:
    gaps = [gap(part[:at], part[at:]) for at in range(1, len(part))]
    spelled = "".join(f"{_letters(letter)}{after}" for letter, after in zip(part, [*gaps, ""], strict=True))
    return _APOSTROPHE_INSIDE.sub(r"\1'?\2", spelled)


def _letters(name: str) -> str:
    """Each letter, kana in both scripts."""
    return "".join(_both(char) if char in _IN_KATAKANA or char in _IN_HIRAGANA else re.escape(char) for char in name)


def _both(kana: str) -> str:
    return f"[{kana}{_IN_KATAKANA.get(kana) or _IN_HIRAGANA[kana]}]"


def _tight(before: str, after: str) -> str:
    """What may stand between two parts of a word: a hyphen, and a blank where it tells a full name."""
    both_cjk = _CJK.match(before[-1]) and _CJK.match(after[0])
    if not both_cjk or not _may_be_apart(before, after):
        return "-?"
    return rf"(?:(?<![가-힣]{{{len(before) + 1}}}) |-)?" if _ONE_SYLLABLE.match(before[-1]) else "[ -]?"


def _loose(before: str, after: str) -> str:
    """The same where a capital begins the word; no letter stands alone."""
    is_cjk, shortest = _CJK.match(before[-1]), min(len(before), len(after))
    return "[ -]?" if shortest > 1 and not is_cjk else _tight(before, after)


def _may_be_apart(before: str, after: str) -> bool:
    """Whether a blank between them is rather that of a full name than one between two words."""
    if _ONE_SYLLABLE.match(before[-1]):
        return before in SURNAMES and len(after) > 1
    return len(before) > 1 and (len(after) > 1 or any(re.match(rf"[{KANJI}]", char) for char in (before[-1], after[0])))
