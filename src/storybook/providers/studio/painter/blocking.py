"""Where everyone stands in a picture, how large, and which way they look."""

import random
import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import COVER, Actor, Pose, Scene
from storybook.providers.studio.painter.characters import Look, chin_of, width_of
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places import Place
from storybook.providers.studio.painter.places.forms import Rect
from storybook.providers.studio.painter.props import prop_of

_TABLE: dict[str, Any] = tomllib.loads(files(__package__).joinpath("composition.toml").read_text(encoding="utf-8"))
_SHOTS = ((0.5, 0.925), (0.455, 0.9), (0.4, 0.865))
_COVER_SHOT = (0.54, 0.935)
_BED_SHOT = (0.4, 0.88)
_CLOSE = {1: 1.0, 2: 1.0, 3: 0.86, 4: 0.76}
_BACK = 62
_HEADROOM = 0.16 * HEIGHT
_BREADTH = 0.92 * WIDTH


@dataclass(frozen=True)
class Standing:
    """One actor in its place: middle `x`, feet on `ground`, `lift` above it if it floats, `child` the height of a
    child in this picture. One that is `tucked` in stands up straight in the picture, but behind a blanket.
    """

    actor: Actor
    look: Look
    x: float
    ground: float
    height: float
    width: float
    facing: int
    child: float
    lift: float = 0.0
    tucked: bool = False

    @property
    def feet(self) -> float:
        return self.ground - self.lift

    @property
    def face(self) -> Rect:
        """Where the head is, with some air around it."""
        half = self.height * 0.26
        return (self.x - half, self.feet - self.height * 1.04, self.x + half, self.feet - self.height * 0.44)

    @property
    def body(self) -> Rect:
        half = self.width * 0.42
        return (self.x - half, self.feet - self.height * 0.5, self.x + half, self.feet + 8)


def stature(look: Look) -> float:
    """How tall the character is beside a child, 0.7 to 1.3."""
    age = _TABLE["age"].get(look.age, 1.0) if look.kind in _ANIMALS else 1.0
    return float(min(1.3, max(0.7, _TABLE["stature"].get(look.kind, 1.0) * age)))


_ANIMALS = frozenset(_TABLE["stature"]) - {"girl", "boy", "woman", "man", "grandmother", "grandfather"}


def swims_only(look: Look) -> bool:
    """Is it out of its element on land?"""
    return look.kind in _TABLE["only_swimmers"]


def sleeps(actor: Actor, look: Look, scene: Scene, place: Place) -> bool:
    """Does the actor lie in a bed: the one of the bedroom, or one among the things of another room?"""
    things = {thing.name for thing in map(prop_of, scene.props) if thing}
    bed = place.name == "bedroom" or (place.indoors and "bed" in things)
    return bed and actor.pose is Pose.LYING and not swims_only(look)


def block(prompt: PicturePrompt, looks: dict[str, Look], place: Place, rng: random.Random) -> list[Standing]:
    """Everyone in the scene, side by side; the first of the scene's actors comes nearest to the middle."""
    scene = prompt.scene
    tucked = {actor.name for actor in scene.actors if sleeps(actor, looks[actor.name], scene, place)}
    actors = tuple(_straightened(actor) if actor.name in tucked else actor for actor in scene.actors)
    share, foot = _COVER_SHOT if prompt.page_number == COVER else rng.choice(_SHOTS)
    if tucked:
        share, foot = _BED_SHOT
    child = share * HEIGHT * (1.0 if len(actors) == 1 else 0.96)
    child = _fitted(actors, looks, child)
    row = sorted(_row(list(actors), rng), key=lambda actor: actor.name not in tucked)
    left = 0.5 if prompt.page_number == COVER else _share_left(len(row), rng)
    standing = _spread(row, looks, child, foot * HEIGHT, actors[0], left)
    standing = [_lifted(one, place, rng) for one in _facing(standing, rng)]
    return [_in_bed(one, standing, tucked) if one.actor.name in tucked else one for one in standing]


def _straightened(actor: Actor) -> Actor:
    return actor.model_copy(update={"pose": Pose.STANDING})


def _in_bed(one: Standing, everyone: list[Standing], tucked: set[str]) -> Standing:
    """Side by side with all chins at the edge of the blanket."""
    edge = max(chin_of(other.look, other.actor, other.height) for other in everyone if other.actor.name in tucked)
    ground = max(other.ground for other in everyone)
    return replace(one, ground=ground, lift=edge - chin_of(one.look, one.actor, one.height), tucked=True)


def _measure(actor: Actor, look: Look, child: float) -> tuple[float, float]:
    """Height and width; someone alone may not be so small as beside others."""
    height = child * stature(look)
    width = width_of(look, actor, height)
    return height, max(width, height * 1.2) if swims_only(look) else min(width, height * 0.86)


def _fitted(actors: tuple[Actor, ...], looks: dict[str, Look], child: float) -> float:
    """The height of a child at which everyone fits, and no single actor is too small or too tall."""
    if len(actors) == 1:
        own = stature(looks[actors[0].name])
        child = child / own * min(1.1, max(0.94, own))
    total = sum(_measure(actor, looks[actor.name], child)[1] for actor in actors) * _CLOSE[len(actors)]
    tallest = max(_measure(actor, looks[actor.name], child)[0] for actor in actors)
    breadth = 0.66 * WIDTH if len(actors) == 1 else _BREADTH
    return child * min(1.0, breadth / total, (HEIGHT * 0.6) / tallest)


def _row(actors: list[Actor], rng: random.Random) -> list[Actor]:
    """From left to right: the first actor in or next to the middle."""
    hero, others = actors[0], actors[1:]
    rng.shuffle(others)
    middle = len(actors) // 2 if len(actors) % 2 else rng.choice((len(actors) // 2 - 1, len(actors) // 2))
    return [*others[:middle], hero, *others[middle:]]


def _spread(
    row: list[Actor], looks: dict[str, Look], child: float, foot: float, front: Actor, share: float
) -> list[Standing]:
    """Everyone side by side, `share` of what is left at their left. In larger groups every other one stands a step
    further back, but never the `front` one.
    """
    sizes = [_measure(actor, looks[actor.name], child) for actor in row]
    total = sum(width for _, width in sizes)
    gap = min(56.0, (_BREADTH - total) / (len(row) - 1 if len(row) > 2 else 3))
    x = (WIDTH - total - gap * (len(row) - 1)) * share
    nearest, standing = row.index(front), []
    for index, (actor, (height, width)) in enumerate(zip(row, sizes, strict=True)):
        low = actor.pose in {Pose.SITTING, Pose.LYING}
        back = _BACK if len(row) > 2 and (index - nearest) % 2 and not low else 0
        standing.append(
            Standing(actor, looks[actor.name], x + width / 2, foot - back, height, width, facing=1, child=child)
        )
        x += width + gap
    return standing


def _share_left(count: int, rng: random.Random) -> float:
    """Someone alone stands beside the middle, a group about in it."""
    if count > 1:
        return rng.uniform(0.38, 0.62)
    return rng.choice((rng.uniform(0.3, 0.42), rng.uniform(0.58, 0.7)))


def _facing(standing: list[Standing], rng: random.Random) -> list[Standing]:
    """Everyone looks at the others; someone alone looks into the wider half of the picture."""
    if len(standing) == 1:
        only = standing[0]
        inward = 1 if only.x < WIDTH / 2 else -1
        return [replace(only, facing=inward if rng.random() < 0.85 else -inward)]
    centre = sum(one.x for one in standing) / len(standing)
    return [
        replace(one, facing=1 if one.x < centre or (one.x == centre and rng.random() < 0.5) else -1) for one in standing
    ]


def _lifted(one: Standing, place: Place, rng: random.Random) -> Standing:
    """Those who fly are in the air, and under water everyone swims."""
    room = one.ground - one.height - _HEADROOM
    if place.name == "underwater":
        share = 0.12 if one.look.kind in _TABLE["swimmers"] else 0.045
        return replace(one, lift=max(0.0, min(room, HEIGHT * share * rng.uniform(0.6, 1.2))))
    if one.look.kind in _TABLE["flyers"]:
        return replace(one, lift=max(0.0, min(room, HEIGHT * rng.uniform(0.05, 0.1))))
    return one
