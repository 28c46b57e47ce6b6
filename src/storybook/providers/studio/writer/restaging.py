"""A page's picture with what a reader wished for."""

from collections.abc import Sequence
from dataclasses import replace

from storybook.domain.book_spec import Language
from storybook.domain.story import Actor, CastMember, Mood, Pose, Scene, TimeOfDay, Weather
from storybook.providers.studio.writer.data import table, words
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.feedback import Added, Wishes, words_of
from storybook.providers.studio.writer.looks import drawn_as
from storybook.providers.studio.writer.stage import MAX_ACTORS, MAX_DESCRIPTION, MAX_PROPS

_SKIES = {
    Weather.CLEAR: "under a clear sky",
    Weather.CLOUDY: "under a cloudy sky",
    Weather.RAIN: "in the rain",
    Weather.SNOW: "in falling snow",
    Weather.WIND: "in the wind",
    Weather.FOG: "in the fog",
}
_HOURS = {
    TimeOfDay.MORNING: "in the morning",
    TimeOfDay.DAY: "in bright daylight",
    TimeOfDay.DUSK: "in the evening",
    TimeOfDay.NIGHT: "at night",
}
# What may be told of one weather or hour while another is shown.
_AGREE = (Weather.CLOUDY, Weather.WIND)
# Weather in which no star is seen.
_VEILS = (Weather.CLOUDY, Weather.RAIN, Weather.FOG)


def apart_from(wishes: Wishes, scene: Scene, cast: Sequence[CastMember]) -> Wishes:
    """The wishes with whoever of them is in the story already as one of its cast: who is not in the scene yet joins it,
    and who is there does not come a second time, unless one more was wished for.
    """
    there = {actor.name for actor in scene.actors}
    known = {member.kind: member for member in cast}
    strangers: list[Added] = []
    joined: list[str] = []
    for one in wishes.added:
        member = known.get(drawn_as(one.key)) if one.living else None
        if member is None or (member.name in there and wishes.more):
            strangers.append(one)
        elif member.name not in there:
            joined.append(member.name)
    return replace(wishes, added=tuple(strangers), joined=tuple(joined))


def restaged(scene: Scene, wishes: Wishes, cast: Sequence[CastMember]) -> Scene:
    """The scene with the wishes granted. The hero stays; of the others, those leave whom nobody wants to see."""
    things = [one for one in wishes.added if not one.living]
    held = things[0].look if things and wishes.holds else None
    changed = [added.key for added in (*wishes.added, *wishes.gone)]
    kept = [prop for prop in _movable(scene, wishes) if not any(_is(prop, key) for key in changed)]
    looks = [added.look for added in wishes.added if added.look != held]
    new = Scene(
        description=scene.description,
        place=wishes.place or scene.place,
        time=wishes.time or _hour(scene, wishes),
        weather=wishes.weather or _sky(scene, wishes),
        actors=_actors(scene, wishes, cast, held),
        props=tuple(dict.fromkeys([*looks, *kept]))[:MAX_PROPS],
    )
    return new.model_copy(update={"description": _description(scene, new, wishes, cast)})


def _movable(scene: Scene, wishes: Wishes) -> list[str]:
    """The things that may come along to where the scene plays now: no furniture out of doors."""
    outdoors = wishes.place is not None and wishes.place not in table("wardrobe")["indoors"]
    fixed = table("wardrobe")["furniture"] if outdoors or wishes.place in ("castle", "cave") else ()
    return [prop for prop in scene.props if not any(_is(prop, piece) for piece in fixed)]


def seen_in(new: Scene, old: Scene, wishes: Wishes) -> Wishes:
    """The wishes with the hour and the weather that came with them, such as the night for a star."""
    return replace(
        wishes,
        time=new.time if new.time is not old.time else wishes.time,
        weather=new.weather if new.weather is not old.weather else wishes.weather,
    )


def _hour(scene: Scene, wishes: Wishes) -> TimeOfDay:
    """The hour at which what was wished for can be seen."""
    if _night_sky(wishes) and scene.time is not TimeOfDay.DUSK:
        return TimeOfDay.NIGHT
    return TimeOfDay.DAY if wishes.sunny and scene.time is TimeOfDay.NIGHT else scene.time


def _sky(scene: Scene, wishes: Wishes) -> Weather:
    return Weather.CLEAR if _night_sky(wishes) and scene.weather in _VEILS else scene.weather


def _night_sky(wishes: Wishes) -> bool:
    return any(one.key in ("star", "moon") for one in wishes.added)


def _actors(scene: Scene, wishes: Wishes, cast: Sequence[CastMember], held: str | None) -> tuple[Actor, ...]:
    unwanted = {drawn_as(one.key) for one in wishes.gone}
    gone = {member.name for member in cast[1:] if member.kind in unwanted}
    first, *others = scene.actors
    there = [first, *(actor for actor in others if actor.name not in gone)]
    there += [Actor(name=name, pose=Pose.WAVING) for name in wishes.joined]
    guests = sum(one.living for one in wishes.added)
    changed = [added.key for added in (*wishes.added, *wishes.gone)]
    return tuple(
        _actor(actor, wishes, changed, leads=place == 0, held=held if place == 0 else None)
        for place, actor in enumerate(there[: max(1, MAX_ACTORS - guests)])
    )


def clashes(sentence: str, wishes: Wishes, language: Language) -> bool:
    """Whether the sentence tells of another weather or hour than the one wished for, or of what should be gone."""
    lowered = sentence.lower()
    skies = [sky for sky in Weather if wishes.weather and sky not in (wishes.weather, *_AGREE)]
    hours = [hour for hour in TimeOfDay if wishes.time and hour != wishes.time]
    named = [words_of("weather", sky) for sky in skies] + [words_of("time", hour) for hour in hours]
    gone = (thing.bare(language).lower() for thing in wishes.gone)
    return any(pattern.search(lowered) for pattern in named) or any(word in lowered for word in gone)


def _is(prop: str, key: str) -> bool:
    return prop == key or prop.endswith(f" {key}")


def _actor(actor: Actor, wishes: Wishes, changed: list[str], *, leads: bool, held: str | None) -> Actor:
    holding = held or actor.holding
    if holding and holding != held and any(_is(holding, key) for key in changed):
        holding = None
    pose = wishes.pose if wishes.pose and (leads or wishes.everyone) else _merrier(actor, wishes, leads=leads)
    return Actor(name=actor.name, mood=wishes.mood or actor.mood, pose=pose, holding=holding)


def _merrier(actor: Actor, wishes: Wishes, *, leads: bool) -> Pose:
    """Whoever shall be happy gets up from where they stand or sit, so that it can be seen."""
    if wishes.mood is not Mood.HAPPY or actor.pose not in (Pose.STANDING, Pose.SITTING):
        return actor.pose
    return Pose.JUMPING if leads else Pose.WAVING


def _description(scene: Scene, new: Scene, wishes: Wishes, cast: Sequence[CastMember]) -> str:
    """The old words with the wishes added; where they would tell otherwise, only who is there and where."""
    base = scene.description
    if new.actors != scene.actors or new.place != scene.place or _contradicts(scene, new, wishes):
        base = f"{_together(new, cast)} {words(Language.EN)['places'].get(new.place, ('', 'at the ' + new.place))[1]}"
    things = " and ".join(_seen(added) for added in wishes.added)
    told = [f"with {things}"] if things else []
    told += [_SKIES[new.weather]] if new.weather != scene.weather else []
    told += [_HOURS[new.time]] if new.time != scene.time else []
    told += [f"in soft {wishes.tint} light"] if wishes.tint else []
    more = "".join(f", {words}" for words in told if words not in base)
    return base[: MAX_DESCRIPTION - len(more)].rstrip(" ,") + more


def _contradicts(old: Scene, new: Scene, wishes: Wishes) -> bool:
    """Whether the old words tell of another sky or hour than the new ones, or of what shall not be seen."""
    skies = [words_of("weather", sky) for sky in Weather if new.weather not in (sky, old.weather)]
    hours = [words_of("time", hour) for hour in TimeOfDay if new.time not in (hour, old.time)]
    lowered = old.description.lower()
    return any(known.search(lowered) for known in [*skies, *hours]) or any(one.key in lowered for one in wishes.gone)


def _together(scene: Scene, cast: Sequence[CastMember]) -> str:
    kinds = {member.name: member.kind for member in cast}
    named = [f"{actor.name} the {kinds[actor.name]}" for actor in scene.actors]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _seen(added: Added) -> str:
    return added.look if added.key.endswith("s") else article(added.look)
