"""The players of a story: from whom the request and its topic name to everyone who takes part."""

import re
from dataclasses import replace
from random import Random

from storybook.domain.book_spec import Gender, HeroSpec, Language, TargetAge
from storybook.domain.characters import CharacterSheet
from storybook.domain.story import Role
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.casting import Named, asks, cast_in, mourns, unwelcome
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.lexicon import display, find, told
from storybook.providers.studio.writer.looks import drawn_as, invent_look, look_of_hero
from storybook.providers.studio.writer.naming import ELDERS, choose_name, gender_of, spoken
from storybook.providers.studio.writer.premise import Player

MAX_OTHERS = 3
_COMPANIONS = ("rabbit", "fox", "bear", "owl", "cat", "dog", "mouse", "turtle", "squirrel", "hedgehog", "duck", "frog")
_SEA_COMPANIONS = ("turtle", "fish", "dolphin", "octopus", "whale")
_ELDER_KINDS = ("grandmother", "grandfather", "owl", "turtle", "elephant")
_FAMILY = ("girl", "boy", "woman", "man")
_FEMALE = ("girl", "woman", "grandmother", "princess", "mermaid", "fairy")
_MALE = ("boy", "man", "grandfather", "prince", "knight", "keeper")
_SHE, _HE = (
    r"\b(she|her|female|girl|daughter)\b|소녀|여자|딸",
    r"\b(he|his|him|male|boy|son)\b|소년|남자|아들|くん|ぼく",
)


class Troupe:
    """Chooses the players of one story; everyone has a name and a look of their own."""

    def __init__(self, request: StoryRequest, banned: tuple[str, ...], rng: Random) -> None:
        self._request, self._banned, self._rng = request, banned, rng
        self._language = request.spec.language
        told_cast = cast_in(request.spec.topic, with_elders=request.spec.target_age is TargetAge.ADULT)
        if asks(request.spec.topic) or mourns(request.spec.topic):
            told_cast = tuple(one for one in told_cast if one.name)
        self._told = [one for one in told_cast if one.kind is None or not is_banned(one.kind, banned)]
        self._back = self._coming_back()
        self._taken: list[Player] = []

    def players(self, *, siblings: bool) -> tuple[Player, Player, Player, tuple[Player, ...]]:
        """The hero, the friend, an elder and all others."""
        hero = self._enter(self._hero())
        sheets = [sheet for sheet in self._request.known if sheet.name != hero.name]
        back = [sheet for sheet in self._back if sheet.name not in {hero.name, *(known.name for known in sheets)}]
        self._told = [*self._told[:1], *(one for one in self._told[1:] if not self._comes_back(one, back))]
        if len(self._told) < 2 or sheets:
            sheets += back
            back = []
        friend = self._enter(self._friend(hero, sheets, sibling=siblings))
        others = [self._enter(_known(sheet, Role.FRIEND, self._language)) for sheet in (sheets[1:] + back)[:MAX_OTHERS]]
        if not sheets:
            told_too = self._told[2 : 2 + MAX_OTHERS - len(others)]
            others += [self._enter(self._player(one, Role.FRIEND)) for one in told_too]
        return hero, friend, self._enter(self._elder(hero)), tuple(others)

    def _coming_back(self) -> list[CharacterSheet]:
        """The companions of the book before this one, without those whom nobody wants to see."""
        sheets = self._request.earlier[-1].companions if self._request.earlier else ()
        return [
            sheet for sheet in sheets if not is_banned(_known(sheet, Role.FRIEND, self._language).kind, self._banned)
        ]

    def _comes_back(self, one: Named, back: list[CharacterSheet]) -> bool:
        """Whether the one whom the topic names is a companion whom the reader knows already."""
        known = [_known(sheet, Role.FRIEND, self._language) for sheet in back]
        return any(one.name == player.name or (one.name is None and one.kind == player.kind) for player in known)

    def _enter(self, player: Player) -> Player:
        self._taken.append(player)
        return player

    def _player(self, one: Named, role: Role) -> Player:
        gender = (gender_of(one.name) if one.name else None) or self._told_gender()
        kind = one.kind or {Gender.FEMALE: "girl", Gender.MALE: "boy"}.get(
            gender or Gender.NEUTRAL, self._rng.choice(("girl", "boy"))
        )
        settled = _gender_of_kind(kind) or gender or self._rng.choice((Gender.FEMALE, Gender.MALE))
        name = one.name or choose_name(
            kind,
            self._language,
            self._names(),
            self._rng,
            gender=settled,
            elder=role is Role.ELDER or drawn_as(kind, settled) in ELDERS,
        )
        looks = tuple(player.look for player in self._taken)
        look = invent_look(kind, self._rng, gender=settled, tint=one.tint, manners=one.manners, beside=looks)
        return _player(name, kind, settled, role, look, self._language, _traits(one.manners))

    def _told_gender(self) -> Gender | None:
        told_so = _told_gender(self._request.spec.topic)
        return None if self._taken or told_so is Gender.NEUTRAL else told_so

    def _names(self) -> set[str]:
        return {player.name for player in self._taken} | {one.name for one in self._told if one.name}

    def _hero(self) -> Player:
        given = self._request.spec.character
        if given is not None:
            return self._given(given)
        if self._request.known:
            hero = _known(self._request.known[0], Role.HERO, self._language)
            # The place of the hero among those whom the topic names; everyone else in it is somebody to meet.
            self._told = [Named(start=0), *(one for one in self._told if not _is_named(one, hero))]
            return hero
        return self._player(self._told[0] if self._told else Named(start=0), Role.HERO)

    def _given(self, given: HeroSpec) -> Player:
        """The hero whom the request describes; what it leaves open the topic tells."""
        inside = find(given.appearance).kinds if given.appearance else ()
        topical = next((one for one in self._told if one.name in (given.name, None)), Named(start=0))
        child = {Gender.FEMALE: "girl", Gender.MALE: "boy"}.get(given.gender or Gender.NEUTRAL)
        kind = next((kind for kind in inside if not is_banned(kind, self._banned)), None)
        if kind is None and not re.search(r"\bhair\b|머리|髪", given.appearance or ""):
            kind = topical.kind
        kind = kind or child
        self._told = [one for one in self._told if one.name != given.name and one.kind != kind]
        manners = told(" ".join(given.personality or ()), "manners")
        hero = self._player(Named(start=0, name=given.name, kind=kind, tint=topical.tint, manners=manners), Role.HERO)
        look = look_of_hero(hero.kind, given.appearance, self._rng) if given.appearance else hero.look
        traits = tuple(term for term in given.personality or () if term.strip())
        self._told = [Named(start=0), *self._told]
        return replace(hero, gender=given.gender or hero.gender, look=look, traits=traits or hero.traits)

    def _friend(self, hero: Player, sheets: list[CharacterSheet], *, sibling: bool) -> Player:
        if sheets:
            return _known(sheets[0], Role.FRIEND, self._language)
        if len(self._told) > 1:
            return self._player(self._told[1], Role.FRIEND)
        if (self._told and self._told[0].several) or sibling:
            kind = self._rng.choice(_siblings(self._request.spec.topic)) if hero.kind in _FAMILY else hero.kind
            return self._player(Named(start=0, kind=kind), Role.FRIEND)
        wet = table("wardrobe")["habitat"].get(hero.kind, [""])[0] in ("sea", "underwater")
        free = [
            kind
            for kind in (_SEA_COMPANIONS if wet and hero.kind != "pirate" else _COMPANIONS)
            if kind != hero.kind and not is_banned(kind, self._banned)
        ]
        return self._player(Named(start=0, kind=self._rng.choice(free or ["girl"])), Role.FRIEND)

    def _elder(self, hero: Player) -> Player:
        topic = self._request.spec.topic
        left_out = unwelcome(topic)
        told_kinds = [kind for kind in find(topic).kinds if kind not in left_out]
        told_elders = [kind for kind in told_kinds if kind in ELDERS and kind != hero.kind]
        free = [kind for kind in _ELDER_KINDS if kind not in left_out and not is_banned(kind, self._banned)]
        own = [kind for kind in free if kind in ELDERS] if hero.kind in _FAMILY else free
        taken = {player.kind for player in self._taken}
        wanted = told_elders or own or free or ["girl"]
        kind = self._rng.choice([kind for kind in wanted if kind not in taken] or wanted)
        return self._player(Named(start=0, kind=kind), Role.ELDER)


def _is_named(one: Named, player: Player) -> bool:
    return one.name == player.name or (one.name is None and (one.kind == player.kind or player.kind in _FAMILY))


def _siblings(topic: str) -> tuple[str, ...]:
    """The kinds that a brother or sister in the topic may have."""
    if re.search(r"sister|여동생|누나|언니|妹|姉", topic.lower()):
        return ("girl",)
    return ("boy",) if re.search(r"brother|남동생|오빠|형|弟|兄", topic.lower()) else ("girl", "boy")


def is_banned(kind: str, banned: tuple[str, ...]) -> bool:
    """Whether a forbidden word names that kind in any language, or the one that it is drawn as."""
    return any(
        breaches(word, banned) for word in [kind, drawn_as(kind), *(display("kinds", kind, lang) for lang in Language)]
    )


def _player(
    name: str, kind: str, gender: Gender, role: Role, look: str, language: Language, traits: tuple[str, ...]
) -> Player:
    return Player(
        name=name,
        spoken=spoken(name, language),
        kind=kind,
        drawn=drawn_as(kind, gender),
        gender=gender,
        role=role,
        look=look,
        traits=traits,
    )


def _traits(manners: tuple[str, ...]) -> tuple[str, ...]:
    seen = {"tiny", "little", "big", "fluffy", "spotted", "striped", "round", "old"}
    return tuple(manner for manner in manners if manner not in seen)


def _known(sheet: CharacterSheet, role: Role, language: Language) -> Player:
    words = f"{sheet.master_description} {sheet.appearance.body} {sheet.appearance.age_visual}"
    words = words.replace(sheet.name, " ")
    gender = _told_gender(words)
    kind = next(iter(find(words).kinds), "boy" if gender is Gender.MALE else "girl")
    look = sheet.master_description[:200].strip()
    settled = _gender_of_kind(kind) or gender
    return _player(sheet.name, kind, settled, role, look, language, sheet.personality_traits[:8])


def _told_gender(words: str) -> Gender:
    for gender, pattern in ((Gender.FEMALE, _SHE), (Gender.MALE, _HE)):
        if re.search(pattern, words.lower()):
            return gender
    return Gender.NEUTRAL


def _gender_of_kind(kind: str) -> Gender | None:
    if kind in _FEMALE:
        return Gender.FEMALE
    return Gender.MALE if kind in _MALE else None
