"""Like a game of the nineties: a coarse grid, few colours, stepped shadows, dithered skies."""

import numpy as np
from PIL import Image, ImageFilter

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.raster import Rows, by_bands
from storybook.providers.studio.painter.sheet import Bytes, Floats, Sheet, read_grid
from storybook.providers.studio.painter.styles import relief

COLUMNS = 192
ROWS = 256
COMMON = 28
RARE = 20

# Shadows keep some warmth, or the few colours would turn a face's to grey.
_SHADE = np.array((0.84, 0.74, 0.78), dtype=np.float32)
_CRISP = ImageFilter.UnsharpMask(radius=1.2, percent=90, threshold=6)
_BAYER = np.array(((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5)), dtype=np.float32) / 15 - 0.5


def read(svg: str) -> Sheet:
    return read_grid(svg, COLUMNS, ROWS)


def finish(sheet: Sheet) -> Bytes:
    """The grid in its palette, enlarged to the whole sheet."""
    height = relief.cushion(sheet.forms)
    light = relief.lit(relief.normals(height * sheet.bodies(), sheet.forms, 1.2))
    cast = relief.shadows(sheet.forms, height, 3, 2) > 0.4
    dark, bright = ((light < 0.26) | cast)[..., None], (light > 0.9)[..., None]
    gain = np.where(dark, _SHADE, np.where(bright, np.float32(1.12), np.float32(1.0)))
    dots = np.tile(_BAYER, (ROWS // 4, COLUMNS // 4)) * np.where(sheet.forms <= sheet.ground, 9, 0).astype(np.float32)

    def step(band: Floats, rows: Rows) -> Floats:
        return band * gain[rows] + dots[rows, :, None]

    # The renderer smooths eyes and mouths so that they stay in shape; this gives them their edges back.
    crisp = np.asarray(Image.fromarray(sheet.colour).filter(_CRISP))
    grid = Image.fromarray(by_bands(crisp, step))
    few = grid.quantize(palette=_palette(grid), dither=Image.Dither.NONE)
    return np.asarray(few.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.NEAREST))


def _palette(grid: Image.Image) -> Image.Image:
    """The picture's palette: the colours of its large areas, and those that are rare but strong."""
    common = grid.quantize(COMMON, Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    rare = grid.quantize(RARE, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common[: COMMON * 3] + rare[: RARE * 3])
    return palette
