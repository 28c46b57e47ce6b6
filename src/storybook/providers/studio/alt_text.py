"""A picture in words. There is no model that sees: what the studio's painter was told to paint is said again, and of
what somebody else painted no more than its colours.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from storybook.core.settings import STUDIO
from storybook.domain.alt_text import MAX_LENGTH, AltText
from storybook.domain.book_spec import Language
from storybook.domain.korean import with_particle
from storybook.domain.story import Actor, CastMember, Role, Scene
from storybook.providers.base import DescriptionRequest
from storybook.providers.studio.hues import EVERYWHERE, main_hues, name_of, thumbnail
from storybook.providers.studio.painter.characters.tables import words
from storybook.providers.studio.painter.places import place_of
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.lexicon import display, find

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_SIDE = 4096
_MOST_COLOURS = 3
_UNDERWATER = "underwater"


def describe_picture(request: DescriptionRequest) -> AltText:
    """Who is in the picture and what they do, where and when, as far as there are words for it; or its main colours."""
    say = _Teller(request.language)
    if request.scene is None or request.picture.made_by != STUDIO:
        return AltText(text=say.colours(_colours(request.picture.data)))
    return AltText(text=say.scene(request.scene, {member.name: member for member in request.cast}))


class _Teller:
    """Says in one language what a scene shows."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._words: dict[str, Any] = _table()[language]

    def colours(self, names: list[str]) -> str:
        """The sentence for a picture of which nothing else is known."""
        said = [str(self._words["colours"][name]) for name in names]
        *others, last = said
        listed = self._words["and"].join([self._words["comma"].join(others), last]) if others else last
        return str(self._words["colours_only"]).format(colours=listed)

    def scene(self, scene: Scene, cast: dict[str, CastMember]) -> str:
        """As many of those who act as there is room for, the first of them first."""
        number = len(scene.actors)
        while len(said := self._told(scene, scene.actors[:number], cast)) > MAX_LENGTH and number > 1:
            number -= 1
        return said

    def _told(self, scene: Scene, actors: tuple[Actor, ...], cast: dict[str, CastMember]) -> str:
        place = place_of(scene.place)
        poses = self._words["poses"] | (self._words["poses_underwater"] if place.name == _UNDERWATER else {})
        sentence = str(self._words["scene"]).format(
            acts=self._acts(actors, cast, poses),
            where=self._words["places"][place.name],
            when=self._words["times"].get(scene.time, ""),
        )
        weather = str(self._words["weather"].get(scene.weather, "")) if place.open_air else ""
        return str(self._words["space"]).join(filter(None, (sentence[:1].upper() + sentence[1:], weather)))

    def _acts(self, actors: tuple[Actor, ...], cast: dict[str, CastMember], poses: dict[str, str]) -> str:
        seen: set[str] = set()
        said = []
        for number, actor in enumerate(actors, start=1):
            kind = self._kind(cast.get(actor.name))
            who = self._who(actor, kind, is_another=kind in seen)
            seen.add(kind)
            is_last = number == len(actors)
            ending = self._words["last"] if is_last else self._words["not_last"]
            said.append(str(self._words["act"]).format(who=who, pose=poses[actor.pose], ending=ending))
        *others, last = said
        return str(self._words["then"]).join([self._words["comma_of_acts"].join(others), last]) if others else last

    def _who(self, actor: Actor, kind: str, *, is_another: bool) -> str:
        told = f"{self._words['moods'][actor.mood]}{self._words['space']}{kind}"
        if is_another:
            return self._subject(f"{self._words['another']}{told}")
        return self._subject(article(told) if self._language is Language.EN else told)

    def _subject(self, who: str) -> str:
        return with_particle(who, "이/가") if self._language is Language.KO else who

    def _kind(self, member: CastMember | None) -> str:
        if member and (known := find(member.kind).kinds):
            return display("kinds", known[0], self._language)
        return str(self._words["kinds"]["hero" if member and member.role is Role.HERO else "other"])


def _colours(picture: bytes) -> list[str]:
    """The English names of the main colours, the commonest first."""
    hues = main_hues(thumbnail(picture, formats=FORMATS, max_side=MAX_SIDE), EVERYWHERE)
    names = dict.fromkeys(name_of(hue, words()["colours"]) or "gray" for hue in hues)
    return list(names)[:_MOST_COLOURS]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("alt_text.toml").read_text(encoding="utf-8"))
