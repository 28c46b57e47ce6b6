"""What each picture shows: who is there, in what mood, where, and what they hold."""

from storybook.domain.story import Actor, Mood, Pose, Scene, TimeOfDay, Weather
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.plots import ROLES, Beat
from storybook.providers.studio.writer.premise import Player, Premise

MAX_ACTORS = 4
MAX_PROPS = 6
MAX_DESCRIPTION = 260
_SEAS = ("sea", "underwater", "cave")
# What stands in the sea where it would else stand on land.
_UNDER_WATER = {
    "tree": "shell",
    "flower": "shell",
    "mushroom": "stone",
    "nest": "shell",
    "bed": "shell",
    "leaf": "shell",
}
_OUT_OF_DOORS = {"lamp": "lantern"}


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
            merry = (Pose.WAVING, Pose.STANDING, Pose.JUMPING)
            actors += [Actor(name=player.name, pose=merry[n % 3]) for n, player in enumerate(self._premise.others)]
        place = self._place(beat.place)
        return Scene(
            description=self._description(beat.scene),
            place=place,
            time=self._time(beat),
            weather=self._weather(beat),
            actors=tuple(actors[:MAX_ACTORS]),
            props=self._props(beat.props, place),
        )

    def cover(self) -> Scene:
        """The cover: hero and friend in good spirits where the story leads, or at home where it is about the house."""
        premise = self._premise
        place = self._place("house" if set(premise.setting.props) & set(table("wardrobe")["furniture"]) else "away")
        return Scene(
            description=self._description("{hero} the {kind} and {friend} the {friend_kind}, the cover of their story"),
            place=place,
            time=TimeOfDay.DUSK if premise.trouble in ("dark", "moon", "star", "sleep", "monster") else TimeOfDay.DAY,
            actors=(
                Actor(name=premise.hero.name, mood=Mood.HAPPY, pose=Pose.STANDING, holding=self._allowed_item()),
                Actor(name=premise.friend.name, mood=Mood.HAPPY, pose=Pose.WAVING),
            ),
            props=self._props(("*",), place),
        )

    def _actor(self, role: str, mood: Mood, pose: Pose) -> Actor:
        holding = self._held if role == "hero" else None
        return Actor(name=self._players[role].name, mood=mood, pose=pose, holding=holding)

    def _allowed_item(self) -> str | None:
        return self._word("item")

    def _word(self, prop: str) -> str | None:
        word = self._premise.setting.item_look if prop == "item" else prop
        return None if breaches(word, self._premise.forbidden) else word

    def _place(self, place: str) -> str:
        setting = self._premise.setting
        house = setting.home if setting.home in table("wardrobe")["lived_in"] else "bedroom"
        way = "space" if setting.away == "space" else "sky"
        spot = setting.spot or setting.home
        named = {"home": setting.home, "away": setting.away, "way": way, "house": house, "spot": spot}.get(place, place)
        named = "underwater" if setting.wet and named not in _SEAS else named
        return "meadow" if breaches(named, self._premise.forbidden) else named

    def _time(self, beat: Beat) -> TimeOfDay:
        """The beat's time, that at which the whole story happens, or dusk where nobody wants a night."""
        if self._premise.setting.time is not None:
            return TimeOfDay(self._premise.setting.time)
        if beat.place == "spot" and self._premise.setting.light is not None:
            return TimeOfDay(self._premise.setting.light)
        if beat.time is TimeOfDay.NIGHT and breaches("night", self._premise.forbidden):
            return TimeOfDay.DUSK
        return beat.time

    def _weather(self, beat: Beat) -> Weather:
        return Weather(self._premise.setting.weather if beat.weather == "trouble" else beat.weather)

    def _props(self, patterns: tuple[str, ...], place: str) -> tuple[str, ...]:
        setting = self._premise.setting
        names: list[str] = []
        for pattern in patterns:
            names += setting.props if pattern == "*" else [pattern.replace("{item}", setting.item_look)]
        if setting.wet:
            names = [_UNDER_WATER.get(name, name) for name in names]
        elif place not in table("wardrobe")["indoors"]:
            names = [_OUT_OF_DOORS.get(name, name) for name in names]
        unique = [name for name in dict.fromkeys(names) if name != self._held]
        return tuple(name for name in unique if not breaches(name, self._premise.forbidden))[:MAX_PROPS]

    def _description(self, pattern: str) -> str:
        words = {"item": self._premise.setting.item_look}
        for role, player in self._players.items():
            prefix = "" if role == "hero" else f"{role}_"
            words |= {role: player.name, f"{prefix}kind": player.kind}
        people = ("girl", "boy", "woman", "man")
        for role, player in self._players.items():
            if player.kind in people or player.kind in player.name.lower():
                pattern = pattern.replace(f" the {{{'kind' if role == 'hero' else f'{role}_kind'}}}", "")
        return pattern.format(**words)[:MAX_DESCRIPTION]


def cast_of(premise: Premise, beats: list[Beat]) -> tuple[Player, ...]:
    """Everyone in the story, the hero first; the elder only where a beat calls for one."""
    elder = (premise.elder,) if any("elder" in beat.parts for beat in beats) else ()
    return (premise.hero, premise.friend, *elder, *premise.others)
