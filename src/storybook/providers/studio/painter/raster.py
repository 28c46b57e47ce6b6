"""What the finishes do to rasters. Colours are (h, w, 3) bytes, maps are (h, w) floats."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from storybook.providers.studio.painter.pen import HEIGHT, WIDTH
from storybook.providers.studio.painter.sheet import Bytes, Floats
from storybook.providers.studio.painter.textures import Patch

Rows = slice
_BAND = 32


def by_bands(colour: Bytes, change: Callable[[Floats, Rows], Floats]) -> Bytes:
    """`change` applied to the picture, as floats from 0 to 255, band by band: small arrays stay in the cache."""
    result = np.empty_like(colour)
    for top in range(0, colour.shape[0], _BAND):
        rows = slice(top, min(top + _BAND, colour.shape[0]))
        band = change(colour[rows].astype(np.float32), rows)
        np.clip(band, 0, 255, out=band)
        result[rows] = band
    return result


def widen(small: Floats, width: int = WIDTH, height: int = HEIGHT) -> Floats:
    """A small map stretched smoothly to the whole sheet."""
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))


def stencil(small: Floats) -> Image.Image:
    """A small map from 0 to 1 stretched to the whole sheet in 256 steps, which takes a third of what `widen` takes."""
    steps = (small * 255).clip(0, 255).astype(np.uint8)
    return Image.fromarray(steps).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def blurred(colour: Bytes, radius: float, shrink: int = 4) -> Bytes:
    """The picture blurred; a larger `shrink` is faster and coarser."""
    image = Image.fromarray(colour)
    small = image.reduce(shrink).filter(ImageFilter.GaussianBlur(radius / shrink))
    return np.asarray(small.resize(image.size, Image.Resampling.BILINEAR))


def packed(colour: Bytes) -> npt.NDArray[np.uint32]:
    """The picture with each point's colour in one number."""
    four = np.zeros((*colour.shape[:2], 4), dtype=np.uint8)
    four[..., :3] = colour
    return four.view(np.uint32).reshape(-1)


def picked(paint: npt.NDArray[np.uint32], index: npt.NDArray[np.int32]) -> Bytes:
    """The `packed` picture in which each point takes the colour of the point `index` (row * width + column)."""
    return paint.take(index, mode="clip").view(np.uint8).reshape(*index.shape, 4)[..., :3]


def shifted(colour: Bytes, mesh: tuple[Patch, ...]) -> Bytes:
    """The picture pulled out of true by a mesh of `textures.wobble`."""
    image = Image.fromarray(colour)
    return np.asarray(image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR))


def smoothstep(field: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, a soft step between."""
    t: Floats = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
