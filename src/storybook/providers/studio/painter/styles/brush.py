"""Brush strokes: tiles of strokes in several sizes and directions, and a picture repainted with them."""

from functools import cache

import numpy as np
import numpy.typing as npt

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.raster import packed, picked
from storybook.providers.studio.painter.sheet import FINE, Bytes, Floats

DIRECTIONS = 8
SIZES = 3
BODY = 2
TONE = 3
_TILE = 256
_SIDES = (256, 128, 128)
_DABS = 24
_LENGTHS = (30.0, 17.0, 9.0)
_BREADTHS = (8.0, 4.6, 2.6)
_GAPS = (11.0, 6.4, 3.7)

Ints = npt.NDArray[np.int32]
Strokes = npt.NDArray[np.int8]


def strokes(direction: Floats, sizes: npt.NDArray[np.int64]) -> Strokes:
    """For each point of the sheet its stroke as (dx, dy) to the stroke's middle, height of the paint and tone.

    `direction` (radians) and `sizes` (0 is the largest) are at 1/FINE of the sheet's size.
    """
    turn = np.rint(direction * (DIRECTIONS / np.pi)).astype(np.int32) % DIRECTIONS
    kind = (sizes.astype(np.int32) * DIRECTIONS + turn) * (_TILE * _TILE)
    wide = kind.repeat(FINE, axis=0).repeat(FINE, axis=1)
    wide += np.arange(HEIGHT, dtype=np.int32)[:, None] % _TILE * _TILE
    wide += np.arange(WIDTH, dtype=np.int32) % _TILE
    stroke: Strokes = _tiles().take(wide).view(np.int8)
    return stroke.reshape(HEIGHT, WIDTH, 4)


def painted(colour: Bytes, stroke: Strokes, rough: npt.NDArray[np.bool_]) -> tuple[Bytes, Bytes]:
    """The picture in which each stroke has the colour of its middle, and one whose edges the strokes only break up
    where it is `rough`.
    """
    paint = packed(colour)
    dx, dy = stroke[..., 0], stroke[..., 1]
    return picked(paint, _towards(dx, dy)), picked(paint, _towards(dx // 4 * rough, dy // 4 * rough))


def _towards(dx: Strokes, dy: Strokes) -> Ints:
    """The points that lie `dx` and `dy` away, or at the sheet's edge."""
    index: Ints = dy.astype(np.int32)
    index += np.arange(HEIGHT, dtype=np.int32)[:, None]
    np.clip(index, 0, HEIGHT - 1, out=index)
    column: Ints = dx.astype(np.int32)
    column += np.arange(WIDTH, dtype=np.int32)
    np.clip(column, 0, WIDTH - 1, out=column)
    index *= WIDTH
    index += column
    return index


@cache
def _tiles() -> Ints:
    """All tiles one after the other, each point's four bytes packed into one number."""
    rng = np.random.default_rng(7)
    tiles = [tile for size in range(SIZES) for tile in _turned(rng, size)]
    return np.concatenate(tiles).reshape(-1, 4).view(np.int32).reshape(-1)


def _turned(rng: np.random.Generator, size: int) -> list[Strokes]:
    """The tiles of one size in all directions; those beyond an eighth of a turn are others seen in a mirror."""
    flat, slant, diagonal = (_tile(rng, size, turn * np.pi / DIRECTIONS) for turn in range(3))
    steep = _swapped(slant)
    return [flat, slant, diagonal, steep, _swapped(flat), _mirrored(steep), _mirrored(diagonal), _mirrored(slant)]


def _swapped(tile: Strokes) -> Strokes:
    return tile.transpose(1, 0, 2)[..., [1, 0, 2, 3]]


def _mirrored(tile: Strokes) -> Strokes:
    return tile[:, ::-1] * np.array((-1, 1, 1, 1), dtype=np.int8)


def _tile(rng: np.random.Generator, size: int, angle: float) -> Strokes:
    side = _SIDES[size]
    tile = np.zeros((side, side, 4), dtype=np.int8)
    count = round(side / _GAPS[size])
    step = side / count
    dabs = [_dab(rng, size, angle + rng.normal(0, 0.16)) for _ in range(_DABS)]
    for anchor in rng.permutation(count * count).tolist():
        left, top = (anchor % count + rng.random()) * step, (anchor // count + rng.random()) * step
        rows, columns, paint = dabs[int(rng.integers(_DABS))]
        tile[(rows + int(top)) % side, (columns + int(left)) % side] = paint
        tile[(rows + int(top)) % side, (columns + int(left)) % side, TONE] = int(rng.integers(-60, 61))
    return np.tile(tile, (_TILE // side, _TILE // side, 1))


def _dab(rng: np.random.Generator, size: int, angle: float) -> tuple[Ints, Ints, Strokes]:
    """The points of one dab as rows and columns around its middle, and what lies on each of them."""
    length, breadth = _LENGTHS[size] * rng.uniform(0.75, 1.2), _BREADTHS[size] * rng.uniform(0.8, 1.2)
    reach = int(np.hypot(length, breadth)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    bristles = rng.uniform(-1, 1, 2 * int(breadth) + 5)
    lane = bristles[np.clip(np.rint(v + breadth + 1).astype(int), 0, len(bristles) - 1)]
    inside = (np.abs(u) < length * (0.9 + 0.14 * lane)) & (np.abs(v) < breadth)
    body = 34 + 30 * lane + 30 * (np.abs(v) / breadth) ** 3 + 18 * u / length
    layers = (-x, -y, np.clip(body, 0, 127), np.zeros_like(x))
    paint = np.stack([layer[inside] for layer in layers], axis=-1).astype(np.int8)
    return y[inside].astype(np.int32), x[inside].astype(np.int32), paint
