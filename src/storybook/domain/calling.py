"""What a person is called, told from a sentence that stands where a name should be."""

import re
import unicodedata

MAX_WORDS = 3
MAX_LETTERS = 20
MAX_KOREAN = 5
MAX_JAPANESE = 8

_WORD = re.compile(r"[^\W\d_]+(?:['’.\-·・][^\W\d_]+)*(?:[.·]|\d{1,2})?")
_KOREAN = re.compile(r"[가-힣]")
_JAPANESE = re.compile(r"[ぁ-ヺ一-鿿]")
_KOREAN_GRAMMAR = re.compile(r"를|[가-힣]{2}[다요까]$|[가-힣]지마$")
_JAPANESE_GRAMMAR = re.compile(r"[をっ]|(?:です|ます|した|しろ|しね|する|れる|ない|たい)$")
_SAYING = frozenset(
    """
    a about after again all always am an and any anybody anyone are at be because been before being but by can
    come could did do does doing done each every everybody everyone for from get give go going had has have he
    her here hers him his how i if in into is it its kill let like made make makes me mine more most mummy
    daddy my never no nobody none not now of off on or our ours out over she should so some take tell than
    that the their theirs them then there these they this those to too under until us very was we were what
    when where which who why with without would you your yours
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Words of which sentences are made, and nobody's name. A name that is also a word (Will, May, Grace) is not here."""


def is_called(text: str) -> bool:
    """Whether somebody may be called so: one to three words of letters, none of them a word that sentences are made of.

    It decides what is kept from vendors that judge texts, so it is strict where several words stand together: what is
    no name has to be judged. One word alone is taken for a name.
    """
    words = unicodedata.normalize("NFKC", text).split()
    if not 1 <= len(words) <= MAX_WORDS or not all(map(_WORD.fullmatch, words)):
        return False
    if _KOREAN.search(text):
        return len(words) <= 2 and all(len(word) <= MAX_KOREAN and not _KOREAN_GRAMMAR.search(word) for word in words)
    if _JAPANESE.search(text):
        return len(words) <= 2 and all(
            len(word) <= MAX_JAPANESE and not _JAPANESE_GRAMMAR.search(word) for word in words
        )
    if len(words) == 1:
        return len(words[0]) <= MAX_LETTERS
    return all(len(word) <= MAX_LETTERS and word.lower().rstrip(".") not in _SAYING for word in words)
