"""The colours of a photo: the main ones of a region, and what they are called. Nothing else is seen in it."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from storybook.core.errors import ErrorCode, ProviderError

Pixels = NDArray[np.float64]

THUMBNAIL_SIDE = 48
MAX_SIDE = 1024
CLUSTERS = 4
ROUNDS = 10
_LEAST_SHARE = 0.06
# Shade changes how light a cloth is, not its hue.
_WEIGHTS = np.array([0.6, 1.0, 1.0])


class Region(NamedTuple):
    """A part of a picture, in parts of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


EVERYWHERE = Region(0.0, 0.0, 1.0, 1.0)


class Hue(NamedTuple):
    """A colour (CIE Lab) and the share of its region that has it."""

    lab: Pixels
    share: float

    @property
    def strength(self) -> float:
        """How far from grey."""
        return float(np.hypot(self.lab[1], self.lab[2]))


def thumbnail(photo: bytes, *, formats: tuple[str, ...] = ("JPEG",), max_side: int = MAX_SIDE) -> Pixels:
    """A small photo's pixels, rows of CIE Lab; raises ProviderError for what is larger, or of no such format."""
    try:
        with Image.open(BytesIO(photo), formats=formats) as image:
            if max(image.size) > max_side:
                raise ProviderError("the photo is too large", code=ErrorCode.UNKNOWN)
            small = image.convert("RGB").resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError) as error:
        raise ProviderError("the photo cannot be read", code=ErrorCode.UNKNOWN) from error
    return _lab(np.asarray(small, dtype=np.float64) / 255)


def main_hues(pixels: Pixels, region: Region) -> list[Hue]:
    """The few colours that a region is made of, the commonest first."""
    rows, columns = pixels.shape[:2]
    part = pixels[
        int(region.top * rows) : int(region.bottom * rows), int(region.left * columns) : int(region.right * columns)
    ].reshape(-1, 3)
    centres = part[np.argsort(part[:, 0], kind="stable")[np.linspace(0, len(part) - 1, CLUSTERS).astype(int)]]
    nearest = np.zeros(len(part), dtype=np.intp)
    for _ in range(ROUNDS):
        nearest = np.argmin(np.linalg.norm((part[:, None] - centres) * _WEIGHTS, axis=2), axis=1)
        centres = np.array([_middle(part[nearest == i], centres[i]) for i in range(CLUSTERS)])
    shares = np.bincount(nearest, minlength=CLUSTERS) / len(part)
    hues = [Hue(centre, float(share)) for centre, share in zip(centres, shares, strict=True)]
    return sorted((hue for hue in hues if hue.share >= _LEAST_SHARE), key=lambda hue: -hue.share)


def name_of(hue: Hue, colours: Mapping[str, Iterable[str]], *, near: float = 1000.0) -> str | None:
    """What the table (`#rrggbb` to words) calls the colour, by the first word; None where none is that near."""
    known = _lab(np.array([_channels(colour) for colour in colours], dtype=np.float64) / 255)
    distances = np.linalg.norm((known - hue.lab) * _WEIGHTS, axis=1)
    best = int(np.argmin(distances))
    return next(iter(list(colours.values())[best])) if distances[best] <= near else None


def _middle(members: Pixels, otherwise: Pixels) -> Pixels:
    return members.mean(axis=0) if len(members) else otherwise


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _lab(rgb: Pixels) -> Pixels:
    """CIE Lab (D65) of sRGB in 0..1."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    bent = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
