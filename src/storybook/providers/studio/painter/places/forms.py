"""Paths that landscapes are made of, as SVG path data in absolute coordinates."""

import math
import random
from collections.abc import Sequence

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
EDGE = 40


def poly(*points: Point) -> str:
    """A closed shape with straight sides."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points) + "Z"


def box(x: float, y: float, width: float, height: float, radius: float = 0) -> str:
    """A rectangle from its upper left corner, with round corners if there is a `radius`."""
    right, bottom, r = x + width, y + height, min(radius, width / 2, height / 2)
    if r <= 0:
        return poly((x, y), (right, y), (right, bottom), (x, bottom))
    return (
        f"M{x + r:.1f},{y:.1f}L{right - r:.1f},{y:.1f}Q{right:.1f},{y:.1f} {right:.1f},{y + r:.1f}"
        f"L{right:.1f},{bottom - r:.1f}Q{right:.1f},{bottom:.1f} {right - r:.1f},{bottom:.1f}"
        f"L{x + r:.1f},{bottom:.1f}Q{x:.1f},{bottom:.1f} {x:.1f},{bottom - r:.1f}"
        f"L{x:.1f},{y + r:.1f}Q{x:.1f},{y:.1f} {x + r:.1f},{y:.1f}Z"
    )


def arch(x: float, y: float, width: float, height: float) -> str:
    """A door or window with a round top; (x, y) is its lower left corner."""
    spring = y - height + width / 2
    return (
        f"M{x:.1f},{y:.1f}L{x:.1f},{spring:.1f}C{x:.1f},{spring - width * 0.66:.1f} {x + width:.1f},"
        f"{spring - width * 0.66:.1f} {x + width:.1f},{spring:.1f}L{x + width:.1f},{y:.1f}Z"
    )


def curve(points: Sequence[Point]) -> str:
    """A soft open line through all points."""
    start = points[0]
    parts = [f"M{start[0]:.1f},{start[1]:.1f}"]
    for index in range(len(points) - 1):
        before = points[max(0, index - 1)]
        here, there = points[index], points[index + 1]
        after = points[min(len(points) - 1, index + 2)]
        parts.append(
            f"C{here[0] + (there[0] - before[0]) / 6:.1f},{here[1] + (there[1] - before[1]) / 6:.1f} "
            f"{there[0] - (after[0] - here[0]) / 6:.1f},{there[1] - (after[1] - here[1]) / 6:.1f} "
            f"{there[0]:.1f},{there[1]:.1f}"
        )
    return "".join(parts)


def closed(points: Sequence[Point]) -> str:
    """A soft closed shape through all points."""
    count = len(points)
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for index in range(count):
        before, here = points[index - 1], points[index]
        there, after = points[(index + 1) % count], points[(index + 2) % count]
        parts.append(
            f"C{here[0] + (there[0] - before[0]) / 6:.1f},{here[1] + (there[1] - before[1]) / 6:.1f} "
            f"{there[0] - (after[0] - here[0]) / 6:.1f},{there[1] - (after[1] - here[1]) / 6:.1f} "
            f"{there[0]:.1f},{there[1]:.1f}"
        )
    return "".join(parts) + "Z"


def below(points: Sequence[Point], bottom: float = HEIGHT + EDGE) -> str:
    """Everything under a soft line."""
    return curve(points) + f"L{points[-1][0]:.1f},{bottom:.1f}L{points[0][0]:.1f},{bottom:.1f}Z"


def rolling(rng: random.Random, y: float, swing: float, points: int = 5) -> list[Point]:
    """Points of a hilly line across the whole sheet."""
    step = (WIDTH + 2 * EDGE) / (points - 1)
    return [(-EDGE + step * index, y + rng.uniform(-swing, swing)) for index in range(points)]


def peaks(rng: random.Random, y: float, height: float, count: int) -> list[Point]:
    """Points of a jagged line across the whole sheet: foot and summit in turn."""
    step = (WIDTH + 240) / count
    line: list[Point] = [(-120.0, y)]
    for index in range(count):
        left = -120 + step * index
        line.append((left + step * rng.uniform(0.4, 0.6), y - height * rng.uniform(0.65, 1.0)))
        line.append((left + step, y - height * rng.uniform(0.05, 0.25)))
    return line


def blob(rng: random.Random, x: float, y: float, rx: float, ry: float, *, points: int = 9, rough: float = 0.1) -> str:
    """A soft lump: a bush, a stone, a puddle."""
    turn = rng.uniform(0, math.tau)
    spread = [1 + rng.uniform(-rough, rough) for _ in range(points)]
    angles = [turn + math.tau * index / points for index in range(points)]
    return closed([(x + math.cos(a) * rx * r, y + math.sin(a) * ry * r) for a, r in zip(angles, spread, strict=True)])


def puff(rng: random.Random, x: float, y: float, rx: float, ry: float, *, bumps: int = 9) -> str:
    """A scalloped lump: a crown of leaves, a cloud."""
    turn = rng.uniform(0, math.tau)
    angles = [turn + math.tau * (index + rng.uniform(-0.2, 0.2)) / bumps for index in range(bumps)]
    rim = [(x + math.cos(a) * rx, y + math.sin(a) * ry) for a in angles]
    parts = [f"M{rim[0][0]:.1f},{rim[0][1]:.1f}"]
    for index in range(bumps):
        here, there = rim[index], rim[(index + 1) % bumps]
        reach = rng.uniform(1.42, 1.6)
        first = (x + (here[0] - x) * reach * 0.9, y + (here[1] - y) * reach * 0.9)
        second = (x + (there[0] - x) * reach * 0.9, y + (there[1] - y) * reach * 0.9)
        parts.append(f"C{first[0]:.1f},{first[1]:.1f} {second[0]:.1f},{second[1]:.1f} {there[0]:.1f},{there[1]:.1f}")
    return "".join(parts) + "Z"


def leaf(x: float, y: float, length: float, angle: float, breadth: float = 0.32) -> str:
    """A leaf that starts at (x, y); `angle` in degrees, 0 to the right, 90 downwards."""
    a = math.radians(angle)
    along, across = (math.cos(a) * length, math.sin(a) * length), (-math.sin(a) * length, math.cos(a) * length)

    def at(u: float, v: float) -> str:
        return f"{x + along[0] * u + across[0] * v:.1f},{y + along[1] * u + across[1] * v:.1f}"

    return (
        f"M{at(0, 0)}C{at(0.2, breadth * 0.9)} {at(0.65, breadth * 0.9)} {at(1, 0)}"
        f"C{at(0.65, -breadth * 0.9)} {at(0.2, -breadth * 0.9)} {at(0, 0)}Z"
    )


def blades(rng: random.Random, x: float, y: float, height: float, count: int = 5, spread: float = 0.5) -> str:
    """One tuft of grass in a single path, rooted at (x, y)."""
    parts = []
    for index in range(count):
        share = (index + 0.5) / count - 0.5
        root = x + share * height * spread
        tip = root + share * height * rng.uniform(0.7, 1.4)
        top = y - height * rng.uniform(0.65, 1.0) * (1 - abs(share) * 0.6)
        half = height * 0.055
        parts.append(
            f"M{root - half:.1f},{y:.1f}Q{root - half + share * 4:.1f},{(y + top) / 2:.1f} {tip:.1f},{top:.1f}"
            f"Q{root + half * 1.6:.1f},{(y + top) / 2:.1f} {root + half:.1f},{y:.1f}Z"
        )
    return "".join(parts)


def dots(rng: random.Random, area: tuple[float, float, float, float], count: int, size: tuple[float, float]) -> str:
    """Many small round spots in one path; `area` is left, top, right, bottom."""
    left, top, right, bottom = area
    parts = []
    for _ in range(count):
        x, y, r = rng.uniform(left, right), rng.uniform(top, bottom), rng.uniform(*size)
        parts.append(spot(x, y, r, r))
    return "".join(parts)


def spot(x: float, y: float, rx: float, ry: float) -> str:
    """An ellipse as a path of its own, to be joined with others."""
    k, j = rx * 0.5523, ry * 0.5523
    return (
        f"M{x - rx:.1f},{y:.1f}C{x - rx:.1f},{y - j:.1f} {x - k:.1f},{y - ry:.1f} {x:.1f},{y - ry:.1f}"
        f"C{x + k:.1f},{y - ry:.1f} {x + rx:.1f},{y - j:.1f} {x + rx:.1f},{y:.1f}"
        f"C{x + rx:.1f},{y + j:.1f} {x + k:.1f},{y + ry:.1f} {x:.1f},{y + ry:.1f}"
        f"C{x - k:.1f},{y + ry:.1f} {x - rx:.1f},{y + j:.1f} {x - rx:.1f},{y:.1f}Z"
    )


def banks(
    rng: random.Random, top: Point, bottom_x: float, widths: tuple[float, float], bend: float = 1.0
) -> tuple[list[Point], list[Point]]:
    """The left and right edge of something that comes from `top` in bends and widens to the lower edge."""
    x, y = top
    swing = rng.choice((-1, 1)) * rng.uniform(90, 150) * bend
    far, near = widths
    middle = [
        (x, y),
        (x + swing * 0.5, y + (HEIGHT - y) * 0.16),
        ((x + bottom_x) / 2 - swing * 0.4, y + (HEIGHT - y) * 0.45),
        (bottom_x, HEIGHT + EDGE),
    ]
    halves = [far + (near - far) * share for share in (0.0, 0.12, 0.4, 1.0)]
    left = [(px - half, py) for (px, py), half in zip(middle, halves, strict=True)]
    right = [(px + half, py) for (px, py), half in zip(middle, halves, strict=True)]
    return left, right


def between(left: Sequence[Point], right: Sequence[Point]) -> str:
    """The area between two soft lines."""
    return curve(left) + "L" + curve(list(reversed(right)))[1:] + "Z"


def winding(rng: random.Random, top: Point, bottom_x: float, widths: tuple[float, float], bend: float = 1.0) -> str:
    """A path that comes from `top` and widens to the lower edge."""
    return between(*banks(rng, top, bottom_x, widths, bend))
