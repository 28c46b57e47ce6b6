"""Korean particles: which form a word takes depends on whether its last syllable ends in a consonant."""

_FIRST_SYLLABLE = 0xAC00
_LAST_SYLLABLE = 0xD7A3
_FINALS = 28
_RIEUL = 8
_LATIN_WITH_FINAL = set("lmnLMN")
_DIGIT_FINALS = {"0": 21, "1": _RIEUL, "3": 16, "6": 1, "7": _RIEUL, "8": _RIEUL}
_CLOSING_QUOTES = "”’」』\"'"


def _final(word: str) -> int:
    """The number of the last syllable's final consonant, 0 for none (Unicode Hangul composition)."""
    last = word.rstrip().rstrip(_CLOSING_QUOTES)[-1:]
    if last and _FIRST_SYLLABLE <= ord(last) <= _LAST_SYLLABLE:
        return (ord(last) - _FIRST_SYLLABLE) % _FINALS
    if last in _LATIN_WITH_FINAL:
        return _RIEUL if last in "lL" else 4
    return _DIGIT_FINALS.get(last, 0)


def with_particle(word: str, particle: str) -> str:
    """`word` with the right one of a pair such as `은/는`, `이/가`, `을/를`, `과/와`, `으로/로`, `이/` or `아/야`."""
    after_consonant, after_vowel = particle.split("/")
    final = _final(word)
    if particle.startswith("으로") and final == _RIEUL:
        return word + after_vowel
    return word + (after_consonant if final else after_vowel)
