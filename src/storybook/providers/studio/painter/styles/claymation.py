"""Like a stop-motion set: matte clay with thumb prints, uneven edges, studio light, thick soft shadows."""

import numpy as np

from storybook.providers.studio.painter import textures
from storybook.providers.studio.painter.raster import Rows, by_bands, shifted, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet
from storybook.providers.studio.painter.styles import relief


def finish(sheet: Sheet) -> Bytes:
    """The sheet as modelled clay under a lamp."""
    height = relief.cushion(sheet.forms)
    shade = relief.soften(relief.shadows(sheet.forms, height, 11), 2)
    lambert = relief.lit(relief.normals(height + textures.thumbed() * _touched(sheet), sheet.forms, 1.7))
    gain = (0.6 + 0.66 * lambert) * (1 - 0.5 * shade) * (1 - 0.3 * np.exp(-height * 1.2))
    light = widen(relief.soften(gain * textures.lamp(), 1))
    prints = textures.prints()

    def model(band: Floats, rows: Rows) -> Floats:
        return band * (light[rows] + textures.tooth_of(prints, rows))[..., None]

    return shifted(by_bands(sheet.colour, model), textures.wobble(31, 32, 2.4))


def _touched(sheet: Sheet) -> Floats:
    """How much thumbs have worked on the clay: bodies more than the large areas behind them."""
    return np.where(sheet.bodies(), np.float32(1.0), np.float32(0.5))
