"""Japanese as it is pronounced: kanji read as kana, particles and long vowels as they sound, phrases parted."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

_PARTICLES = {"は": "ワ", "へ": "エ", "を": "オ"}
_NOUN = "名詞"
_PREFIX = "接頭辞"
_VERBS = {"動詞", "形容詞"}
_LEANING = {"助詞", "助動詞", "接尾辞"}
_SYMBOLS = {"補助記号", "空白", "記号"}
_CLOSING = "」』）)"
_PLAIN_FORMS = ("終止形", "連体形")
_LONGEST_READING = 4

_DRAWN_OUT = [
    (re.compile(f"(?<=[{row}])[{small}]"), "ー")
    for row, small in (
        ("アカサタナハマヤラワガザダバパャあかさたなはまやらわがざだばぱゃ", "ァぁ"),
        ("イキシチニヒミリギジヂビピいきしちにひみりぎじぢびぴ", "ィぃ"),
        ("ウクスツヌフムユルグズヅブプュうくすつぬふむゆるぐずづぶぷゅ", "ゥぅ"),
        ("エケセテネヘメレゲゼデベペえけせてねへめれげぜでべぺ", "ェぇ"),
        ("オコソトノホモヨロゴゾドボポョおこそとのほもよろごぞどぼぽょ", "ォぉ"),
    )
]
_HANGUL = re.compile("[\uac00-\ud7a3]")
_FRACTION = re.compile(r"([0-9]+)\.([0-9]+)")
_LONG_O = re.compile("(?<=[オコソトノホモヨロゴゾドボポョ])ウ")
_LONG_E = re.compile("(?<=[ケセテネヘメレゲゼデベペ])イ")
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}

_DIGITS = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュー")
_TENS = ("", "ジュー", "ヒャク", "セン")
_MYRIADS = ("", "マン", "オク", "チョー")
_CHANGED = {
    "サンヒャク": "サンビャク",
    "ロクヒャク": "ロッピャク",
    "ハチヒャク": "ハッピャク",
    "サンセン": "サンゼン",
    "ハチセン": "ハッセン",
}


class _Morpheme(NamedTuple):
    start: int
    end: int
    kana: str
    kind: str
    leans: bool


def phrases(text: str) -> list[tuple[int, int, str]]:
    """The phrases of a text, each a word with what leans on it: its start and end in the text, and its kana."""
    found: list[_Morpheme] = []
    joins = False
    for morpheme in _morphemes(text):
        if morpheme.kind in _SYMBOLS:
            joins = False
            continue
        if joins and (morpheme.leans or found[-1].kind == _PREFIX):
            first = found.pop()
            found.append(morpheme._replace(start=first.start, kana=first.kana + morpheme.kana))
        else:
            found.append(morpheme)
        joins = not morpheme.kana.isascii()
    return [(each.start, each.end, each.kana) for each in found]


def number(digits: str) -> str:
    """A whole number of at most sixteen digits, in kana; longer ones digit by digit."""
    if not digits.strip("0") or len(digits) > 16:
        return "".join(_DIGITS[int(digit)] or "ゼロ" for digit in digits)
    groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)]
    spoken = [
        _below_a_myriad(group) + _MYRIADS[power] if group.strip("0") else "" for power, group in enumerate(groups)
    ]
    return "".join(reversed(spoken))


def _below_a_myriad(digits: str) -> str:
    spoken = []
    for power, digit in enumerate(reversed(digits)):
        if digit != "0":
            count = "" if digit == "1" and power else _DIGITS[int(digit)]
            said = count + _TENS[power]
            spoken.append(_CHANGED.get(said, said))
    return "".join(reversed(spoken))


@cache
def _tokenizer() -> Tokenizer:
    return Dictionary(dict="small").tokenizer()


@cache
def _readings() -> dict[str, str]:
    table = tomllib.loads((files(__package__) / "readings.toml").read_text(encoding="utf-8"))
    return dict(table["readings"])


def _morphemes(text: str) -> Iterator[_Morpheme]:
    tokens = list(_tokenizer().tokenize(_drawn_out(text), SplitMode.C))
    surfaces = [token.surface() for token in tokens]
    starts = [0, *accumulate(len(surface) for surface in surfaces)]
    index = 0
    while index < len(tokens):
        count = _known_from(surfaces[index : index + _LONGEST_READING])
        end = index + max(count, 1)
        span = (starts[index], starts[end])
        if count:
            yield _Morpheme(*span, _as_it_sounds(_readings()["".join(surfaces[index:end])]), _NOUN, leans=False)
        else:
            yield _looked_up(tokens[index], span, before=surfaces[index - 1] if index else "")
        index = end


def _looked_up(token: Morpheme, span: tuple[int, int], before: str) -> _Morpheme:
    kind, detail, *_, form = token.part_of_speech()
    kind = _NOUN if _HANGUL.search(token.surface()) else kind
    plain_verb = kind in _VERBS and form.startswith(_PLAIN_FORMS)
    helps = kind in _VERBS and detail == "非自立可能" and before in {"て", "で"}
    kana = _as_it_sounds(_kana(token.surface(), token.reading_form(), kind, before), plain_verb=plain_verb)
    return _Morpheme(*span, kana, kind, leans=helps or kind in _LEANING)


def _drawn_out(text: str) -> str:
    """The text, equally long, with small vowels that only lengthen a sound as a sign that the dictionary knows."""
    for small, long in _DRAWN_OUT:
        text = small.sub(long, text)
    return text


def _known_from(surfaces: list[str]) -> int:
    """How many of the first surfaces together are a word of our own table of readings."""
    return next((count for count in range(len(surfaces), 0, -1) if "".join(surfaces[:count]) in _readings()), 0)


def _kana(surface: str, reading: str, kind: str, before: str) -> str:
    plain = unicodedata.normalize("NFKC", surface).replace(",", "")
    if plain.isascii():
        return _kana_of_ascii(plain)
    if kind == "助詞" and surface in _PARTICLES and before and (before in _CLOSING or before[-1].isalnum()):
        return _PARTICLES[surface]
    if kind == "感動詞" and surface.endswith("は") and len(surface) > 2:
        return reading[:-1] + "ワ"
    return reading


def _kana_of_ascii(plain: str) -> str:
    """Numbers in kana; words in other letters as they are, since the voice knows how to say them."""
    fraction = _FRACTION.fullmatch(plain)
    if fraction:
        return number(fraction[1]) + "テン" + "".join(number(digit) for digit in fraction[2])
    return number(plain) if plain.isdecimal() else plain.lower()


def _as_it_sounds(kana: str, *, plain_verb: bool = False) -> str:
    said = kana.translate(_TO_KATAKANA)
    ending = said[-1:] if plain_verb and said.endswith("ウ") else ""
    stem = said.removesuffix(ending) if ending else said
    return _LONG_E.sub("ー", _LONG_O.sub("ー", stem)) + ending
