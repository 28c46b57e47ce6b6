"""Filling the slots of a sentence so that it is right in its language."""

import re
from random import Random
from typing import Any

from storybook.domain.book_spec import Gender, Language
from storybook.domain.korean import with_particle
from storybook.providers.studio.writer.data import SLOT, table, words
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.lexicon import display
from storybook.providers.studio.writer.memories import lines_about
from storybook.providers.studio.writer.naming import PEOPLE, without_suffix
from storybook.providers.studio.writer.premise import Player, Premise, Setting

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_PRONOUNS = {
    Gender.FEMALE: ("she", "her", "her", "herself", "was"),
    Gender.MALE: ("he", "him", "his", "himself", "was"),
    Gender.NEUTRAL: ("they", "them", "their", "themself", "were"),
}
_VOCATIVE = "아/야"
MAX_KNOWN_WORDS = 3
# What nature does, of all that a story can be about: one may ask for its secret.
_NATURE = ("thunder", "rainbow", "snow", "star", "moon", "sea", "space", "autumn", "dark")
_INNER_QUOTES = str.maketrans("“”「」", "‘’『』")


def _is_quoted(hit: re.Match[str]) -> bool:
    before = hit.string[: hit.start()]
    return before.count("“") + before.count("「") > before.count("”") + before.count("」")


def _put(value: str, hit: re.Match[str], form: str | None) -> str:
    """The value as it stands in the place of a slot."""
    if _is_quoted(hit):
        value = value.translate(_INNER_QUOTES)
    if hit.group(1)[0].isupper():
        value = value[:1].upper() + value[1:]
    if form == "title":
        return value
    if form == _VOCATIVE:
        value = without_suffix(value)
    return with_particle(value, form) if form else value


class Voice:
    """Speaks the sentences of one story. It remembers who has been introduced: whoever is named for the
    first time outside a quotation is called by kind and name.
    """

    def __init__(self, premise: Premise, rng: Random) -> None:
        self.rng = rng
        self.language = premise.language
        self._players = {"hero": premise.hero, "friend": premise.friend, "elder": premise.elder}
        self._introduced: set[str] = set()
        self._phrases = _phrases(premise)
        self._slots = _slots(premise, rng)
        at_sea = premise.hero.kind in table("wardrobe")["swimmers"]
        self._swim_words: dict[str, str] = dict(words(self.language)["sea"]["pairs"]) if at_sea else {}
        self._swims = _any_of(self._swim_words, self.language) if at_sea else None

    def meet(self, text: str) -> None:
        """Takes note of everyone whom an earlier text has named."""
        self._introduced |= {role for role, player in self._players.items() if player.spoken in text}

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
        """The sentence with every slot filled once: names and all else that was typed are plain text, whatever they
        look like. Raises KeyError for a slot that nobody knows.
        """
        text, before = self._at_sea(template), ""
        while text != before:
            text, before = SLOT.sub(self._expand, text), text
        return SLOT.sub(lambda hit: self._fill(hit, introduce=introduce), text)

    def _at_sea(self, template: str) -> str:
        """The template with the words of those who swim where the story plays in the sea and its hero lives there."""
        if self._swims is None:
            return template
        return self._swims.sub(lambda hit: self._swim_words[hit.group()], template)

    def _expand(self, hit: re.Match[str]) -> str:
        """The writer's own phrase for a slot, which may hold slots in turn; other slots stay as they are."""
        phrase = self._phrases.get(hit.group(1)[0].lower() + hit.group(1)[1:])
        if phrase is None:
            return hit.group()
        form = hit.group(2)
        if form and form != "title" and phrase.endswith("}"):
            phrase, form = f"{phrase[:-1]}:{form}}}", None
        return _put(phrase, hit, form)

    def _fill(self, hit: re.Match[str], *, introduce: bool) -> str:
        key = hit.group(1)[0].lower() + hit.group(1)[1:]
        value = self._named(key, hit, introduce=introduce) if key in self._players else self._slots[key]
        return _put(value, hit, hit.group(2))

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


def _any_of(known: dict[str, str], language: Language) -> re.Pattern[str]:
    longest_first = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True))
    return re.compile(rf"\b(?:{longest_first})\b" if language is Language.EN else longest_first)


def full_name(player: Player, language: Language) -> str:
    """Name and kind together, as someone is called when first met."""
    kind = display("kinds", player.kind, language)
    if kind in player.spoken:
        return player.spoken
    forms = words(language)["forms"]
    adult = player.kind in PEOPLE[2:]
    form = "{name}" if adult else forms["person" if player.kind in PEOPLE else "animal"]
    return str(form.format(name=player.spoken, kind=kind, a_kind=article(kind)))


def _phrases(premise: Premise) -> dict[str, str]:
    """What the writer's tables say of the trouble; where the topic itself says it, they say nothing."""
    vocabulary = words(premise.language)
    like = table("troubles")[premise.trouble].get("like", premise.trouble)
    known = vocabulary["troubles"].get(premise.trouble) or vocabulary["troubles"].get(like, {})
    phrases: dict[str, str] = {**vocabulary["any"], **known}
    return {slot: phrase for slot, phrase in phrases.items() if slot not in premise.phrases}


def lines_of(premise: Premise, name: str) -> list[str]:
    """The alternatives for one of the single lines around a page's own text, as templates."""
    if name == "series":
        return lines_about(premise.past, premise.language)
    return list(words(premise.language)["lines"][name])


def known_words(premise: Premise) -> list[str]:
    """What the topic names and the writer knows, as prose calls it: animals and other figures, things and places."""
    language, found = premise.language, premise.findings
    kinds = [display("kinds", kind, language) for kind in found.kinds if kind not in PEOPLE]
    things = [display("things", thing, language) for thing in found.things]
    nouns = [article(noun) if language is Language.EN else noun for noun in [*kinds, *things]]
    named = [premise.setting.named] if premise.setting.named else []
    places = [words(language)["places"][place][0] for place in [*found.places, *named]]
    return list(dict.fromkeys([*nouns, *places]))[:MAX_KNOWN_WORDS]


def _question(premise: Premise) -> str:
    """A question about something in nature that the topic names, or about the world."""
    vocabulary = words(premise.language)
    things = [vocabulary["troubles"].get(trouble, {}).get("thing") for trouble in premise.findings.troubles]
    asked = [thing for thing, key in zip(things, premise.findings.troubles, strict=True) if thing and key in _NATURE]
    places = [vocabulary["places"][place][0] for place in premise.findings.places]
    wonder = next(iter([*asked, *places, *known_words(premise)]), None)
    template: str = vocabulary["lines"]["question" if wonder else "any_question"]
    return template.replace("{wonder}", wonder or "")


def _slots(premise: Premise, rng: Random) -> dict[str, str]:
    """Everything else but the players: what the topic says, places, the item, pronouns and kinds."""
    language, vocabulary = premise.language, words(premise.language)
    slots = premise.past | premise.phrases
    for slot, place in (("home", premise.setting.home), ("away", premise.setting.away)):
        slots[slot], slots[f"at_{slot}"] = vocabulary["places"][place]
    slots["item"] = item_name(premise.setting, language)
    for role, player in (("", premise.hero), ("friend_", premise.friend), ("elder_", premise.elder)):
        slots[f"{role}kind"] = display("kinds", player.kind, language)
        slots[f"a_{role}kind"] = article(slots[f"{role}kind"])
    slots["an_item"] = article(slots["item"])
    slots |= zip(("they", "them", "their", "themself", "was"), _PRONOUNS[premise.hero.gender], strict=True)
    slots["about"] = listed(known_words(premise), vocabulary)
    slots["note"] = rng.choice(vocabulary["lines"]["note"])
    slots["question"] = _question(premise)
    slots["others"] = listed([full_name(player, language) for player in premise.company], vocabulary)
    return slots


def item_name(setting: Setting, language: Language) -> str:
    """The story's thing as prose calls it, with the colour that the topic gave it."""
    word = display("things", setting.item, language)
    if setting.tint is None:
        return word
    gap = "" if language is Language.JA else " "
    return f"{display('tints', setting.tint, language)}{gap}{word}"


def listed(names: list[str], vocabulary: dict[str, Any]) -> str:
    """Several names in one row, as the language joins them."""
    if len(names) < 2:
        return "".join(names)
    forms: dict[str, str] = vocabulary["forms"]
    return forms["comma"].join(names[:-1]) + forms["and"] + names[-1]
