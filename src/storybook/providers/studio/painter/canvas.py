"""From a request to a finished, encoded picture, and a check that bytes are such a picture."""

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from storybook.domain.book_spec import Style
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter.composition import compose
from storybook.providers.studio.painter.styles import finished

MEDIA_TYPE = "image/jpeg"
_QUALITY = 90
_FORMATS = ("JPEG", "PNG", "WEBP")
_MAX_PIXELS = 25_000_000
_LEAST_SPREAD = 6.0


def paint(request: PictureRequest) -> bytes:
    """The encoded picture of the request's scene, width x height. The same request gives the same bytes."""
    picture = finished(compose(request), request.style)
    method = Image.Resampling.NEAREST if request.style is Style.PIXEL else Image.Resampling.LANCZOS
    if picture.size != (request.width, request.height):
        picture = ImageOps.fit(picture, (request.width, request.height), method)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=_QUALITY, subsampling=0)
    return encoded.getvalue()


def media_type_of(style: Style) -> str:  # noqa: ARG001  # each style may have its own some day
    """The media type of a picture that `paint` makes in that style."""
    return MEDIA_TYPE


def looks_like_a_picture(data: bytes, width: int, height: int) -> bool:
    """Is this a JPEG, PNG or WebP picture of exactly that size that shows more than one plain colour?"""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.size != (width, height) or width * height > _MAX_PIXELS:
                return False
            image.load()
            small = image.convert("RGB").resize((64, 64), Image.Resampling.BOX)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False
    return float(np.asarray(small, dtype=np.float32).std(axis=(0, 1)).max()) >= _LEAST_SPREAD
