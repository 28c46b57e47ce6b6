"""Whom a topic names: names and kinds, which name belongs to which kind, and what is said about them."""

import re
from dataclasses import dataclass
from itertools import product

from storybook.providers.studio.writer.lexicon import Match, find, matches, told_before
from storybook.providers.studio.writer.looks import needs_to_be_alone
from storybook.providers.studio.writer.naming import ELDERS, names_in
from storybook.providers.studio.writer.wishes import calling_in, fear_in

_KIND_AFTER_NAME = re.compile(
    r"(?:,| is)? (?:the|a|an|our|my|his|her) (?:[\w-]+ ){0,3}|, (?:[\w-]+ ){0,2}"
    r"|(?:이)?(?:라는|라고 하는) (?:이름의 |이름을 가진 )?(?:[가-힣]+ ){0,2}"
    r"|という(?:名前の|名の)?[ぁ-んァ-ヶー一-龥]{0,6}"
)
_NAME_AFTER_KIND = re.compile(
    r" |, | (?:named|called) |,? (?:who|that) is (?:named|called) |,? whose name is "
    r"|[.,] (?:[Hh]is|[Hh]er|Its) name is "
    r"|의? 이름은 |の"
)
_PLURAL = re.compile(r"(?<=..)(?<![su])s$|mice$|wolves$")
_MANY = re.compile(r"들|たち")

_QUESTION = re.compile(
    r"^(?:but )?(?:why|how|what|where|when|who|do|does|can|is|are)\b|[?？]$"
    r"|^왜|왜 |어떻게|까요|なぜ|どうして|なんで|なあに|かな$",
    re.IGNORECASE,
)
# A word in Japanese letters that is more than what joins two words.
_UNREAD = re.compile(r"[ぁ-ん]{3,}")


def asks(topic: str) -> bool:
    """Whether the topic is a question about the world ("why do leaves fall")."""
    return bool(_QUESTION.search(topic.strip()))


def mourns(topic: str) -> bool:
    """Whether the topic is about someone who is no more: who that is does not act in the story."""
    return "farewell" in find(topic).troubles


def unwelcome(topic: str) -> tuple[str, ...]:
    """The grown-ups in the topic whom no story may bring in: what is said of them was not understood, and it may be
    that a child would not want to meet them there.
    """
    found = find(topic, tuple(name for _, name in names_in(topic)))
    unread = found.unknown_words or bool(_UNREAD.search(_blanked(topic)))
    about = found.things or found.troubles
    return tuple(kind for kind in found.kinds if unread and kind in ELDERS and not (about and kind in ELDERS[2:]))


def _blanked(topic: str) -> str:
    """The topic with a blank in the place of every known word."""
    for match in matches(topic):
        topic = topic[: match.start] + " " * (match.end - match.start) + topic[match.end :]
    return topic


@dataclass(frozen=True)
class Named:
    """Someone whom the topic names; `several` says that there are more of the kind."""

    start: int
    name: str | None = None
    kind: str | None = None
    tint: str | None = None
    manners: tuple[str, ...] = ()
    several: bool = False


def cast_in(topic: str, *, with_elders: bool) -> tuple[Named, ...]:
    """Everyone whom the topic names, in its order; each kind counts once, and elders only where they are wanted."""
    names = names_in(topic)
    kinds = _kinds(topic, with_elders=with_elders, named=bool(names))
    owners = _owners(topic, names, kinds)
    people = [Named(start=start, name=name) for start, name in names if start not in owners]
    people += [_named(topic, match, dict(names), owners) for match in kinds]
    return _distinct(sorted(people, key=lambda one: one.start))


def _named(topic: str, match: Match, names: dict[int, str], owners: dict[int, Match]) -> Named:
    own = next((start for start, owned in owners.items() if owned is match), None)
    word, after = topic[match.start : match.end].lower(), topic[match.end : match.end + 2]
    return Named(
        start=match.start if own is None else min(own, match.start),
        name=None if own is None else names[own],
        kind=match.key,
        tint=next(iter(told_before(topic, match.start, "tints")[-1:]), None),
        manners=told_before(topic, match.start, "manners"),
        several=bool(_PLURAL.search(word) or _MANY.match(after)),
    )


def _kinds(topic: str, *, with_elders: bool, named: bool) -> list[Match]:
    spans = [range(*hit.span(1)) for hit in (fear_in(topic), calling_in(topic)) if hit]
    found = [match for match in matches(topic) if match.section == "kinds"]
    found = [match for match in found if not any(match.start in span for span in spans)]
    found = [match for match in found if with_elders or match.key not in ELDERS]
    found = [match for match in found if not _qualifies_another(topic, match, found)]
    found = [match for match in found if not _is_of_another(topic, match, found)]
    living = [match for match in found if not needs_to_be_alone(match.key)]
    return living if living or named else found


def _qualifies_another(topic: str, match: Match, found: list[Match]) -> bool:
    """Whether the kind only describes the next one ("a robot dog", "a pirate princess")."""
    gaps = [topic[match.end : other.start] for other in found if other.start > match.end]
    return any(gap == " " for gap in gaps) and topic[match.start : match.end].isascii()


def _is_of_another(topic: str, match: Match, found: list[Match]) -> bool:
    """Whether the kind only says how old the one before it is ("魔女のおばあさん", "마녀 할머니")."""
    gaps = [topic[other.end : match.start] for other in found if other.end < match.start]
    return match.key in ELDERS and any(gap in ("の", " ") for gap in gaps) and not topic[match.start].isascii()


def _owners(topic: str, names: tuple[tuple[int, str], ...], kinds: list[Match]) -> dict[int, Match]:
    """The kind of each name that has one, by the place of the name."""
    owners: dict[int, Match] = {}
    for (start, name), match in product(names, kinds):
        end = start + len(name)
        behind = end <= match.start and _KIND_AFTER_NAME.fullmatch(topic, end, match.start)
        before = match.end <= start and _NAME_AFTER_KIND.fullmatch(topic, match.end, start)
        if (behind or before) and start not in owners and match not in owners.values():
            owners[start] = match
    return owners


def _distinct(people: list[Named]) -> tuple[Named, ...]:
    """Without whoever has no name and a kind that is there already ("a fox and the other fox")."""
    kept: list[Named] = []
    for one in people:
        if one.name is None and one.kind in {other.kind for other in kept}:
            continue
        kept.append(one)
    return tuple(kept)
