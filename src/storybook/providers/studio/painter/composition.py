"""A whole picture: a place in its light, everyone in it, their things and the weather."""

import random
from dataclasses import replace

from storybook.domain.story import TimeOfDay, Weather
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter import weather
from storybook.providers.studio.painter.blocking import Standing, block, swims_only
from storybook.providers.studio.painter.characters import draw_actor, hand_of, look_of
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import Light, LitPen, indoor, light_of, multiply
from storybook.providers.studio.painter.pen import HEIGHT, Pen
from storybook.providers.studio.painter.places import Place, Stage, place_of
from storybook.providers.studio.painter.places.forms import spot
from storybook.providers.studio.painter.props import Prop, draw_prop, prop_of, shines
from storybook.providers.studio.painter.props.setting import Placed, Room, arrange, overlap

_BY_DAY, _AT_NIGHT = 0.62, 0.4


def compose(request: PictureRequest) -> str:
    """The picture as one SVG document of the pen's WIDTH x HEIGHT. The same request gives the same document.

    Raises KeyError when `request.sheets` lacks one of the scene's actors.
    """
    prompt = request.prompt
    rng = random.Random(prompt.seed)
    place = place_of(prompt.scene.place)
    stage = _stage(request, place, rng)
    sheets = {sheet.name: sheet for sheet in request.sheets}
    looks = {actor.name: look_of(sheets[actor.name]) for actor in prompt.scene.actors}
    cast = block(prompt, looks, place, rng)
    things = _things(request, place, stage, cast)
    place.backdrop(stage)
    if place.open_air:
        weather.behind(stage)
    _draw_things(stage, [thing for thing in things if not thing.front])
    _draw_cast(stage, place, cast)
    _draw_things(stage, [thing for thing in things if thing.front])
    place.front(stage)
    if place.open_air:
        weather.before(stage, [one.face for one in cast])
    return stage.pen.svg()


def _stage(request: PictureRequest, place: Place, rng: random.Random) -> Stage:
    scene = request.prompt.scene
    names = "|".join(sheet.name for sheet in request.sheets)
    air = scene.weather if place.open_air or place.indoors or place.name == "cave" else Weather.CLEAR
    flip = rng.random() < 0.5
    sun = light_of(scene.time, air, scene.actors[0].mood, side=1 if flip else -1)
    light = _light(place, sun, scene.time)
    return Stage(
        pen=LitPen(Pen(request.style, rng), light),
        light=light,
        sun=sun,
        palette=weather.dressed(place.palette, air) if place.open_air else place.palette,
        rng=rng,
        own=random.Random(f"{place.name}|{request.style.value}|{names}"),
        horizon=HEIGHT * rng.uniform(*place.ground),
        time=scene.time,
        weather=air,
        flip=flip,
    )


def _light(place: Place, sun: Light, time: TimeOfDay) -> Light:
    light = indoor(sun, dusk=time is TimeOfDay.DUSK) if place.indoors else sun
    if not place.tint:
        return light
    strong = max(light.strength, 0.6)
    return replace(light, tint=multiply(mix("#ffffff", light.tint, 0.8), place.tint), strength=strong)


def _things(request: PictureRequest, place: Place, stage: Stage, cast: list[Standing]) -> list[Placed]:
    """The scene's props, without those that are held or that the place has anyway."""
    scene = request.prompt.scene
    held = {prop_of(actor.holding) for actor in scene.actors if actor.holding}
    wanted: list[Prop] = []
    for word in scene.props:
        prop = prop_of(word)
        if prop and prop not in held and prop not in wanted and not _there_already(prop, place, stage):
            wanted.append(prop)
    room = Room(
        faces=tuple(one.face for one in cast),
        bodies=tuple(one.body for one in cast),
        horizon=stage.horizon,
        ground=max(one.ground for one in cast),
        child=cast[0].child,
        indoors=place.indoors,
        open_air=place.open_air,
        wet=place.name == "underwater",
    )
    return arrange(wanted, room, stage.rng)


def _there_already(prop: Prop, place: Place, stage: Stage) -> bool:
    if prop.name in place.has:
        return True
    if prop.home != "sky":
        return False
    if place.indoors or place.name in {"underwater", "cave"}:
        return prop.name != "star"
    clear = stage.weather in {Weather.CLEAR, Weather.WIND}
    return (prop.name == "moon" and stage.light.dark) or (prop.name == "sun" and (clear or stage.light.dark))


def _draw_things(stage: Stage, things: list[Placed]) -> None:
    pen = LitPen(stage.bare, stage.light.softened(0.8))
    for thing in things:
        if thing.stands:
            pen.contact_shadow(thing.x, thing.y, thing.size * thing.prop.aspect * 0.42)
        if stage.lamps and shines(thing.prop):
            _lamplight(stage, thing.x, thing.y - thing.size / 2, 260 + thing.size)
        draw_prop(pen, thing.prop.name, thing.x, thing.y, thing.size, stage.own)


def _lamplight(stage: Stage, x: float, y: float, radius: float) -> None:
    stage.bare.glow(x, y, radius, stage.sun.warm, opacity=0.42 if stage.light.dark else 0.26)


def _draw_cast(stage: Stage, place: Place, cast: list[Standing]) -> None:
    """Everyone from back to front, a little brighter than their surroundings so that they are seen first."""
    night = stage.light.dark and not place.indoors
    pen = LitPen(stage.bare, stage.light.softened(_AT_NIGHT if night else _BY_DAY))
    for one in cast:
        if night:
            stage.bare.glow(one.x, one.feet - one.height * 0.55, one.height * 0.72, stage.light.bottom, opacity=0.3)
        held = _held(one)
        if held and stage.lamps and shines(held.prop):
            _lamplight(stage, held.x, held.y - held.size / 2, one.height * 0.75)
    for one in sorted(cast, key=lambda one: one.ground):
        if swims_only(one.look) and place.open_air:
            _pool(stage, one)
        else:
            stage.pen.contact_shadow(one.x, one.ground, one.width * 0.36, opacity=0.12 if one.lift else 0.25)
        draw_actor(pen, one.look, one.actor, x=one.x, ground=one.feet, height=one.height, facing=one.facing)
        if held := _held(one):
            draw_prop(pen, held.prop.name, held.x, held.y, held.size, stage.own)


def _held(one: Standing) -> Placed | None:
    """What the actor holds, hung from or standing in its hand; nothing held trails on the ground."""
    prop = prop_of(one.actor.holding) if one.actor.holding else None
    if prop is None:
        return None
    x, y = hand_of(one.look, one.actor, one.x, one.feet, one.height, one.facing)
    own = min(prop.size * one.child, one.height * 0.55, one.height * 0.46 / prop.aspect)
    hanging = max(one.ground + 10 - y, one.height * 0.16) / max(0.1, -prop.grip[1])
    size = prop.size * 1.25 * one.height if prop.aloft else min(own, hanging)
    held = _in_hand(prop, x, y, size)
    hides = not prop.aloft and overlap(one.face, held.rect) > 0.1
    return _in_hand(prop, x, y, size * 0.72) if hides else held


def _in_hand(prop: Prop, x: float, y: float, size: float) -> Placed:
    return Placed(prop, x - prop.grip[0] * size, y - prop.grip[1] * size, size, front=True, stands=False)


def _pool(stage: Stage, one: Standing) -> None:
    """Water for those who cannot live on land."""
    water = stage.light.far("#6fb6d3", 0.15)
    rx = one.width * 0.78
    stage.bare.shape(spot(one.x, one.ground, rx, rx * 0.26), water, outline=False)
    stage.bare.shape(
        spot(one.x, one.ground - 4, rx * 0.8, rx * 0.17), mix(water, "#ffffff", 0.3), outline=False, shade=False
    )
