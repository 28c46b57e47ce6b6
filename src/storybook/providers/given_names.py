"""What somebody is called whose full name was told."""

import re
from collections.abc import Callable, Iterable, Iterator

from storybook.domain.calling import DESCRIBED, PARTICLES, is_called, people_in, without_asides
from storybook.providers.spelling import (
    COMMON_SURNAMES,
    KANA,
    KANJI,
    LONG_SURNAMES,
    SURNAMES,
    as_a_name,
    as_a_word,
    bare,
    capitalised,
)
from storybook.providers.studio.writer.lexicon import words_of
from storybook.providers.word_names import is_also_a_word

_ADDRESSED = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "sir", "lady", "lord", "captain", "capt", "sgt", "prof", "king", "queen",
     "prince", "princess", "uncle", "aunt")
)  # fmt: skip
_JOINING = PARTICLES | {"the", "and", "of"}
_NOUNS = frozenset("姫王様君子人犬猫熊兎鬼虎狐")
"""Where a hero's name ends in one of these, it says what the hero is."""

_HARDLY_GIVEN = frozenset("김박최장임권황홍곽허엄")
"""Surnames that given names of two syllables hardly begin with, as 나비 and 지우 begin with others."""
_LONE_SURNAMES = frozenset("林森原関辻堀岡谷菅岸")

_KANA_SURNAME = re.compile(
    r"(?:さとう|すずき|たかはし|たなか|いとう|わたなべ|やまもと|なかむら|こばやし|かとう|よしだ|やまだ|ささき|やまぐち"
    r"|まつもと|いのうえ|きむら|しみず|やまざき|やまさき|いけだ|はしもと|やました|いしかわ|なかじま|まえだ|ふじた|ごとう"
    r"|おがわ|おかだ|むらかみ|はせがわ|こんどう|いしい|さいとう|さかもと|えんどう|あおき|ふじい|にしむら|ふくだ|おおた"
    r"|みうら|おかもと|まつだ|なかがわ|なかの|はらだ|たむら|たけうち|かねこ|なかやま|いしだ|うえだ|もりた|しばた|さかい"
    r"|くどう|よこやま|みやざき|みやもと|うちだ|たかぎ|あんどう|たにぐち|おおの|まるやま|いまい|たかだ|ふじもと|たけだ"
    r"|むらた|うえの|すぎやま|ますだ|おおつか|ひらの|まつい|のぐち|きくち)(?=[ぁ-ゖー]{2,4}$)"
)
"""In front of a given name that is written together with it."""

_HANGUL_NAME = re.compile(r"[가-힣 -]+")
_JAPANESE_NAME = re.compile(rf"[{KANA}{KANJI} -]+")
_KANJI_AND_KANA = re.compile(rf"([{KANJI}]{{1,4}})([{KANA}]{{2,}})")
_KANJI_NAME = re.compile(rf"[{KANJI}]{{3,}}")
_KATAKANA_NAME = re.compile(r"[ァ-ヺー -]+")

_WORD = re.compile(rf"(?:(?![가-힣{KANA}{KANJI}_])[\w'.-])+")
MOST_WORDS = 5
"""Of a name; what is longer is rather a sentence."""

Part = tuple[str, Callable[[str], str]]
"""What somebody may be called, folded, and who makes the pattern that finds it."""


def called(name: str) -> list[Part]:
    """What a folded name is in a text without what was told around it, and the parts of a full name; the likeliest
    first. Who is joined to others there has a name of their own, see `each_of`. A word for a kind of creature is none.
    """
    people = people_in(without_asides(name))
    if len(people) != 1 or people[0] == name:
        return [] if _joined(name) else given_names(name)
    person = people[0]
    if person.casefold() in words_of("kinds"):
        return []
    if name.split(maxsplit=1)[0].casefold() in DESCRIBED:
        return [(person, capitalised), *((part, capitalised) for part, _ in given_names(person))]
    also = given_names(name) if name == f"{person}야" else []
    return [(person, _maker(person)), *given_names(person), *also]


def each_of(names: Iterable[str]) -> Iterator[str]:
    """The names, and behind them each of the people that one of them joins: of `Emma, the brave` there is only one."""
    told = list(names)
    yield from told
    for name in told:
        yield from (person for person in _joined(name) if _is_somebody(person, name))


def _maker(name: str) -> Callable[[str], str]:
    return as_a_name if is_also_a_word(name) else as_a_word


def _joined(name: str) -> tuple[str, ...]:
    """The people in a name that joins some, or who else is named in brackets; nobody in a sentence, whose parts are
    words of any text.
    """
    people, told = people_in(name), people_in(without_asides(name))
    if len(people) < 2 or not is_called(", ".join(people).title()):
        return ()
    return people if len(told) > 1 else tuple(person for person in people if person not in told)


def _is_somebody(person: str, joined: str) -> bool:
    return person.casefold() not in words_of("kinds") and (not person.islower() or joined.islower())


def given_names(name: str) -> list[Part]:
    """The parts of a folded full name that stand for it, the likeliest first; none for what is no full name."""
    words, parts = name.split(), _parts(name)
    if not parts or words[0].casefold() in DESCRIBED or name.casefold() in words_of("kinds"):
        return []
    if _HANGUL_NAME.fullmatch(name):
        return [(part, as_a_word) for part in _korean(parts)]
    if _JAPANESE_NAME.fullmatch(name):
        return [(part, as_a_word) for part in _japanese(name, parts)]
    return list(_western(words))


def _parts(name: str) -> list[str]:
    return name.replace("-", " ").split()


def _korean(words: list[str]) -> Iterator[str]:
    if len(words) > 1:
        if words[0] in SURNAMES:
            yield "".join(words[1:])
        return
    name = words[0]
    if name[:2] in LONG_SURNAMES and len(name) > 2:
        yield name[2:]
    if name[0] in COMMON_SURNAMES and len(name) in {3, 4}:
        yield name[1:]
    if name[0] in _HARDLY_GIVEN and len(name) == 2:
        yield name[1:]


def _japanese(name: str, words: list[str]) -> Iterator[str]:
    if len(words) > 1:
        yield words[0 if _KATAKANA_NAME.fullmatch(name) else -1]
    elif found := _KANA_SURNAME.match(bare(name)):
        yield name[found.end() :]
    elif found := _KANJI_AND_KANA.fullmatch(name):
        if len(found[1]) > 1 or found[1] in _LONE_SURNAMES:
            yield found[2]
    elif _KANJI_NAME.fullmatch(name):
        surnames = (1, 2) if len(name) == 3 else (2, 3)
        yield from (given for given in (name[length:] for length in surnames) if given and given not in _NOUNS)


def _western(words: list[str]) -> Iterator[Part]:
    """The first name however it is written; the others, which may be common words, as they were told."""
    named = [word for word in words if word.casefold().rstrip(".") not in _ADDRESSED]
    if named:
        yield from _joined_by_hyphens(named[0])
    if len(words) < 2 or not named:
        return
    first, *others = named
    if len(named) == len(words) and len(first) > 1:
        yield first, _maker(first)
    else:
        others = named
    if len(named) <= MOST_WORDS and all(_WORD.fullmatch(word) for word in others):
        for word in others:
            comes_last = len(others) > 1 and word is others[-1] and word.isalpha()
            if (len(word) > 2 or comes_last) and word.casefold() not in _JOINING:
                yield word, as_a_word if "-" in word else capitalised


def _joined_by_hyphens(word: str) -> Iterator[Part]:
    parts = word.split("-")
    if len(parts) > 1 and all(part[:1].isupper() for part in parts):
        yield from ((part, capitalised) for part in parts if len(part) > 2)
