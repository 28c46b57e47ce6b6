"""Everyone in the picture, in their light, with what they hold and what they stand, lie or swim in."""

from collections.abc import Sequence

from storybook.domain.story import Pose
from storybook.providers.studio.painter import berths
from storybook.providers.studio.painter.blocking import Standing, swims_only
from storybook.providers.studio.painter.characters import draw_actor, hand_of
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import LitPen
from storybook.providers.studio.painter.places import Place, Stage
from storybook.providers.studio.painter.props import Prop, draw_thing, owned, shines
from storybook.providers.studio.painter.props.setting import Placed, overlap

_BY_DAY, _AT_NIGHT = 0.62, 0.4
_WEIGHTLESS = frozenset({"underwater", "space", "sky"})


def draw_cast(stage: Stage, place: Place, cast: Sequence[Standing], *, afloat: bool) -> None:
    """Everyone from back to front, a little brighter than their surroundings so that they are seen first.

    Those who are `afloat`, in a boat or in the water, need no ground under them.
    """
    _draw_halos(stage, place, cast)
    sleepers = [one for one in cast if one.tucked]
    if sleepers:
        berths.bed_behind(stage, sleepers)
        for one in sleepers:
            _draw_one(stage, place, one)
        berths.bed_before(stage, sleepers)
        for one in sleepers:
            _draw_held(stage, place, one, cast)
    others = [one for one in cast if not one.tucked]
    for one in sorted(others, key=lambda one: (one.ground, one.actor.pose is Pose.SITTING)):
        if not afloat:
            _draw_ground(stage, place, one)
        _draw_one(stage, place, one)
        _draw_held(stage, place, one, cast)


def _draw_halos(stage: Stage, place: Place, cast: Sequence[Standing]) -> None:
    for one in cast:
        if _dark(stage, place):
            stage.bare.glow(one.x, one.feet - one.height * 0.55, one.height * 0.5, stage.light.bottom, opacity=0.36)
        held = _held(stage, one, cast)
        if held and stage.lamps and shines(held.prop):
            lamplight(stage, held.x, held.y - held.size / 2, one.height * 0.62)


def _dark(stage: Stage, place: Place) -> bool:
    return stage.light.dark and not place.indoors


def _draw_ground(stage: Stage, place: Place, one: Standing) -> None:
    if swims_only(one.look) and place.name not in _WEIGHTLESS:
        _pool(stage, one, rim=place.indoors)
    else:
        stage.pen.contact_shadow(one.x, one.ground, one.width * 0.36, opacity=0.12 if one.lift else 0.25)


def _near_light(stage: Stage, place: Place) -> LitPen:
    return LitPen(stage.bare, stage.light.softened(_AT_NIGHT if _dark(stage, place) else _BY_DAY))


def _draw_one(stage: Stage, place: Place, one: Standing) -> None:
    pen = _near_light(stage, place)
    draw_actor(pen, one.look, one.actor, x=one.x, ground=one.feet, height=one.height, facing=one.facing)


def _draw_held(stage: Stage, place: Place, one: Standing, cast: Sequence[Standing]) -> None:
    held = _held(stage, one, cast)
    if held is None:
        return
    pen = _near_light(stage, place)
    draw_thing(pen, held.prop, held.x, held.y, held.size, stage.own)
    if stage.lamps and shines(held.prop):
        stage.bare.glow(held.x, held.y - held.size / 2, one.height * 0.42, stage.sun.warm, opacity=0.26)


def lamplight(stage: Stage, x: float, y: float, radius: float) -> None:
    """The light that a thing throws around it."""
    stage.bare.glow(x, y, radius, stage.sun.warm, opacity=0.42 if stage.light.dark else 0.26)


def _held(stage: Stage, one: Standing, cast: Sequence[Standing]) -> Placed | None:
    """What the actor holds, hung from or standing in its hand; nothing held trails on the ground."""
    prop = owned(one.actor.holding, stage.owners) if one.actor.holding else None
    if prop is None:
        return None
    x, y = hand_of(one.look, one.actor, one.x, one.feet, one.height, one.facing)
    own = min(prop.size * one.child, one.height * 0.55, one.height * 0.46 / prop.aspect)
    hanging = max(one.ground + 10 - y, one.height * 0.16) / max(0.1, -prop.grip[1])
    size = prop.size * 1.25 * one.height if prop.aloft else min(own, hanging)
    held = _in_hand(prop, x, y, size)
    hides = not prop.aloft and any(overlap(other.face, held.rect) > 0.08 for other in cast)
    return _in_hand(prop, x, y, size * 0.66) if hides else held


def _in_hand(prop: Prop, x: float, y: float, size: float) -> Placed:
    return Placed(prop, x - prop.grip[0] * size, y - prop.grip[1] * size, size, front=True, stands=False)


def _pool(stage: Stage, one: Standing, *, rim: bool) -> None:
    """Water for those who cannot live on land; in a room it is a paddling pool with a rim."""
    water = stage.light.far("#6fb6d3", 0.15)
    rx = one.width * 0.58
    if rim:
        stage.pen.ellipse(one.x, one.ground + 8, rx * 1.07, rx * 0.3, "#ef8a78")
    stage.bare.ellipse(one.x, one.ground, rx, rx * 0.25, water, outline=False)
    stage.bare.ellipse(
        one.x, one.ground - 4, rx * 0.8, rx * 0.17, mix(water, "#ffffff", 0.3), outline=False, shade=False
    )
