"""Like a comic: ink lines from the pen, one flat shadow, one highlight, strong colour."""

import numpy as np

from storybook.providers.studio.painter.raster import Rows, by_bands, smoothstep, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet
from storybook.providers.studio.painter.styles import relief

_SHADOW = np.array((0.76, 0.72, 0.86), dtype=np.float32)
_GREY = np.array((0.3, 0.59, 0.11), dtype=np.float32)


def finish(sheet: Sheet) -> Bytes:
    """The sheet with its shadows and highlights."""
    height = relief.cushion(sheet.forms)
    light = widen(relief.soften(relief.lit(relief.normals(height * sheet.bodies(), sheet.forms, 1.5)), 2))
    cast = widen(relief.soften(relief.shadows(sheet.forms, height, 7, 2), 1))

    def ink(band: Floats, rows: Rows) -> Floats:
        dark = np.maximum(1 - smoothstep(light[rows], 0.3, 0.36), smoothstep(cast[rows], 0.35, 0.6))[..., None]
        band = band * (1 - dark + _SHADOW * dark)
        grey = band @ _GREY
        # Ink does not shine.
        shine = smoothstep(light[rows], 0.9, 0.93) * smoothstep(grey, 40, 90) * 0.3
        band = band + (255 - band) * shine[..., None]
        return band + (band - grey[..., None]) * 0.12

    return by_bands(sheet.colour, ink)
