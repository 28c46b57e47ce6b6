"""Small rules of English: articles, titles and the -ing form."""

import re

_SMALL = {"a", "an", "and", "the", "of", "to", "in", "on", "at", "for", "with", "by", "or", "from", "who", "is", "it"}
_VOWELS = "aeiou"


def article(noun: str) -> str:
    """The noun with a or an."""
    vowel = noun[:1].lower() in _VOWELS and not noun.lower().startswith(("uni", "eu", "uku"))
    return f"{'an' if vowel else 'a'} {noun}"


def headline(title: str) -> str:
    """The title with capitals; small words within it stay small, and what stands in quotation marks as it is."""
    words = title.split(" ")
    quoted = False
    out = []
    for place, word in enumerate(words):
        quoted = quoted or "“" in word
        small = word.lower() in _SMALL - {"is", "it", "who"} and 0 < place < len(words) - 1
        out.append(word if quoted or small or word[:1] in "“‘" else word[:1].upper() + word[1:])
        quoted = quoted and "”" not in word
    return " ".join(out)


def gerund(phrase: str) -> str:
    """A phrase that begins with a verb ("brush her hair") in its -ing form."""
    verb, _, rest = phrase.partition(" ")
    short = re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", verb)
    if verb.endswith("ie"):
        stem = verb[:-2] + "y"
    elif verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        stem = verb[:-1]
    else:
        stem = verb + verb[-1] if short else verb
    return f"{stem}ing {rest}".strip()
