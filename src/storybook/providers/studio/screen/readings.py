"""The ways in which a text may be read: as it stands, and with the usual disguises taken off."""

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]+"
)
_BLANKS = re.compile(r"[^\S\n]+")

_LOOKALIKES = (
    ("абвгдеіјкӏмнопрсѕтухһԛԝё", "abbrdeijklmhonpcstyxhqwe"),
    ("αβεηικμνορτυχωάέίόύ", "abenikuvoptuxwaeiou"),
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɡɑɩⅼøłđ", "abcdefghijklmnoprstuvwyzigailold"),
)
_LETTER_TILES = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)


def _plain_letters() -> dict[int, str]:
    """Letters that look like an English one, and English ones with a mark, each with the plain letter."""
    table = {ord(fake): plain for fakes, plains in _LOOKALIKES for fake, plain in zip(fakes, plains, strict=True)}
    for tile in _LETTER_TILES:
        table |= {tile + index: chr(ord("a") + index) for index in range(26)}
    for code in (*range(0xE0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table.setdefault(code, base.lower())
    return table


_PLAIN = _plain_letters()

_INITIALS = "ᄀᄁᄂᄃᄄᄅᄆᄇᄈᄉᄊᄋᄌᄍᄎᄏᄐᄑᄒ"
_FINALS = "ᆨᆩᆫᆮ ᆯᆷᆸ ᆺᆻᆼᆽ ᆾᆿᇀᇁᇂ"
_LOOSE_FINAL = re.compile(f"([가-힣])([{_INITIALS}])(?![ᄀ-하-ᅵ])")


def _close_syllable(match: re.Match[str]) -> str:
    syllable, consonant = match[1], match[2]
    final = _FINALS[_INITIALS.index(consonant)]
    closed = unicodedata.normalize("NFC", syllable + final)
    return closed if len(closed) == 1 else match[0]


_CJK = "가-힣ᄀ-ᄡぁ-ゖァ-ヺー一-鿿"
_LATIN_RUN = re.compile(r"(?<![a-z0-9])[a-z](?:[\s._\-*~·・•|/+=,'\":;^]{1,3}[a-z]){2,}(?![a-z0-9])")
_CJK_RUN = re.compile(rf"(?<![{_CJK}])[{_CJK}](?:(?:[^\w。、！？!?「」『』]|_){{1,3}}[{_CJK}])+(?![{_CJK}])")
_LATIN_SPLIT = re.compile(r"(?<=[a-z])[*\-._~^|+=]+(?=[a-z])")
_CJK_SPLIT = re.compile(rf"(?<=[{_CJK}])(?:[^\w\s。、！？!?,「」『』“”‘’()]|_)+(?=[{_CJK}])")
_NOT_LETTERS = re.compile(rf"[^a-z{_CJK}]+")


def _letters_only(match: re.Match[str]) -> str:
    return _NOT_LETTERS.sub("", match[0])


def _joined(text: str) -> str:
    """The text with letters that stand apart ("k i l l", "자.살") put together."""
    runs = _CJK_RUN.sub(_letters_only, _LATIN_RUN.sub(_letters_only, text))
    return _CJK_SPLIT.sub("", _LATIN_SPLIT.sub("", runs))


_MIXED = re.compile(r"(?<![a-z0-9@$!])[a-z0-9@$!]{2,40}(?![a-z0-9@$])")
_TWO_LETTERS = re.compile(r"[a-z][^a-z]*[a-z]")
_DIGIT_FOR_I = str.maketrans("013457@$!", "oieastasi")
_DIGIT_FOR_L = str.maketrans("013457@$!", "oleastasi")


def _spelled(text: str, digits: dict[int, int]) -> str:
    """The text with digits and signs inside English words read as the letters that they look like."""

    def spell(match: re.Match[str]) -> str:
        word = match[0].rstrip("!")
        return word.translate(digits) if _TWO_LETTERS.search(word) and not word.isalpha() else match[0]

    return _MIXED.sub(spell, text)


_LENGTHENED = re.compile(r"(\w)\1{2,}")


def plain(text: str) -> str:
    """The text in one width and case, without invisible characters, look-alikes and loose Korean consonants."""
    visible = _INVISIBLE.sub("", text)
    if not visible.isascii():
        visible = unicodedata.normalize("NFKC", visible)
        visible = _INVISIBLE.sub("", visible).casefold().translate(_PLAIN)
        visible = _LOOSE_FINAL.sub(_close_syllable, visible)
    return _BLANKS.sub(" ", visible.casefold())


def readings(text: str) -> tuple[str, ...]:
    """Every reading of the text that differs from the others, the plain one first."""
    first = plain(text)
    joined = _joined(first)
    found = [first, joined, _spelled(joined, _DIGIT_FOR_I), _spelled(joined, _DIGIT_FOR_L)]
    if _LENGTHENED.search(joined):
        found += [_LENGTHENED.sub(r"\1", joined), _LENGTHENED.sub(r"\1\1", joined)]
    return tuple(dict.fromkeys(found))


_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def in_hiragana(text: str) -> str:
    """The text with katakana written as hiragana."""
    return text.translate(_HIRAGANA)
