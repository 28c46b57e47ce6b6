"""Where the things of a scene go: around everyone, never over a face, never over one another."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.places.forms import Rect
from storybook.providers.studio.painter.props import Prop

# How small a thing may become to find room, and from what cost on a place is too tight or hides too much.
_SHARES = (1.0, 0.8, 0.62, 0.48)
_TIGHT, _HIDING = 1.6, 6.0


@dataclass(frozen=True)
class Room:
    """What is taken already: faces, bodies, the line everyone stands on, and the height of a child there.

    `wall` is where a wall is free, 0 if nowhere; `wet` says that all is under water, `top` from where on
    things may be in the air.
    """

    faces: tuple[Rect, ...]
    bodies: tuple[Rect, ...]
    horizon: float
    ground: float
    child: float
    wall: float
    open_air: bool
    wet: bool
    top: float = HEIGHT * 0.12


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
    """Everything in its best free place, the largest first: smaller where there is little room, and left out only
    where it would hide a face.
    """
    placed: list[Placed] = []
    for prop in sorted(props, key=lambda prop: -prop.size * prop.aspect):
        tries = (_best(prop, room, placed, share, rng) for share in _SHARES)
        fitting = next((option for cost, option in tries if cost < _TIGHT), None)
        if fitting:
            placed.append(fitting)
            continue
        cost, smallest = _best(prop, room, placed, _SHARES[-1], rng)
        if cost < _HIDING:
            placed.append(smallest)
    return sorted(placed, key=lambda one: one.y)


def _best(prop: Prop, room: Room, placed: Sequence[Placed], share: float, rng: random.Random) -> tuple[float, Placed]:
    """The best place for the thing at that share of its size, and what it costs."""
    options = _options(prop, room, share, rng)
    costs = [(_cost(option, room, placed) + rng.uniform(0, 0.12), index) for index, option in enumerate(options)]
    cost, index = min(costs)
    return cost, options[index]


def _cost(option: Placed, room: Room, placed: Sequence[Placed]) -> float:
    rect = option.rect
    cost = 14 * sum(overlap(rect, face) + overlap(face, rect) for face in room.faces)
    cost += (4.0 if option.stands and option.size < room.child * 0.48 else 1.4) * sum(
        overlap(rect, body) for body in room.bodies
    )
    cost += 5 * sum(overlap(rect, other.rect) for other in placed)
    outside = max(0.0, 24 - rect[0]) + max(0.0, rect[2] - WIDTH + 24) + max(0.0, 24 - rect[1])
    return cost + outside / 24


def _options(prop: Prop, room: Room, share: float, rng: random.Random) -> list[Placed]:
    xs = [WIDTH * (0.12 + 0.76 * step / 20) for step in range(21)]
    size = share * min(prop.size * room.child, HEIGHT * 0.62, WIDTH * 0.62 / prop.aspect)
    home = prop.home
    if home == "sky" and room.open_air:
        rise = max(0.0, room.top + size * 0.6 - 200)
        return [Placed(prop, x, rng.uniform(200, 330) + rise + size * 0.4, size, front=False, stands=False) for x in xs]
    if home in {"air", "sky"} or (home == "water" and room.wet):
        high = max(HEIGHT * 0.24, room.top) + size
        low = max(high + HEIGHT * 0.02, room.ground - room.child * 0.62)
        return [Placed(prop, x, rng.uniform(high, low), size, front=False, stands=False) for x in xs for _ in range(3)]
    if home == "wall" and room.wall:
        return [_hung(prop, room.wall + step * 12, size, rng) for step in range(-3, 4)]
    if size > room.child * 0.48 or size * prop.aspect > room.child * 0.8:
        return [_behind(prop, x, size, room, rng) for x in xs]
    return [_before(prop, x, size, room, rng) for x in xs for _ in range(2)]


def _hung(prop: Prop, x: float, size: float, rng: random.Random) -> Placed:
    return Placed(prop, x, 190 + size + rng.uniform(0, 60), size, front=False, stands=False)


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
