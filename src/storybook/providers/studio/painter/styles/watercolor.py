"""Like a watercolour: thin pigment that gathers at its edges and in the paper's tooth, white paper all around."""

import numpy as np

from storybook.providers.studio.painter import textures
from storybook.providers.studio.painter.raster import Rows, by_bands, shifted, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Marks, Sheet
from storybook.providers.studio.painter.styles import relief

_PAPER = np.array((254, 250, 241), dtype=np.float32)
_STRENGTH = 0.94
_BORDERS = 4


def finish(sheet: Sheet) -> Bytes:
    """The sheet as pigment on rough paper."""
    load = widen(_load(sheet))
    grain = textures.paper()
    edge = widen(_edge(sheet.chance))
    wet = shifted(sheet.colour, textures.wobble(51, 32, 2.2))

    def paint(band: Floats, rows: Rows) -> Floats:
        tooth = textures.tooth_of(grain, rows)
        pigment = (1 - band * (1 / 255)) * edge[rows, :, None]
        more = load[rows] + tooth * 0.075
        glazed = (1 - pigment * _STRENGTH) * (1 - pigment * more[..., None])
        picture: Floats = _PAPER * (1 + tooth * 0.012)[..., None] * glazed
        return picture

    return by_bands(wet, paint)


def _edge(chance: int) -> Floats:
    """One of many borders: a few, each of them turned and mirrored."""
    border = textures.border(101 + 2 * (chance % _BORDERS), 34.0)
    border = border[::-1] if chance & 64 else border
    return np.ascontiguousarray(border[:, ::-1] if chance & 128 else border)


def _load(sheet: Sheet) -> Floats:
    """How much more pigment than usual stands where: along the rim of a wash, in its shade, here and there."""
    forms, bodies = sheet.forms, sheet.bodies()
    height = relief.cushion(forms)
    pooled = np.exp(-height * 0.8)
    lit = relief.lit(relief.normals(height, forms, 0.8)) - relief.LIGHT[2]
    blooms = _own_noise(forms, textures.clouds(71, 16.0)) + _own_noise(forms, textures.clouds(72, 42.0))
    # Wet washes run, what stands in front of them is painted with less water.
    uneven = blooms * np.where(bodies, np.float32(0.045), np.float32(0.06))
    near = np.where(bodies & (forms > sheet.ground), np.float32(0.14), np.float32(0.0))
    load: Floats = 0.42 * pooled - 0.46 * lit + uneven + near
    return load


def _own_noise(forms: Marks, noise: Floats) -> Floats:
    """The noise, at another place for each body, as each is a wash of its own."""
    y, x = np.indices(forms.shape, dtype=np.int32)
    own = forms.astype(np.int32)
    side = textures.TILE - 1
    return noise.reshape(-1).take(((y + own * 97) & side) * textures.TILE + ((x + own * 57) & side))
