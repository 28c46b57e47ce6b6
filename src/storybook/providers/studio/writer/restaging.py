"""A page's picture with what a reader wished for."""

from collections.abc import Sequence
from dataclasses import replace

from storybook.domain.book_spec import Language
from storybook.domain.story import Actor, CastMember, Scene, TimeOfDay, Weather
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.feedback import Added, Wishes, words_of
from storybook.providers.studio.writer.looks import drawn_as
from storybook.providers.studio.writer.stage import MAX_DESCRIPTION, MAX_PROPS

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


def apart_from(wishes: Wishes, cast: Sequence[CastMember]) -> Wishes:
    """The wishes without animals that are in the story already."""
    kinds = {member.kind for member in cast}
    added = tuple(one for one in wishes.added if not (one.living and drawn_as(one.key) in kinds))
    return replace(wishes, added=added)


def restaged(scene: Scene, wishes: Wishes) -> Scene:
    """The scene with the wishes granted; its actors stay."""
    looks = [added.look for added in wishes.added]
    changed = [added.key for added in (*wishes.added, *wishes.gone)]
    kept = [prop for prop in scene.props if not any(_is(prop, key) for key in changed)]
    return Scene(
        description=_description(scene.description, wishes),
        place=wishes.place or scene.place,
        time=wishes.time or scene.time,
        weather=wishes.weather or scene.weather,
        actors=tuple(_actor(actor, wishes, changed) for actor in scene.actors),
        props=tuple(dict.fromkeys([*looks, *kept]))[:MAX_PROPS],
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


def _actor(actor: Actor, wishes: Wishes, changed: list[str]) -> Actor:
    holding = actor.holding
    if holding and any(_is(holding, key) for key in changed):
        holding = None
    return Actor(name=actor.name, mood=wishes.mood or actor.mood, pose=actor.pose, holding=holding)


def _description(base: str, wishes: Wishes) -> str:
    things = " and ".join(_seen(added) for added in wishes.added)
    told = [f"with {things}"] if things else []
    told += [_SKIES[wishes.weather]] if wishes.weather else []
    told += [_HOURS[wishes.time]] if wishes.time else []
    told += [f"at the {wishes.place}"] if wishes.place else []
    told += [f"in soft {wishes.tint} light"] if wishes.tint else []
    told += [f"everyone looking {wishes.mood}"] if wishes.mood else []
    more = "".join(f", {words}" for words in told if words not in base)
    return base[: MAX_DESCRIPTION - len(more)].rstrip(" ,") + more


def _seen(added: Added) -> str:
    return added.look if added.key.endswith("s") else article(added.look)
