"""Filling the slots of a sentence so that it is right in its language."""

import re
from random import Random

from storybook.domain.book_spec import Gender, Language
from storybook.domain.korean import with_particle
from storybook.providers.studio.writer.data import words
from storybook.providers.studio.writer.lexicon import display
from storybook.providers.studio.writer.naming import PEOPLE
from storybook.providers.studio.writer.premise import Player, Premise

_SLOT = re.compile(r"\{([A-Za-z_0-9]+)(?::([^}]*))?\}")
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_PRONOUNS = {
    Gender.FEMALE: ("she", "her", "her", "herself", "was"),
    Gender.MALE: ("he", "him", "his", "himself", "was"),
    Gender.NEUTRAL: ("they", "them", "their", "themself", "were"),
}
SHORT_TOPIC_WORDS = 5
_INNER_QUOTES = str.maketrans("“”「」", "‘’『』")


def _is_quoted(hit: re.Match[str]) -> bool:
    before = hit.string[: hit.start()]
    return before.count("“") + before.count("「") > before.count("”") + before.count("」")


def article(noun: str) -> str:
    """The English noun with a or an."""
    vowel = noun[:1].lower() in "aeiou" and not noun.lower().startswith(("uni", "eu", "uku"))
    return f"{'an' if vowel else 'a'} {noun}"


class Voice:
    """Speaks the sentences of one story. It remembers who has been introduced: whoever is named for the
    first time outside a quotation is called by kind and name.
    """

    def __init__(self, premise: Premise, rng: Random) -> None:
        self.rng = rng
        self.language = premise.language
        self._players = {"hero": premise.hero, "friend": premise.friend, "elder": premise.elder}
        self._introduced: set[str] = set()
        self._slots = _slots(premise)

    def introduced(self) -> set[str]:
        """Who has been introduced so far; a copy."""
        return set(self._introduced)

    def forget(self, introduced: set[str]) -> None:
        """Goes back to a state that `introduced` returned."""
        self._introduced = set(introduced)

    def choose(self, template: str) -> str:
        """The template with one of each of its alternatives."""
        return _CHOICE.sub(lambda hit: self.rng.choice(hit.group(1).split("|")), template)

    def say(self, template: str, *, introduce: bool = True) -> str:
        """The sentence with every slot filled; raises KeyError for a slot that nobody knows."""
        text = template
        while _SLOT.search(text):
            text = _SLOT.sub(lambda hit: self._fill(hit, introduce=introduce), text)
        return text

    def _fill(self, hit: re.Match[str], *, introduce: bool) -> str:
        slot, form = hit.group(1), hit.group(2)
        key = slot[0].lower() + slot[1:]
        value = self._named(key, hit, introduce=introduce) if key in self._players else self._slots[key]
        if _is_quoted(hit):
            value = value.translate(_INNER_QUOTES)
        if slot[0].isupper():
            value = value[:1].upper() + value[1:]
        if form == "title":
            return value.title()
        return with_particle(value, form) if form else value

    def _named(self, role: str, hit: re.Match[str], *, introduce: bool) -> str:
        player = self._players[role]
        before, after = hit.string[: hit.start()], hit.string[hit.end() : hit.end() + 2]
        quoted = _is_quoted(hit)
        if not introduce or quoted or after in ("'s", "’s") or role in self._introduced:
            return player.spoken
        self._introduced.add(role)
        full = full_name(player, self.language)
        starts_with_article = self.language is Language.EN and not before.strip() and full.startswith(("a ", "an "))
        return full[0].upper() + full[1:] if starts_with_article else full


def full_name(player: Player, language: Language) -> str:
    """Name and kind together, as someone is called when first met."""
    kind = display("kinds", player.kind, language)
    if kind in player.spoken:
        return player.spoken
    forms = words(language)["forms"]
    adult = player.kind in PEOPLE[2:]
    form = "{name}" if adult else forms["person" if player.kind in PEOPLE else "animal"]
    return str(form.format(name=player.spoken, kind=kind, a_kind=article(kind)))


def _slots(premise: Premise) -> dict[str, str]:
    """Everything but the players: phrases of the trouble, places, the item, pronouns and kinds."""
    language, vocabulary = premise.language, words(premise.language)
    slots: dict[str, str] = {**vocabulary["any"], **vocabulary["troubles"].get(premise.trouble, {})}
    if premise.trouble == "dream" and len(premise.topic.split()) <= SHORT_TOPIC_WORDS and len(premise.topic) <= 25:
        slots["thing"] = f"「{premise.topic}」" if language is Language.JA else f"“{premise.topic}”"
    for slot, place in (("home", premise.setting.home), ("away", premise.setting.away)):
        slots[slot], slots[f"at_{slot}"] = vocabulary["places"][place]
    slots["item"] = display("things", premise.setting.item, language)
    for role, player in (("", premise.hero), ("friend_", premise.friend), ("elder_", premise.elder)):
        slots[f"{role}kind"] = display("kinds", player.kind, language)
        slots[f"a_{role}kind"] = article(slots[f"{role}kind"])
    slots["an_item"] = article(slots["item"])
    slots |= zip(("they", "them", "their", "themself", "was"), _PRONOUNS[premise.hero.gender], strict=True)
    slots["topic"] = premise.topic
    slots["others"] = _listed([player.spoken for player in premise.others], vocabulary)
    return slots


def _listed(names: list[str], vocabulary: dict[str, dict[str, str]]) -> str:
    if len(names) < 2:
        return "".join(names)
    joined: str = vocabulary["forms"]["comma"].join(names[:-1])
    return joined + vocabulary["forms"]["and"] + names[-1]
