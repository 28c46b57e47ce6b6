"""Like a comic: ink lines from the pen, one flat shadow, one highlight, strong colour."""

import numpy as np

from storybook.providers.studio.painter.raster import Rows, by_bands, smoothstep, stencil, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet
from storybook.providers.studio.painter.styles import relief

# How much of red, green and blue a shadow takes.
_SHADOW = np.array((0.24, 0.28, 0.14), dtype=np.float32)
_GREY = (0.3, 0.59, 0.11)
_STRONGER = 1.12


def finish(sheet: Sheet) -> Bytes:
    """The sheet with its shadows and highlights."""
    height = relief.cushion(sheet.forms)
    light = widen(relief.soften(relief.lit(relief.normals(height * sheet.bodies(), sheet.forms, 1.5)), 2))
    cast = np.asarray(stencil(smoothstep(relief.soften(relief.shadows(sheet.forms, height, 7, 2), 1), 0.35, 0.6)))

    def ink(band: Floats, rows: Rows) -> Floats:
        dark = np.maximum(1 - smoothstep(light[rows], 0.3, 0.36), cast[rows] * np.float32(1 / 255))
        band *= 1 - dark[..., None] * _SHADOW
        grey = band[..., 0] * _GREY[0] + band[..., 1] * _GREY[1] + band[..., 2] * _GREY[2]
        # Ink does not shine.
        shine = smoothstep(light[rows], 0.9, 0.93) * smoothstep(grey, 40, 90) * np.float32(0.3)
        band += (255 - band) * shine[..., None]
        band *= _STRONGER
        band -= (grey * (_STRONGER - 1))[..., None]
        return band

    return by_bands(sheet.colour, ink)
