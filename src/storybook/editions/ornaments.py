"""The drawn decoration of the pages: hand-cut edges, hills, sparks, sprigs and the owner's plate."""

import math
import random
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from storybook.editions.palette import Color
from storybook.editions.sheet import HEIGHT, Frame

_EDGE_STEPS = 14
_HILL_STEPS = 12
_RUN_OUT = 0.6


def cut_leaf(canvas: Canvas, outer: float, edge: float, seed: int) -> PDFPathObject:
    """A leaf of paper from the sheet's side `outer` to about `edge`, where it is cut by hand (within 8 points)."""
    dice = random.Random(seed)
    long, short = dice.uniform(0, math.tau), dice.uniform(0, math.tau)
    points = []
    for step in range(-1, _EDGE_STEPS + 2):
        y = HEIGHT * step / _EDGE_STEPS
        x = edge + 5.5 * math.sin(long + math.tau * y / 460) + 2.5 * math.sin(short + math.tau * y / 170)
        points.append((x, y))
    path = canvas.beginPath()
    path.moveTo(outer, points[0][1])
    path.lineTo(*points[0])
    _smooth(path, points)
    path.lineTo(outer, points[-1][1])
    path.close()
    return path


def hills(canvas: Canvas, frame: Frame, seed: int, fall: int = 0) -> PDFPathObject:
    """A rolling line that fills the frame from its foot; it runs out to the right (`fall` 1) or the left (-1)."""
    dice = random.Random(seed)
    phase, waves = dice.uniform(0, math.tau), dice.uniform(0.8, 1.3)
    points = []
    for step in range(-1, _HILL_STEPS + 2):
        share = step / _HILL_STEPS
        height = 0.7 + 0.3 * math.sin(phase + math.tau * waves * share)
        if fall:
            height *= _run_out(share if fall < 0 else 1 - share)
        points.append((frame.x + frame.width * share, frame.y + frame.height * height))
    path = canvas.beginPath()
    path.moveTo(points[0][0], frame.y)
    path.lineTo(*points[0])
    _smooth(path, points)
    path.lineTo(points[-1][0], frame.y)
    path.close()
    return path


def _run_out(distance: float) -> float:
    near = min(1.0, max(0.0, distance / _RUN_OUT))
    return near * near * (3 - 2 * near)


def _smooth(path: PDFPathObject, points: list[tuple[float, float]]) -> None:
    ends = [points[0], *points, points[-1]]
    for before, here, there, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        path.curveTo(
            here[0] + (there[0] - before[0]) / 6,
            here[1] + (there[1] - before[1]) / 6,
            there[0] - (after[0] - here[0]) / 6,
            there[1] - (after[1] - here[1]) / 6,
            *there,
        )


def draw_spark(canvas: Canvas, x: float, y: float, radius: float, color: Color) -> None:
    """A star of four soft points."""
    path = canvas.beginPath()
    path.moveTo(x, y + radius)
    waist = radius * 0.16
    for turn in range(1, 5):
        angle = math.pi / 2 - turn * math.pi / 2
        before = angle + math.pi / 2
        path.curveTo(
            x + waist * math.cos(before),
            y + waist * math.sin(before),
            x + waist * math.cos(angle),
            y + waist * math.sin(angle),
            x + radius * math.cos(angle),
            y + radius * math.sin(angle),
        )
    canvas.setFillColorRGB(*color)
    canvas.drawPath(path, stroke=0, fill=1)


def strewn(frame: Frame, count: int, seed: int, clear: Sequence[Frame] = ()) -> list[tuple[float, float]]:
    """Up to `count` places in the frame at about even distances, none of them in a frame that is to stay clear."""
    dice = random.Random(seed)
    placed: list[tuple[float, float]] = []
    apart = 0.62 * math.sqrt(frame.width * frame.height / count)
    for _ in range(40 * count):
        spot = (dice.uniform(frame.x, frame.x + frame.width), dice.uniform(frame.y, frame.top))
        apart_enough = all(math.dist(spot, other) > apart for other in placed)
        if len(placed) < count and apart_enough and not any(_holds(kept, spot) for kept in clear):
            placed.append(spot)
    return placed


def _holds(frame: Frame, spot: tuple[float, float]) -> bool:
    return frame.x <= spot[0] <= frame.x + frame.width and frame.y <= spot[1] <= frame.top


def draw_sky(canvas: Canvas, places: Sequence[tuple[float, float]], color: Color, seed: int, *, sparks: bool) -> None:
    """Sparks of many sizes at the places, or dots."""
    dice = random.Random(seed)
    canvas.setFillColorRGB(*color)
    for x, y in places:
        if sparks:
            draw_spark(canvas, x, y, dice.uniform(4, 8), color)
        else:
            canvas.circle(x, y, dice.uniform(1.6, 3.4), stroke=0, fill=1)


def draw_sprig(canvas: Canvas, x: float, y: float, color: Color) -> None:
    """A small twig of leaves to both sides, about 90 points wide, with a dot in its middle."""
    canvas.setFillColorRGB(*color)
    canvas.circle(x, y, 2.6, stroke=0, fill=1)
    for side in (-1, 1):
        for leaf in range(3):
            _draw_leaf(canvas, x + side * (11 + 11.5 * leaf), y, side, 9.5 - 1.4 * leaf)


def _draw_leaf(canvas: Canvas, x: float, y: float, side: int, length: float) -> None:
    path = canvas.beginPath()
    path.moveTo(x, y - 1)
    path.curveTo(
        x + side * length * 0.1,
        y + length * 0.55,
        x + side * length * 0.6,
        y + length * 0.6,
        x + side * length,
        y + length * 0.35,
    )
    path.curveTo(x + side * length * 0.8, y - length * 0.1, x + side * length * 0.4, y - length * 0.25, x, y - 1)
    canvas.drawPath(path, stroke=0, fill=1)
