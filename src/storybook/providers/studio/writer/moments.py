"""Sentences that suit any page: by mood, weather, time and place, and for what a reader wished to see."""

from random import Random

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.korean import with_particle
from storybook.domain.story import Mood, Scene
from storybook.providers.studio.writer.data import SLOT, table, words
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.feedback import Added, Wishes
from storybook.providers.studio.writer.lexicon import display
from storybook.providers.studio.writer.naming import spoken
from storybook.providers.studio.writer.voice import listed

_HEAVY = (Mood.WORRIED, Mood.SCARED, Mood.SAD, Mood.ANGRY)


class Moments:
    """The sentences for one page, in an order drawn by lot. `name` is whom they are about."""

    def __init__(self, language: Language, age: TargetAge, name: str, rng: Random) -> None:
        self._language = language
        self._size = "small" if age is TargetAge.TODDLER else "middle"
        self._table = table(f"prose/{language}/_moments")
        self._name = spoken(name, language)
        self._rng = rng

    def about(self, scene: Scene) -> list[str]:
        """What may be said of the scene: first of its mood and weather, then of anything."""
        mood = self._table["mood"][scene.actors[0].mood]
        any_time = self._rng.sample(self._table["any"][self._size], len(self._table["any"][self._size]))
        near = [*mood[self._size], *any_time[:4]]
        self._rng.shuffle(near)
        return [self._fill(template) for template in [*near, *any_time[4:]]]

    def everything(self) -> list[str]:
        """All sentences that need no more than a name, for readers of every age."""
        groups = [self._table["any"], *self._table["mood"].values()]
        return [self._fill(template) for group in groups for size in group.values() for template in size]

    def wished(self, wishes: Wishes, before: Mood) -> list[tuple[list[str], bool]]:
        """For each wish that a sentence can grant, the sentences for it and whether they open the page; the most
        important first. `before` is the mood that the page is in now.
        """
        living = [added for added in wishes.added if added.living]
        things = [added for added in wishes.added if not added.living]
        found = []
        if things:
            found.append((self._say("things", things=self._listed(things)), False))
        if living or wishes.joined:
            found.append((self._say("beings", being=self._listed(living, wishes.joined)), False))
        for section, key in (("weather", wishes.weather), ("time", wishes.time)):
            found += [(self._say(section, key), True)] if key else []
        if wishes.place:
            place, at_place = words(self._language)["places"][wishes.place]
            found.append((self._say("place", place=place, at_place=at_place), True))
        if wishes.mood:
            turns = before in _HEAVY and wishes.mood in self._table["turn"]
            found.append((self._say("turn" if turns else "mood", wishes.mood), False))
        if wishes.tint:
            found.append((self._say("tint", tint=display("tints", wishes.tint, self._language)), False))
        return found

    def _listed(self, added: list[Added], names: tuple[str, ...] = ()) -> str:
        english = self._language is Language.EN
        nouns = [article(one.word(self._language)) if english else one.word(self._language) for one in added]
        return listed([*nouns, *(spoken(name, self._language) for name in names)], words(self._language))

    def _say(self, section: str, key: str | None = None, **slots: str) -> list[str]:
        group = self._table[section] if key is None else self._table[section][key]
        return [
            self._fill(template, **slots) for template in self._rng.sample(group[self._size], len(group[self._size]))
        ]

    def _fill(self, template: str, **slots: str) -> str:
        values = {"name": self._name, **slots}
        text = SLOT.sub(
            lambda hit: with_particle(values[hit[1]], hit[2]) if hit[2] else values[hit[1]],
            template,
        )
        return text[:1].upper() + text[1:]
