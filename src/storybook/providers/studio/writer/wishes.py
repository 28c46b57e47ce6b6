"""What a hero wants, learns or will not do, where a topic says so in so many words."""

import re
from dataclasses import dataclass

from storybook.domain.book_spec import Language
from storybook.domain.korean import with_particle
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.english import gerund
from storybook.providers.studio.writer.lexicon import matches
from storybook.providers.studio.writer.naming import PEOPLE

MAX_WORDS = 6
_REFUSES = (
    r"(?:(?:does ?n[o'’]t|do ?n[o'’]t|did ?n[o'’]t|would ?n[o'’]t|never) (?:want|like|wants|likes) to|refuses to"
    r"|will not|won['’]t|would not) "
)
_LEARNS = (
    r"(?:(?:wants?|wishes|hopes|longs|would like|tries|dreams of|decides) (?:to )?learn(?:ing)?(?: how)? to"
    r"|learns?(?: how)? to|learning(?: how)? to|wants? to|tries to|wishes to|longs to|can['’]?t|cannot|can not) "
)
_FEARS = re.compile(
    r"\b(?:afraid|scared|frightened|terrified) of ([a-z][a-z' ’-]*?)(?= (?:and|but|until|because|so)\b|[.,!?]|$)",
    re.IGNORECASE,
)
# Whoever wants to be something: the first group is what.
_CALLINGS = (
    (
        r"\b(?:wants?|wishes|longs|would like) to (?:be|become) (an? [a-z][a-z' -]*?)"
        r"(?= (?:and|but|so|who|when)\b|[.,!?]|$)"
    ),
    r"((?:[가-힣]+ )?[가-힣]+?)(?:이|가) 되고 ?싶",
    r"([一-龥ァ-ヶー]+|[ぁ-ん]{2,8})になりたい",
)
_VERB_PHRASE = r"([a-z][a-z' ’-]*)"
_NO_VERBS = {"be", "a", "an", "the", "his", "her", "their", "to", "it", "more", "any", "give", "stop", "afraid"}


@dataclass(frozen=True)
class Wish:
    """`act` follows "to" ("brush her hair"), `thing` is the same as a noun ("brushing her hair"), `act_l` is the Korean
    verb before a noun.
    """

    trouble: str
    act: str = ""
    thing: str = ""
    act_l: str = ""

    def slots(self) -> dict[str, str]:
        """What is told of it, by slot."""
        words = {"act": self.act, "thing": self.thing, "act_l": self.act_l}
        return {slot: text for slot, text in words.items() if text}


def is_understood(phrase: str, language: Language) -> bool:
    """Whether every word of the phrase is one that a book may repeat, and no person is among them."""
    lowered = phrase.lower()
    known = [match for match in matches(lowered) if match.section in ("kinds", "things", "places", "troubles")]
    if any(match.key in PEOPLE for match in known):
        return False
    covered = {place for match in known for place in range(match.start, match.end)}
    for word in table("acts")[language].split():
        pattern = rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
        covered |= {place for hit in re.finditer(pattern, lowered) for place in range(*hit.span())}
    return all(place in covered or letter.isspace() for place, letter in enumerate(lowered))


def fear_in(topic: str) -> re.Match[str] | None:
    """Where the topic says of what its hero is afraid; the first group is that."""
    return _FEARS.search(topic)


def calling_in(topic: str) -> re.Match[str] | None:
    """Where the topic says what its hero wants to be, in any language; the first group is that."""
    return next((hit for pattern in _CALLINGS if (hit := re.search(pattern, topic, re.IGNORECASE))), None)


def _calling(topic: str, language: Language) -> Wish | None:
    hit = calling_in(topic)
    if hit is None:
        return None
    what = hit.group(1).strip()
    if not is_understood(what, language):
        return None
    if language is Language.EN and what.isascii():
        return Wish(trouble="calling", act=f"be {what}", thing=f"being {what}")
    if language is Language.KO and "가" <= what[0] <= "힣":
        become = with_particle(what, "이/가")
        return Wish(trouble="calling", act=f"{become} 되기", thing=f"{become} 되는 일", act_l=f"{become} 될")
    if language is Language.JA and not what.isascii() and not "가" <= what[0] <= "힣":
        return Wish(trouble="calling", act=f"{what}になる", thing=f"{what}になること")
    return None


def wish_in(topic: str, language: Language) -> Wish | None:
    """What the topic's hero wants to be ("calling"), or, in English, the act that they refuse ("refusal") or long for
    ("skill"), or what they fear ("fear"); None where it tells of none.
    """
    calling = _calling(topic, language)
    if calling or language is not Language.EN:
        return calling
    return _feared(topic) or _acted(topic)


def _feared(topic: str) -> Wish | None:
    afraid = fear_in(topic)
    feared = " ".join(afraid.group(1).lower().split()[:MAX_WORDS]) if afraid else ""
    if feared and is_understood(feared, Language.EN):
        bare = not re.match(r"(?:the|a|an|his|her|their|its|my|our|being|[a-z]+ing)\b", feared)
        return Wish(trouble="fear", thing=f"the {feared}" if bare else feared)
    return None


def _acted(topic: str) -> Wish | None:
    for trouble, pattern in (("refusal", _REFUSES), ("skill", _LEARNS)):
        found = re.search(pattern + _VERB_PHRASE, topic, re.IGNORECASE)
        act = _act(found.group(1)) if found else ""
        if act and is_understood(act, Language.EN):
            return Wish(trouble=trouble, act=act, thing=gerund(act))
    return None


def _act(text: str) -> str:
    words = re.split(r" (?:because|but|until|so|when|and then) ", text.strip())[0].split()
    if not words or words[0] in _NO_VERBS or len(words) > MAX_WORDS or len(words[0]) < 3:
        return ""
    return " ".join(words)
