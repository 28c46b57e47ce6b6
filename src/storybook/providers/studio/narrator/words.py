"""The words of a text, as they stand there and as the voice has to be told them."""

import re
import unicodedata
from typing import Literal, NamedTuple

from storybook.domain.book_spec import Language
from storybook.providers.studio.narrator import japanese, korean


class Word(NamedTuple):
    """Characters `start` to `end` of the text; `spoken` is what the voice says for them."""

    start: int
    end: int
    spoken: str


_SIGNS = "&%+="
_SHAPE = re.compile(rf"[ln](?:[lnm]|['\u2019\-](?=[ln])|(?<=n)[.,](?=n))*|[{_SIGNS}]")
_LONE_KOREAN_LETTER = re.compile("[\u3131-\u318e]")
_SAYABLE_SCRIPTS = {"LATIN", "HANGUL", "DIGIT"}
_KANA = {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}


def words_of(text: str, language: Language) -> list[Word]:
    """The words that the voice can say, in their order. Emoji, control characters and scripts foreign to the voice
    are none: Latin and Hangul can be said in every language, kana and kanji in Japanese.
    """
    if language is Language.JA:
        words = [Word(*phrase) for phrase in japanese.phrases(text)]
    else:
        words = [_word(text, match, language) for match in _SHAPE.finditer(_shape(text))]
    return [word for word in words if _can_say(word.spoken, language)]


def has_letters(text: str) -> bool:
    """Is there anything in it that somebody could read aloud?"""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def _word(text: str, match: re.Match[str], language: Language) -> Word:
    spoken = _plain(text[match.start() : match.end()])
    return Word(match.start(), match.end(), korean.counted(spoken) if language is Language.KO else spoken)


def _plain(word: str) -> str:
    # The compatible form of a lone Korean letter is one that the voice does not know.
    form: Literal["NFC", "NFKC"] = "NFC" if _LONE_KOREAN_LETTER.search(word) else "NFKC"
    return unicodedata.normalize(form, word).replace("\u2019", "'")


def _shape(text: str) -> str:
    """The text with each letter as `l`, each number as `n`, each combining mark as `m`, and nothing else so named."""
    kinds = {"L": "l", "N": "n", "M": "m"}
    return "".join(kinds.get(unicodedata.category(char)[0], char) for char in text)


def _can_say(spoken: str, language: Language) -> bool:
    scripts = _SAYABLE_SCRIPTS | (_KANA if language is Language.JA else set())
    letters = [char for char in spoken if unicodedata.category(char)[0] in "LN"]
    return spoken in _SIGNS or (bool(letters) and all(_script(char) in scripts for char in letters))


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]
