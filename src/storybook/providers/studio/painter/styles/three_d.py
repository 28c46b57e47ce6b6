"""Like a frame of an animated film: round volumes, rim light, soft shadows, a far layer out of focus."""

import numpy as np

from storybook.providers.studio.painter.raster import Rows, blurred, by_bands, smoothstep, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet
from storybook.providers.studio.painter.styles import relief


def finish(sheet: Sheet) -> Bytes:
    """The sheet as a rendered film frame."""
    height = relief.cushion(sheet.forms)
    normal = relief.normals(height, sheet.forms, 1.5)
    gain, shine = _lighting(sheet, height, normal)
    near = widen(relief.soften((sheet.forms >= sheet.ground).astype(np.float32), 2))
    far = blurred(sheet.colour, 3.4, 2)

    def light(band: Floats, rows: Rows) -> Floats:
        mask = near[rows, :, None]
        band = band * mask + far[rows] * (1 - mask)
        g = gain[rows, :, None]
        cool = np.array((1.06, 1.0, 0.9), dtype=np.float32)
        band = band * g**cool
        return band + (255 - band) * shine[rows, :, None]

    picture = by_bands(sheet.colour, light)
    return _bloom(picture)


def _lighting(sheet: Sheet, height: Floats, normal: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    lambert = relief.lit(normal)
    shade = relief.soften(relief.shadows(sheet.forms, height, 14), 3)
    creases = np.exp(-height * 0.9)
    gain = (0.62 + 0.62 * lambert) * (1 - 0.34 * shade) * (1 - 0.22 * creases)
    x, y, z = normal
    rim = sheet.bodies() * smoothstep(x * 0.6 + y * 0.35 - z * 0.25, 0.12, 0.6) * 0.22
    hot = smoothstep(lambert, 0.9, 1.0) * smoothstep(1 - z, 0.02, 0.3) * 0.4 * sheet.bodies()
    return widen(relief.soften(gain, 1)), widen(relief.soften(rim + hot, 1))


def _bloom(picture: Bytes) -> Bytes:
    halo = blurred(picture, 22.0, 8)

    def glow(band: Floats, rows: Rows) -> Floats:
        light = np.maximum(halo[rows].astype(np.float32) - 150, 0) * 0.32
        return band + light * (1 - band / 255)

    return by_bands(picture, glow)
