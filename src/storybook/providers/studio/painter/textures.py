"""Paper, canvas, clay and noise, made once in each process.

Tiles repeat without a seam. Fields cover the whole sheet at 1/FINE of its size.
"""

from functools import cache

import numpy as np

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.sheet import FINE, Floats

TILE = 512

Box = tuple[int, int, int, int]
Quad = tuple[float, float, float, float, float, float, float, float]
Patch = tuple[Box, Quad]


@cache
def clouds(seed: int, scale: float) -> Floats:
    """A tile (TILE, TILE) of soft noise around 0 with deviation 1, whose lumps are about `scale` points wide."""
    return _noise(seed, scale)


@cache
def paper() -> Floats:
    """The tooth of rough watercolour paper for `tooth_of`, around 0 with deviation 1."""
    return _across(_noise(11, 1.6) * 0.75 + _noise(12, 4.0) * 0.6 + _noise(13, 0.6) * 0.35)


@cache
def weave() -> Floats:
    """Canvas for `tooth_of`, around 0 with deviation about 1."""
    y, x = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    x = x + _noise(21, 9.0) * 0.5
    y = y + _noise(22, 9.0) * 0.5
    threads = TILE / 102
    over = (np.floor(x / threads) + np.floor(y / threads)) % 2 == 0
    field = np.where(over, np.cos(x * (2 * np.pi / threads)), np.cos(y * (2 * np.pi / threads)))
    return _across((field + _noise(23, 1.0) * 0.3).astype(np.float32))


@cache
def prints() -> Floats:
    """The fine ridges of fingerprints and the grain of clay for `tooth_of`, to be added to the light."""
    ridges = np.sin(_noise(43, 26.0) * 22 + _noise(45, 60.0) * 30)
    where = np.clip(_noise(44, 22.0) - 0.55, 0, 1)
    return _across((ridges * where * 0.075 + _noise(46, 0.8) * 0.014).astype(np.float32))


def tooth_of(texture: Floats, rows: slice) -> Floats:
    """Those rows of the sheet of `paper`, `weave` or `prints`."""
    return texture.take(range(rows.start, rows.stop), axis=0, mode="wrap")


@cache
def thumbed() -> Floats:
    """A field of dents and bumps that thumbs leave in clay, as heights."""
    return over_field(_noise(41, 9.0) * 0.28 + _noise(42, 3.5) * 0.04)


@cache
def lamp() -> Floats:
    """The light of a studio lamp at the upper left, as a field around 1."""
    y, x = _field_axes()
    distance = np.hypot((x - WIDTH * 0.3) / WIDTH, (y - HEIGHT * 0.28) / HEIGHT)
    light: Floats = 1.08 - 0.3 * np.clip(distance - 0.15, 0, 1)
    return light


@cache
def border(seed: int, width: float) -> Floats:
    """The field of what a brush leaves near the sheet's border: none outside, much along the edge, 1 inside."""
    y, x = _field_axes()
    across, along = np.minimum(x, WIDTH - 1 - x), np.minimum(y, HEIGHT - 1 - y)
    inside = np.minimum(np.minimum(across, along), np.hypot(across, along) * 0.6)
    ragged = inside + over_field(_noise(seed, 17.0) * 0.2 + _noise(seed + 1, 4.5) * 0.07) * width
    t = np.clip((ragged - width * 0.75) / (width * 0.22), 0, 1)
    pooled = np.exp(-(((ragged - width * 1.02) / (width * 0.12)) ** 2)) * 0.22
    load: Floats = t * t * (3 - 2 * t) * (1 + pooled)
    return load


def over_field(tile: Floats) -> Floats:
    """A tile repeated over a field."""
    rows, columns = HEIGHT // FINE, WIDTH // FINE
    return np.tile(tile, (-(-rows // TILE), -(-columns // TILE)))[:rows, :columns]


@cache
def wobble(seed: int, cell: int, amount: float) -> tuple[Patch, ...]:
    """How an unsteady hand shifts the sheet, as a mesh for `Image.transform`: cells of `cell` points whose corners lie
    about `amount` points off.
    """
    rng = np.random.default_rng(seed)
    columns, rows = WIDTH // cell, HEIGHT // cell
    off = rng.normal(0, amount, (rows + 1, columns + 1, 2)).clip(-2 * amount, 2 * amount)
    off[[0, -1]] = off[:, [0, -1]] = 0
    xs = [round(WIDTH * column / columns) for column in range(columns + 1)]
    ys = [round(HEIGHT * row / rows) for row in range(rows + 1)]

    def corner(row: int, column: int) -> tuple[float, float]:
        return xs[column] + off[row, column, 0], ys[row] + off[row, column, 1]

    return tuple(
        (
            (xs[c], ys[r], xs[c + 1], ys[r + 1]),
            (*corner(r, c), *corner(r + 1, c), *corner(r + 1, c + 1), *corner(r, c + 1)),
        )
        for r in range(rows)
        for c in range(columns)
    )


def _field_axes() -> tuple[Floats, Floats]:
    y, x = np.mgrid[0:HEIGHT:FINE, 0:WIDTH:FINE].astype(np.float32)
    return y, x


def _across(tile: Floats) -> Floats:
    return np.ascontiguousarray(np.tile(tile, (1, -(-WIDTH // TILE)))[:, :WIDTH])


def _noise(seed: int, scale: float) -> Floats:
    noise = np.random.default_rng(seed).standard_normal((TILE, TILE))
    v, u = np.meshgrid(np.fft.fftfreq(TILE), np.fft.rfftfreq(TILE), indexing="ij")
    weight = np.exp(-((u * u + v * v) * (scale * scale * 4)))
    field = np.fft.irfft2(np.fft.rfft2(noise) * weight, s=(TILE, TILE))
    field -= field.mean()
    tile: Floats = (field / field.std()).astype(np.float32)
    return tile
