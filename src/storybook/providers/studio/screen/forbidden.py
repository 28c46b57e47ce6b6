"""The words that a parent does not want in the book."""

import re
from collections.abc import Sequence
from functools import lru_cache

from storybook.providers.studio.screen.readings import in_hiragana, plain

_KOREAN_ENDINGS = (
    "(?:들)?(?:이|가|은|는|을|를|의|에|에게|에서|한테|께|와|과|랑|이랑|하고|도|만|부터|까지|처럼|보다|로|으로|아|야|"
    "이야|이다|이에요|예요|이고|이며|이나|나|이었\\w*|였\\w*|입니다|인|님|님\\w{1,2}|에는|에도|에서는)?"
)
_JAPANESE_ENDINGS = (
    "が|は|を|に|の|と|も|で|や|へ|か|よ|ね|から|まで|より|だ|です|でし|じゃ|たち|さん|ちゃん|くん|みたい|って|など"
)
_IRREGULAR = {
    "mouse": "mice",
    "goose": "geese",
    "tooth": "teeth",
    "foot": "feet",
    "child": "children",
    "man": "men",
    "woman": "women",
}


def holds_any(texts: Sequence[str], words: Sequence[str]) -> bool:
    """True where one of the texts holds one of the words, as a word and not as part of another.

    English words are also found in the plural, Korean ones with their particles, Japanese ones in either kana.
    """
    patterns = [_pattern(in_hiragana(plain(word)).strip()) for word in words if plain(word).strip()]
    if not patterns:
        return False
    folded = [in_hiragana(plain(text)) for text in texts]
    return any(pattern.search(text) for pattern in patterns for text in folded)


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    stem = re.escape(word).replace("\\ ", r"\s*" if not word.isascii() else r"[\s-]+")
    if re.search("[가-힣]", word):
        return re.compile(f"(?<![가-힣]){stem}{_KOREAN_ENDINGS}(?![가-힣])")
    if re.fullmatch("[ぁ-ゖー ]+", word):
        return re.compile(f"(?:(?<![ぁ-ゖー])|(?<=[のがはをにとなもい])){stem}(?=$|[^ぁ-ゖー]|{_JAPANESE_ENDINGS})")
    if re.search("[ぁ-ゖ一-鿿]", word):
        return re.compile(stem)
    return re.compile(f"(?<![a-z0-9])(?:{'|'.join(_english_forms(word))})(?:'s?)?(?![a-z0-9])")


def _english_forms(word: str) -> list[str]:
    """The word as patterns in the singular and the plural; a plural is also read as its singular."""
    forms = {word, word + "s", word + "es", _IRREGULAR.get(word, word)}
    forms |= {single for single, plural in _IRREGULAR.items() if plural == word}
    if word.endswith("y"):
        forms.add(word[:-1] + "ies")
    if word.endswith(("f", "fe")):
        forms.add(re.sub("fe?$", "ves", word))
    forms |= {re.sub(end, new, word) for end, new in (("ies$", "y"), ("ves$", "f"), ("([^s])s$", r"\1"), ("es$", ""))}
    return sorted(re.escape(form).replace("\\ ", r"[\s-]+") for form in forms if len(form) > 1)
