"""A sketch: shapes given by a few points in a frame of their own, drawn through the pen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from storybook.providers.studio.painter.pen import Pen

Point = tuple[float, float]

_ROUND = 0.5523


@dataclass(frozen=True, slots=True)
class Frame:
    """An affine frame: where a point of a part's own coordinates lies on the sheet."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def at(self, x: float, y: float) -> Point:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def moved(self, x: float, y: float) -> "Frame":
        return Frame(self.a, self.b, self.c, self.d, *self.at(x, y))

    def turned(self, degrees: float) -> "Frame":
        """Turned clockwise as seen by a figure that looks to the right."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return Frame(
            self.a * cos + self.c * sin,
            self.b * cos + self.d * sin,
            self.c * cos - self.a * sin,
            self.d * cos - self.b * sin,
            self.e,
            self.f,
        )

    def scaled(self, x: float, y: float | None = None) -> "Frame":
        high = x if y is None else y
        return Frame(self.a * x, self.b * x, self.c * high, self.d * high, self.e, self.f)

    @property
    def size(self) -> float:
        """How long a length of 1 becomes."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))


@dataclass(frozen=True, slots=True)
class Sketch:
    """A pen in a frame. Every point is in the frame's coordinates, y downwards."""

    pen: Pen
    frame: Frame

    def within(self, frame: Frame) -> "Sketch":
        return Sketch(self.pen, frame)

    def blob(
        self,
        points: Sequence[Point],
        colour: str,
        *,
        soft: float = 1.0,
        outline: bool = True,
        shade: bool = True,
        opacity: float = 1.0,
    ) -> None:
        """A closed shape through the points: smooth with `soft` 1, straight-edged with 0."""
        self.pen.shape(self.closed(points, soft), colour, outline=outline, shade=shade, opacity=opacity)

    def oval(
        self,
        middle: Point,
        radii: Point,
        colour: str,
        *,
        turn: float = 0.0,
        outline: bool = True,
        shade: bool = True,
        opacity: float = 1.0,
    ) -> None:
        path = self.oval_path(middle, radii, turn)
        self.pen.shape(path, colour, outline=outline, shade=shade, opacity=opacity)

    def oval_path(self, middle: Point, radii: Point, turn: float = 0.0) -> str:
        frame = self.frame.moved(*middle).turned(turn).scaled(*radii)
        k = _ROUND
        around = [
            (k, -1),
            (1, -k),
            (1, 0),
            (1, k),
            (k, 1),
            (0, 1),
            (-k, 1),
            (-1, k),
            (-1, 0),
            (-1, -k),
            (-k, -1),
            (0, -1),
        ]
        spots = [_spot(frame.at(x, y)) for x, y in around]
        curves = "".join(f"C{spots[i]} {spots[i + 1]} {spots[i + 2]}" for i in range(0, 12, 3))
        return f"M{_spot(frame.at(0, -1))}{curves}Z"

    def line(self, points: Sequence[Point], colour: str, width: float, *, opacity: float = 1.0) -> None:
        """A smooth open line through the points; its width is in the frame's units, too."""
        spots = [self.frame.at(*point) for point in points]
        ends = [spots[0], *spots, spots[-1]]
        path = f"M{_spot(spots[0])}" + "".join(_curve(ends, i, 1.0) for i in range(1, len(spots)))
        self.pen.stroke(path, colour, width * self.frame.size, opacity=opacity)

    def limb(
        self,
        points: Sequence[Point],
        widths: Sequence[float],
        colour: str,
        *,
        cap: float = 0.85,
        start: float = 0.85,
        outline: bool = True,
        shade: bool = True,
        opacity: float = 1.0,
    ) -> None:
        """A shape along a line; `widths` are half-widths, spread evenly along it; `start` and `cap` round its ends."""
        self.blob(limb_outline(points, widths, start, cap), colour, outline=outline, shade=shade, opacity=opacity)

    def closed(self, points: Sequence[Point], soft: float = 1.0) -> str:
        """The path data of a closed shape through the points."""
        spots = [self.frame.at(*point) for point in points]
        if soft <= 0:
            return "M" + "L".join(_spot(spot) for spot in spots) + "Z"
        ends = [spots[-1], *spots, spots[0], spots[1]]
        return f"M{_spot(spots[0])}" + "".join(_curve(ends, i, soft) for i in range(1, len(spots) + 1)) + "Z"


def limb_outline(points: Sequence[Point], widths: Sequence[float], start: float, cap: float) -> list[Point]:
    """The outline of a tapered limb along a line, with a round tip at both ends."""
    spine = along(points, 7)
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(spine):
        before, after = spine[max(i - 1, 0)], spine[min(i + 1, len(spine) - 1)]
        dx, dy = unit(after[0] - before[0], after[1] - before[1])
        half = _between(widths, i / (len(spine) - 1))
        left.append((x + dy * half, y - dx * half))
        right.append((x - dy * half, y + dx * half))
    end = _cap(spine[-2], spine[-1], widths[-1], cap)
    begin = _cap(spine[1], spine[0], widths[0], start)
    return [*left, *end, *reversed(right), *begin]


def along(points: Sequence[Point], count: int) -> list[Point]:
    """`count` points along the smooth line through two or three points; a longer line is already smooth."""
    if len(points) > 3:
        return list(points)
    if len(points) == 2:
        (ax, ay), (bx, by) = points
        return [(ax + (bx - ax) * i / (count - 1), ay + (by - ay) * i / (count - 1)) for i in range(count)]
    (ax, ay), (bx, by), (cx, cy) = points
    # The control point makes the quadratic curve pass close to the joint without a sharp elbow.
    mx, my = bx * 1.6 - (ax + cx) * 0.3, by * 1.6 - (ay + cy) * 0.3
    steps = [i / (count - 1) for i in range(count)]
    return [
        ((1 - t) ** 2 * ax + 2 * t * (1 - t) * mx + t * t * cx, (1 - t) ** 2 * ay + 2 * t * (1 - t) * my + t * t * cy)
        for t in steps
    ]


def unit(dx: float, dy: float) -> Point:
    length = math.hypot(dx, dy) or 1.0
    return dx / length, dy / length


def _cap(before: Point, end: Point, half: float, roundness: float) -> list[Point]:
    """The tip of a limb, from its left side to its right as it goes on."""
    dx, dy = unit(end[0] - before[0], end[1] - before[1])
    tip, side = half * roundness, half * 0.74
    return [
        (end[0] + dx * tip * 0.7 + dy * side, end[1] + dy * tip * 0.7 - dx * side),
        (end[0] + dx * tip, end[1] + dy * tip),
        (end[0] + dx * tip * 0.7 - dy * side, end[1] + dy * tip * 0.7 + dx * side),
    ]


def _between(values: Sequence[float], t: float) -> float:
    place = t * (len(values) - 1)
    low = min(int(place), len(values) - 2)
    return values[low] + (values[low + 1] - values[low]) * (place - low)


def _spot(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _curve(spots: Sequence[Point], i: int, soft: float) -> str:
    """One Catmull-Rom span, from spot i to spot i + 1, as a Bézier curve."""
    (px, py), (ax, ay), (bx, by), (nx, ny) = spots[i - 1], spots[i], spots[i + 1], spots[min(i + 2, len(spots) - 1)]
    k = soft / 6
    return (
        f"C{ax + (bx - px) * k:.1f},{ay + (by - py) * k:.1f} "
        f"{bx - (nx - ax) * k:.1f},{by - (ny - ay) * k:.1f} {bx:.1f},{by:.1f}"
    )
