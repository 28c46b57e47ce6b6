"""Like an oil painting: brush strokes that follow the forms, thick paint that catches the light, canvas below."""

import numpy as np
from PIL import Image

from storybook.providers.studio.painter import textures
from storybook.providers.studio.painter.raster import Rows, by_bands, smoothstep, widen
from storybook.providers.studio.painter.sheet import Bytes, Floats, Marks, Sheet
from storybook.providers.studio.painter.styles import brush, relief

_WARM = np.array((1.03, 1.0, 0.93), dtype=np.float32)


def finish(sheet: Sheet) -> Bytes:
    """The sheet repainted stroke by stroke."""
    height = relief.cushion(sheet.forms)
    lit = _modelled(sheet, height)
    rims = relief.soften(relief.rims(sheet.forms), 3)
    detail = _detail(sheet.colour)
    sizes = np.where(rims > 0.02, 1, 0) + (detail > 10) + (detail > 26)
    strokes = brush.strokes(_direction(height, sheet.forms), sizes.clip(0, brush.SIZES - 1))
    careful = widen(smoothstep(detail, 8, 20) * (1 - smoothstep(rims, 0.05, 0.3)))
    painted, loose = brush.painted(lit, strokes, careful < 0.25)
    weave = textures.weave()

    def varnish(band: Floats, rows: Rows) -> Floats:
        own = loose[rows].astype(np.float32)
        own -= band
        free = 1 - careful[rows] * 0.9
        astray = smoothstep(_strongest(own), 30, 60)
        band += own * (1 - (1 - astray) * free)[..., None]
        gain = 1 + (_ridges(strokes, rows) + strokes[rows, :, brush.TONE] * np.float32(0.0011)) * free
        gain += textures.tooth_of(weave, rows) * np.float32(0.018)
        band *= np.asarray(gain)[..., None]
        return band

    return by_bands(painted, varnish)


def _strongest(change: Floats) -> Floats:
    red, green, blue = (np.abs(change[..., channel]) for channel in range(3))
    return np.maximum(np.maximum(red, green), blue)


def _modelled(sheet: Sheet, height: Floats) -> Bytes:
    light = relief.lit(relief.normals(height, sheet.forms, 1.0))
    shade = relief.soften(relief.shadows(sheet.forms, height, 10), 3)
    gain = widen((0.66 + 0.5 * light) * (1 - 0.3 * shade) * (1 - 0.18 * np.exp(-height)))

    def glaze(band: Floats, rows: Rows) -> Floats:
        band = band * gain[rows, :, None] * _WARM
        return band + (band - 140) * 0.16

    return by_bands(sheet.colour, glaze)


def _detail(colour: Bytes) -> Floats:
    """How much small detail there is around each point, at half the size."""
    small = Image.fromarray(colour).convert("L").reduce(2)
    grey = np.asarray(small, dtype=np.float32)
    return relief.soften(np.abs(grey - relief.soften(grey, 4)), 3)


def _direction(height: Floats, forms: Marks) -> Floats:
    """The angle of the brush at each point, from 0 to pi: along the rims of bodies, sweeping elsewhere."""
    dx, dy = relief.slope(height, forms)
    sweep = textures.over_field(textures.clouds(81, 64.0) * 0.4 + textures.clouds(82, 5.0) * 0.13)
    across, along = dy * dy - dx * dx, -2 * dx * dy
    weight = 0.015
    x = relief.soften(across, 3) + weight * np.cos(2 * sweep)
    y = relief.soften(along, 3) + weight * np.sin(2 * sweep)
    angle: Floats = np.arctan2(y, x) / 2
    return angle % np.float32(np.pi)


def _ridges(strokes: brush.Strokes, rows: Rows) -> Floats:
    """Light on the upper left of each ridge of paint, shade on its lower right."""
    here = strokes[rows, :, brush.BODY]
    ridge = np.zeros(here.shape, dtype=np.float32)
    # Heights are never negative, so their differences fit a signed byte.
    ridge[1:, 1:] = here[1:, 1:] - here[:-1, :-1]
    return ridge * np.float32(0.0035)
