"""What each picture shows: who is there, in what mood, where, and what they hold."""

from storybook.domain.story import Actor, Mood, Pose, Scene, TimeOfDay, Weather
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.plots import ROLES, Beat
from storybook.providers.studio.writer.premise import Player, Premise

MAX_ACTORS = 4
MAX_PROPS = 6
MAX_DESCRIPTION = 260


class Stage:
    """Sets the scenes of one story in order. What the hero takes is held until it is put down."""

    def __init__(self, premise: Premise) -> None:
        self._premise = premise
        self._players = {"hero": premise.hero, "friend": premise.friend, "elder": premise.elder}
        self._held: str | None = None

    def scene(self, beat: Beat, *, everyone: bool) -> Scene:
        """The scene of a beat; with `everyone`, further friends join where there is room."""
        if beat.take:
            self._held = self._word(beat.take)
        if beat.put:
            self._held = None
        actors = [self._actor(role, *beat.parts[role]) for role in ROLES if role in beat.parts]
        if everyone:
            actors += [Actor(name=player.name, pose=Pose.WAVING) for player in self._premise.others]
        return Scene(
            description=self._description(beat.scene),
            place=self._place(beat.place),
            time=beat.time,
            weather=self._weather(beat),
            actors=tuple(actors[:MAX_ACTORS]),
            props=self._props(beat.props),
        )

    def cover(self) -> Scene:
        """The cover: hero and friend at the place where the story leads, in good spirits."""
        premise = self._premise
        return Scene(
            description=self._description("{hero} the {kind} and {friend} the {friend_kind}, the cover of their story"),
            place=self._place("away"),
            time=TimeOfDay.DUSK if premise.trouble in ("dark", "moon", "star", "sleep") else TimeOfDay.DAY,
            actors=(
                Actor(name=premise.hero.name, mood=Mood.HAPPY, pose=Pose.STANDING, holding=self._allowed_item()),
                Actor(name=premise.friend.name, mood=Mood.HAPPY, pose=Pose.WAVING),
            ),
            props=self._props(("*",)),
        )

    def _actor(self, role: str, mood: Mood, pose: Pose) -> Actor:
        holding = self._held if role == "hero" else None
        return Actor(name=self._players[role].name, mood=mood, pose=pose, holding=holding)

    def _allowed_item(self) -> str | None:
        return self._word("item")

    def _word(self, prop: str) -> str | None:
        word = self._premise.setting.item if prop == "item" else prop
        return None if breaches(word, self._premise.forbidden) else word

    def _place(self, place: str) -> str:
        setting = self._premise.setting
        named = {"home": setting.home, "away": setting.away}.get(place, place)
        return "meadow" if breaches(named, self._premise.forbidden) else named

    def _weather(self, beat: Beat) -> Weather:
        return Weather(self._premise.setting.weather if beat.weather == "trouble" else beat.weather)

    def _props(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        setting = self._premise.setting
        names: list[str] = []
        for pattern in patterns:
            names += setting.props if pattern == "*" else [pattern.replace("{item}", setting.item)]
        unique = [name for name in dict.fromkeys(names) if name != self._held]
        return tuple(name for name in unique if not breaches(name, self._premise.forbidden))[:MAX_PROPS]

    def _description(self, pattern: str) -> str:
        words = {"item": self._premise.setting.item}
        for role, player in self._players.items():
            prefix = "" if role == "hero" else f"{role}_"
            words |= {role: player.name, f"{prefix}kind": player.kind}
        return pattern.format(**words)[:MAX_DESCRIPTION]


def cast_of(premise: Premise, beats: list[Beat]) -> tuple[Player, ...]:
    """Everyone in the story, the hero first; the elder only where a beat calls for one."""
    elder = (premise.elder,) if any("elder" in beat.parts for beat in beats) else ()
    return (premise.hero, premise.friend, *elder, *premise.others)
