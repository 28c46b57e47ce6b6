"""Like a frame of an animated film: round volumes, rim light, soft shadows, a far layer out of focus."""

import numpy as np
from PIL import Image

from storybook.providers.studio.painter.raster import Rows, blurred, by_bands, smoothstep, stencil, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet
from storybook.providers.studio.painter.styles import relief

_DEPTH = (0.5, 0.72)
_STILL_SHARP = 0.25
# Where it is dark, red goes first and blue last.
_COOL = np.array((1.08, 1.0, 0.88), dtype=np.float32)


def finish(sheet: Sheet) -> Bytes:
    """The sheet as a rendered film frame."""
    gain, shine = _lighting(sheet)
    near = stencil(relief.soften(_focus(sheet), 2))
    far = Image.fromarray(blurred(sheet.colour, 4.0))
    focused = np.asarray(Image.composite(Image.fromarray(sheet.colour), far, near))
    halo = blurred(sheet.colour, 22.0, 8)

    def light(band: Floats, rows: Rows) -> Floats:
        band *= 1 - (1 - gain[rows, :, None]) * _COOL
        bloom = np.maximum(halo[rows].astype(np.float32) - 150, 0) * np.float32(0.3 / 255)
        bloom += shine[rows, :, None] * np.float32(1 / 255)
        band += (255 - band) * bloom
        return band

    return by_bands(focused, light)


def _focus(sheet: Sheet) -> Floats:
    """1 where the picture is sharp: in the foreground and on the ground, less towards the back of a room."""
    rows = np.linspace(0, 1, sheet.forms.shape[0], dtype=np.float32)[:, None]
    depth = np.maximum(smoothstep(rows, *_DEPTH), _STILL_SHARP)
    standing = np.where(sheet.forms > sheet.near, np.float32(1), depth)
    return np.where(sheet.forms >= sheet.ground, standing, np.float32(0))


def _lighting(sheet: Sheet) -> tuple[Floats, Bytes]:
    """What each point's colour is multiplied by, and how far, of 255, it goes to white on top of that."""
    height, bodies = relief.cushion(sheet.forms), sheet.bodies()
    # Large areas lie flat.
    x, y, z = relief.normals(height * np.where(bodies, np.float32(1), np.float32(0.3)), sheet.forms, 1.9)
    lambert = relief.lit((x, y, z))
    shade = relief.soften(relief.shadows(sheet.forms, height, 14), 3)
    creases = np.exp(-height * 0.9)
    gain = (0.5 + 0.8 * lambert) * (1 - 0.36 * shade) * (1 - 0.2 * creases)
    rim = smoothstep(x * 0.6 + y * 0.35 - z * 0.25, 0.12, 0.6) * 0.24
    gloss = smoothstep(lambert, 0.86, 1.0) * smoothstep(1 - z, 0.03, 0.25) * 0.42
    return widen(relief.soften(gain, 2)), np.asarray(stencil(relief.soften((rim + gloss) * bodies, 2)))
