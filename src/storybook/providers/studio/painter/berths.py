"""What carries the actors instead of the ground: a bed that they sleep in, a boat, or open water."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

from storybook.domain.story import Pose, Scene
from storybook.providers.studio.painter.blocking import Standing, sleeps, swims_only
from storybook.providers.studio.painter.characters import Look, chin_of
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import Place, Stage, heavens
from storybook.providers.studio.painter.places.forms import below, box, poly, rolling, spot
from storybook.providers.studio.painter.props import owned, prop_of

_TABLE: dict[str, Any] = tomllib.loads(files(__package__).joinpath("composition.toml").read_text(encoding="utf-8"))
_WATERS = frozenset({"sea", "river"})
_SAILED = _WATERS | {"sky", "space"}
_AT_HOME_IN_WATER = frozenset({"sky", "air", "water"})
_WOOD = "#a4633f"
_BEDDING = frozenset({"bed", "blanket", "pillow"})


def sails(scene: Scene, place: Place) -> bool:
    """Does everyone sit in a boat?"""
    seated = any(actor.pose is Pose.SITTING for actor in scene.actors)
    return seated and place.name in _SAILED and "boat" in _named(scene)


def swims(scene: Scene, place: Place, looks: Mapping[str, Look]) -> bool:
    """Is everyone at home in the water that the place has, with nothing that has to stay dry?"""
    kinds = {looks[actor.name].kind for actor in scene.actors}
    things = [prop_of(word) for word in scene.props]
    at_home = any(swims_only(looks[actor.name]) for actor in scene.actors) and kinds <= set(_TABLE["swimmers"])
    return place.name in _WATERS and at_home and all(thing.home in _AT_HOME_IN_WATER for thing in things if thing)


def carried(scene: Scene, place: Place, looks: Mapping[str, Look]) -> frozenset[str]:
    """The names of things that need not stand about, as they carry the actors."""
    bedded = any(sleeps(actor, looks[actor.name], scene, place) for actor in scene.actors)
    return (_BEDDING if bedded else frozenset()) | (frozenset({"boat"}) if sails(scene, place) else frozenset())


def _named(scene: Scene) -> set[str]:
    return {thing.name for thing in map(prop_of, scene.props) if thing}


def bed_behind(stage: Stage, sleepers: Sequence[Standing]) -> None:
    """The bed's head, its sheet and a pillow for each of those who sleep in it."""
    pen, wood = stage.pen, stage.colour("wood")
    left, right = _breadth(sleepers, 0.56)
    ground, child = sleepers[0].ground, sleepers[0].child
    top = min(one.feet - one.height for one in sleepers) + child * 0.2
    pen.contact_shadow((left + right) / 2, ground + child * 0.12, (right - left) * 0.56)
    pen.shape(box(left - 34, top, right - left + 68, ground - top, 60), wood)
    pen.shape(box(left, top + 34, right - left, ground - top, 40), lighter(wood, 0.18), outline=False)
    for x in (left - 34, right + 34):
        pen.ellipse(x, top + 24, 26, 26, darker(wood, 0.1))
    for one in sleepers:
        pen.shape(_pillow(one.x, one.feet - one.height * 0.66, one.height * 0.42, one.height * 0.22), "#fdf8ee")
    pen.shape(box(left - 14, ground - child * 0.56, right - left + 28, child * 0.56, 20), "#f4ece0", outline=False)


def _pillow(x: float, y: float, rx: float, ry: float) -> str:
    return (
        f"M{x - rx:.1f},{y - ry:.1f}Q{x:.1f},{y - ry * 0.8:.1f} {x + rx:.1f},{y - ry:.1f}"
        f"Q{x + rx * 0.9:.1f},{y:.1f} {x + rx:.1f},{y + ry:.1f}Q{x:.1f},{y + ry * 0.9:.1f} {x - rx:.1f},{y + ry:.1f}"
        f"Q{x - rx * 0.9:.1f},{y:.1f} {x - rx:.1f},{y - ry:.1f}Z"
    )


def bed_before(stage: Stage, sleepers: Sequence[Standing]) -> None:
    """The blanket over them, up to the shoulders, and the foot of the bed."""
    pen, cloth, wood = stage.pen, stage.colour("cloth"), stage.colour("wood")
    left, right = _breadth(sleepers, 0.56)
    one = sleepers[0]
    top, low = one.feet - chin_of(one.look, one.actor, one.height), one.ground + one.child * 0.06
    humps = "".join(
        f"Q{(a + b) / 2:.1f},{top - 26:.1f} {b:.1f},{top:.1f}" for a, b in _stretches(sleepers, left, right)
    )
    pen.shape(f"M{left - 22:.1f},{top:.1f}{humps}L{right + 46:.1f},{low:.1f}L{left - 46:.1f},{low:.1f}Z", cloth)
    columns = int((right - left) / 70)
    dots = "".join(
        spot(left + (right - left) * (k + 0.5 + 0.5 * (row % 2)) / (columns + 0.5), top + 92 + row * 56, 11, 9)
        for row in range(int((low - top - 110) / 56) + 1)
        for k in range(columns)
    )
    pen.shape(dots, lighter(cloth, 0.4), outline=False, shade=False)
    pen.shape(
        f"M{left - 22:.1f},{top:.1f}{humps}L{right + 28:.1f},{top + 52:.1f}L{left - 28:.1f},{top + 52:.1f}Z", "#f6efe2"
    )
    pen.shape(box(left - 60, low - 14, right - left + 120, 64, 22), wood)


def _stretches(sleepers: Sequence[Standing], left: float, right: float) -> list[tuple[float, float]]:
    middles = sorted(one.x for one in sleepers)
    edges = [left - 22, *((a + b) / 2 for a, b in pairwise(middles)), right + 22]
    return list(pairwise(edges))


def _breadth(actors: Sequence[Standing], share: float) -> tuple[float, float]:
    """From where to where across the sheet they reach, `share` of a width or of a height to each side."""
    sides = [(one.x, max(one.width * share, one.height * 0.42)) for one in actors]
    return max(60.0, min(x - half for x, half in sides)), min(WIDTH - 60.0, max(x + half for x, half in sides))


def open_water(stage: Stage, place: Place) -> None:
    """Water instead of the ground, where the place has water."""
    if place.name not in _WATERS:
        return
    water = stage.colour("water")
    top = stage.horizon + (20 if place.name == "sea" else 90)
    stage.pen.wash(below(rolling(stage.rng, top, 8)), lighter(water, 0.3), water)
    ripples = ""
    for _ in range(26):
        y = stage.rng.uniform(top + 20, HEIGHT)
        ripples += heavens.ripple(stage.rng.uniform(0, WIDTH), y, 20 + 60 * (y - top) / (HEIGHT - top))
    stage.bare.stroke(ripples, mix(stage.light.bottom, "#ffffff", 0.4), 4, opacity=0.5)


def boat_behind(stage: Stage, crew: Sequence[Standing]) -> None:
    """Mast and sails, and the far side of the hull."""
    boat = owned("boat", stage.owners)
    colour = boat.colours[0] if boat else _WOOD
    left, right = _breadth(crew, 0.56)
    middle, low, child = (left + right) / 2, crew[0].ground, crew[0].child
    top = max(HEIGHT * 0.18, low - child * 1.6)
    foot = low - child * 0.42
    stage.pen.stroke(f"M{middle:.1f},{low:.1f}L{middle:.1f},{top:.1f}", "#7a5236", 16)
    reach = (right - left) * 0.44
    stage.pen.shape(poly((middle + 14, top + 20), (middle + reach, foot), (middle + 14, foot)), "#fbf4e4")
    stage.pen.shape(poly((middle - 14, top + 60), (middle - 14, foot), (middle - reach * 0.86, foot)), colour)
    rim = low - child * 0.22
    stage.pen.shape(spot(middle, rim, (right - left) / 2 + 34, child * 0.06), darker(_WOOD, 0.3))


def boat_before(stage: Stage, place: Place, crew: Sequence[Standing]) -> None:
    """The near side of the hull, and the waves or the clouds that it lies in."""
    pen = stage.pen
    left, right = _breadth(crew, 0.56)
    left, right, low, child = left - 34, right + 34, crew[0].ground, crew[0].child
    rim, keel = low - child * 0.22, low + child * 0.16
    bend = (right - left) * 0.12
    hull = (
        f"M{left:.1f},{rim:.1f}Q{(left + right) / 2:.1f},{rim + child * 0.1:.1f} {right:.1f},{rim:.1f}"
        f"Q{right - bend * 0.3:.1f},{keel:.1f} {right - bend * 1.6:.1f},{keel:.1f}"
        f"L{left + bend * 1.6:.1f},{keel:.1f}Q{left + bend * 0.3:.1f},{keel:.1f} {left:.1f},{rim:.1f}Z"
    )
    pen.shape(hull, _WOOD)
    for share in (0.3, 0.62):
        y = rim + (keel - rim) * share
        line = f"M{left + bend * share:.1f},{y:.1f}Q{(left + right) / 2:.1f},{y + child * 0.08:.1f} "
        pen.stroke(f"{line}{right - bend * share:.1f},{y:.1f}", darker(_WOOD, 0.25), 5, opacity=0.7)
    band = f"M{left:.1f},{rim:.1f}Q{(left + right) / 2:.1f},{rim + child * 0.1:.1f} {right:.1f},{rim:.1f}"
    pen.stroke(band, "#d9a066", 16)
    if place.name in _WATERS:
        waterline(stage, low + child * 0.06)
    elif place.name == "sky":
        heads = ((-0.1, 0.5), (0.2, 0.7), (0.5, 0.6), (0.8, 0.7), (1.1, 0.5))
        puffs = "".join(spot(left + (right - left) * s, keel + 10, 130 * r + 40, 80 * r) for s, r in heads)
        pen.shape(puffs, "#ffffff", outline=False)


def waterline(stage: Stage, y: float) -> None:
    """Water in front of all that is in it: what is below `y` only shines through."""
    water = stage.light.on(lighter(stage.colour("water"), 0.12))
    path = below([(-40, y + 6), (WIDTH * 0.2, y - 8), (WIDTH * 0.5, y + 8), (WIDTH * 0.8, y - 8), (WIDTH + 40, y + 6)])
    stage.bare.shape(path, water, outline=False, shade=False, opacity=0.72)
    crest = path.split("L")[0]
    stage.bare.stroke(crest, "#ffffff", 5, opacity=0.6)
