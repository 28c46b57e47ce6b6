"""Where the things of a scene go: around everyone, never over a face, never over one another."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places.forms import Rect
from storybook.providers.studio.painter.props import Prop


@dataclass(frozen=True)
class Room:
    """What is taken already: faces, bodies, the line everyone stands on, and the height of a child there."""

    faces: tuple[Rect, ...]
    bodies: tuple[Rect, ...]
    horizon: float
    ground: float
    child: float
    indoors: bool
    open_air: bool
    wet: bool


@dataclass(frozen=True)
class Placed:
    """A thing in its place; `front` is drawn before everyone, i.e. nearer to the viewer. `stands` casts a shadow."""

    prop: Prop
    x: float
    y: float
    size: float
    front: bool
    stands: bool

    @property
    def rect(self) -> Rect:
        half = self.size * self.prop.aspect / 2
        return (self.x - half, self.y - self.size, self.x + half, self.y)


def overlap(one: Rect, other: Rect) -> float:
    """The share of `one` that `other` covers."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    area = (one[2] - one[0]) * (one[3] - one[1])
    return wide * high / area if wide > 0 and high > 0 and area > 0 else 0.0


def arrange(props: Sequence[Prop], room: Room, rng: random.Random) -> list[Placed]:
    """Everything in its best free place, the largest first; what would hide a face is left out."""
    placed: list[Placed] = []
    for prop in sorted(props, key=lambda prop: -prop.size * prop.aspect):
        options = _options(prop, room, rng)
        costs = [(_cost(option, room, placed) + rng.uniform(0, 0.12), index) for index, option in enumerate(options)]
        cost, index = min(costs)
        if cost < 6:
            placed.append(options[index])
    return sorted(placed, key=lambda one: one.y)


def _cost(option: Placed, room: Room, placed: Sequence[Placed]) -> float:
    rect = option.rect
    cost = 14 * sum(overlap(rect, face) + overlap(face, rect) for face in room.faces)
    cost += (4.0 if option.stands and option.size < room.child * 0.48 else 1.4) * sum(
        overlap(rect, body) for body in room.bodies
    )
    cost += 5 * sum(overlap(rect, other.rect) for other in placed)
    outside = max(0.0, 24 - rect[0]) + max(0.0, rect[2] - WIDTH + 24) + max(0.0, 24 - rect[1])
    return cost + outside / 24


def _options(prop: Prop, room: Room, rng: random.Random) -> list[Placed]:
    xs = [WIDTH * (0.12 + 0.76 * step / 20) for step in range(21)]
    size = min(prop.size * room.child, HEIGHT * 0.62, WIDTH * 0.62 / prop.aspect)
    home = prop.home
    if home == "sky" and room.open_air:
        return [Placed(prop, x, rng.uniform(200, 330) + size * 0.4, size, front=False, stands=False) for x in xs]
    if home in {"air", "sky"} or (home == "water" and room.wet):
        high, low = HEIGHT * 0.24 + size, max(HEIGHT * 0.26 + size, room.ground - room.child * 0.62)
        return [Placed(prop, x, rng.uniform(high, low), size, front=False, stands=False) for x in xs for _ in range(3)]
    if home == "wall" and room.indoors:
        return [Placed(prop, x, 200 + size + rng.uniform(0, 150), size, front=False, stands=False) for x in xs]
    if size > room.child * 0.48 or size * prop.aspect > room.child * 0.8:
        return [_behind(prop, x, size, room, rng) for x in xs]
    return [_before(prop, x, size, room, rng) for x in xs for _ in range(2)]


def _behind(prop: Prop, x: float, size: float, room: Room, rng: random.Random) -> Placed:
    """A large thing stands a little further away than everyone."""
    depth = rng.uniform(0.12, 0.42) if size > room.child else rng.uniform(0.06, 0.2)
    y = room.ground - (room.ground - room.horizon) * depth
    return Placed(prop, x, y, size * (1 - depth * 0.4), front=False, stands=True)


def _before(prop: Prop, x: float, size: float, room: Room, rng: random.Random) -> Placed:
    """A small thing lies level with everyone's feet or a little nearer."""
    nearer = rng.uniform(-30, 46)
    y = min(room.ground + nearer, HEIGHT - 74)
    return Placed(prop, x, y, size * (1 + nearer / 500), front=nearer > 0, stands=True)
