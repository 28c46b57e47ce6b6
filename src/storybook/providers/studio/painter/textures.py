"""Paper, canvas, clay and noise, made once in each process. All tiles repeat without a seam."""

from functools import cache

import numpy as np
import numpy.typing as npt

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.sheet import Floats

TILE = 512

Box = tuple[int, int, int, int]
Quad = tuple[float, float, float, float, float, float, float, float]
Patch = tuple[Box, Quad]


@cache
def clouds(seed: int, scale: float) -> Floats:
    """Soft noise (TILE, TILE) around 0 with deviation 1, whose lumps are about `scale` points wide."""
    rng = np.random.default_rng(seed)
    return _filtered(rng.standard_normal((TILE, TILE)), scale)


def _filtered(noise: npt.NDArray[np.float64], scale: float) -> Floats:
    v, u = np.meshgrid(np.fft.fftfreq(TILE), np.fft.rfftfreq(TILE), indexing="ij")
    weight = np.exp(-((u * u + v * v) * (scale * scale * 4)))
    field = np.fft.irfft2(np.fft.rfft2(noise) * weight, s=(TILE, TILE))
    field -= field.mean()
    noise_map: Floats = (field / field.std()).astype(np.float32)
    return noise_map


@cache
def paper() -> Floats:
    """The tooth of rough watercolour paper, over the whole sheet, around 0 with deviation 1."""
    field = clouds(11, 1.6) * 0.75 + clouds(12, 4.0) * 0.6 + clouds(13, 0.6) * 0.35
    return over_sheet(field)


@cache
def weave() -> Floats:
    """Canvas, over the whole sheet, around 0 with deviation about 1."""
    y, x = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    x = x + clouds(21, 9.0) * 0.5
    y = y + clouds(22, 9.0) * 0.5
    period = 2 * np.pi / (TILE / 102)
    over = np.where((np.floor(x / 5.02) + np.floor(y / 5.02)) % 2 == 0, np.cos(x * period), np.cos(y * period))
    return over_sheet((over + clouds(23, 1.0) * 0.3).astype(np.float32))


def over_sheet(tile: Floats) -> Floats:
    """A tile repeated over the whole sheet."""
    rows, columns = -(-HEIGHT // TILE), -(-WIDTH // TILE)
    return np.ascontiguousarray(np.tile(tile, (rows, columns))[:HEIGHT, :WIDTH])


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


@cache
def border(seed: int, width: float) -> Floats:
    """How much pigment a brush leaves near the sheet's border: none outside, much along the edge, 1 inside."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    across, along = np.minimum(x, WIDTH - 1 - x), np.minimum(y, HEIGHT - 1 - y)
    inside = np.minimum(np.minimum(across, along), np.hypot(across, along) * 0.6)
    ragged = inside + over_sheet(clouds(seed, 34.0) * 0.24 + clouds(seed + 1, 9.0) * 0.07) * width
    t = np.clip((ragged - width * 0.75) / (width * 0.22), 0, 1)
    pooled = np.exp(-(((ragged - width * 1.02) / (width * 0.12)) ** 2)) * 0.22
    load: Floats = t * t * (3 - 2 * t) * (1 + pooled)
    return load


@cache
def thumbed() -> Floats:
    """Dents and bumps that thumbs leave in clay, as heights over the whole sheet."""
    return over_sheet(clouds(41, 18.0) * 0.28 + clouds(42, 7.0) * 0.04)


@cache
def prints() -> Floats:
    """The fine ridges of fingerprints and the grain of clay, over the whole sheet, to be added to the light."""
    ridges = np.sin(clouds(43, 26.0) * 22 + clouds(45, 60.0) * 30)
    where = np.clip(clouds(44, 22.0) - 0.55, 0, 1)
    return over_sheet((ridges * where * 0.07 + clouds(46, 0.8) * 0.014).astype(np.float32))


@cache
def lamp() -> Floats:
    """The fall of a studio lamp at the upper left, over the whole sheet."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    distance = np.hypot((x - WIDTH * 0.3) / WIDTH, (y - HEIGHT * 0.28) / HEIGHT)
    fall: Floats = 1.08 - 0.3 * np.clip(distance - 0.15, 0, 1)
    return fall
