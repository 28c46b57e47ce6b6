"""A whole picture: a place in its light, everyone in it, their things and the weather."""

import random
from dataclasses import replace

from storybook.domain.story import COVER, TimeOfDay, Weather
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter import berths, weather
from storybook.providers.studio.painter.acting import draw_cast, lamplight
from storybook.providers.studio.painter.blocking import Standing, block
from storybook.providers.studio.painter.characters import Look, look_of
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.guests import with_guests
from storybook.providers.studio.painter.light import Light, LitPen, indoor, light_of, multiply
from storybook.providers.studio.painter.pen import HEIGHT, Pen
from storybook.providers.studio.painter.places import Place, Stage, place_of
from storybook.providers.studio.painter.props import Prop, draw_thing, owned, prop_of, shines
from storybook.providers.studio.painter.props.setting import Placed, Room, arrange

_TITLE, _SKY = 0.3, 0.0


def compose(request: PictureRequest) -> str:
    """The picture as one SVG document of the pen's WIDTH x HEIGHT. The same request gives the same document.

    Raises KeyError when `request.sheets` lacks one of the scene's actors.
    """
    prompt, guests = with_guests(request.prompt)
    request = request.model_copy(update={"prompt": prompt})
    rng = random.Random(prompt.seed)
    place = place_of(prompt.scene.place)
    sheets = {sheet.name: sheet for sheet in (*request.sheets, *guests)}
    looks = {actor.name: look_of(sheets[actor.name]) for actor in prompt.scene.actors}
    cast = block(prompt, looks, place, rng)
    stage = _stage(request, place, cast, rng)
    things = _things(request, place, stage, cast, looks)
    sails, swims = berths.sails(prompt.scene, place), berths.swims(prompt.scene, place, looks)
    place.backdrop(stage)
    if sails or swims:
        berths.open_water(stage, place)
    if place.open_air:
        weather.behind(stage)
    stage.pen.foreground()
    _draw_things(stage, [thing for thing in things if not thing.front])
    if sails:
        berths.boat_behind(stage, cast)
    draw_cast(stage, place, cast, afloat=sails or swims)
    if sails:
        berths.boat_before(stage, place, cast)
    elif swims:
        berths.waterline(stage, cast[0].ground - cast[0].child * 0.14)
    _draw_things(stage, [thing for thing in things if thing.front])
    if not (sails or swims):
        place.front(stage)
    if place.open_air:
        weather.before(stage, [one.face for one in cast])
    return stage.pen.svg()


def _stage(request: PictureRequest, place: Place, cast: list[Standing], rng: random.Random) -> Stage:
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
        crowd=tuple(one.x for one in cast),
        bedded=any(one.tucked for one in cast),
        owners=names,
    )


def _light(place: Place, sun: Light, time: TimeOfDay) -> Light:
    light = indoor(sun, dusk=time is TimeOfDay.DUSK) if place.indoors else sun
    if not place.tint:
        return light
    strong = max(light.strength, 0.6)
    return replace(light, tint=multiply(mix("#ffffff", light.tint, 0.8), place.tint), strength=strong)


def _things(
    request: PictureRequest, place: Place, stage: Stage, cast: list[Standing], looks: dict[str, Look]
) -> list[Placed]:
    """The scene's props, without those that are held or that the place has anyway."""
    scene = request.prompt.scene
    held = {prop.name for prop in (prop_of(actor.holding) for actor in scene.actors if actor.holding) if prop}
    taken = set(held | berths.carried(scene, place, looks))
    wanted: list[Prop] = []
    for word in scene.props:
        prop = owned(word, stage.owners)
        if prop and prop.name not in taken and not _there_already(prop, place, stage):
            wanted.append(prop)
            taken.add(prop.name)
    room = Room(
        faces=tuple(one.face for one in cast),
        bodies=tuple(one.body for one in cast),
        horizon=stage.horizon,
        ground=max(one.ground for one in cast),
        child=cast[0].child,
        wall=stage.x(place.free_wall) if place.free_wall else 0.0,
        open_air=place.open_air,
        wet=place.name == "underwater",
        top=HEIGHT * (_TITLE if request.prompt.page_number == COVER else _SKY),
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
            lamplight(stage, thing.x, thing.y - thing.size / 2, 170 + thing.size * 0.8)
        draw_thing(pen, thing.prop, thing.x, thing.y, thing.size, stage.own)
