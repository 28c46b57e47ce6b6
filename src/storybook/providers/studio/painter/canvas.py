"""From a request to a finished, encoded picture, and a check that bytes are such a picture."""

import io
import struct

from PIL import Image, ImageOps

from storybook.core.photo_decoder import FORMATS, MAX_PIXELS, is_plain
from storybook.domain.book_spec import Style
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter.composition import compose
from storybook.providers.studio.painter.styles import finished

_QUALITY = 90
_UNREADABLE = (
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
)


def paint(request: PictureRequest) -> bytes:
    """The encoded picture of the request's scene, width x height. The same request gives the same bytes."""
    picture = finished(compose(request), request.style)
    method = Image.Resampling.NEAREST if request.style is Style.PIXEL else Image.Resampling.LANCZOS
    if picture.size != (request.width, request.height):
        picture = ImageOps.fit(picture, (request.width, request.height), method)
    encoded = io.BytesIO()
    if request.style is Style.PIXEL:
        picture.save(encoded, "PNG")
    else:
        picture.save(encoded, "JPEG", quality=_QUALITY, subsampling=0)
    return encoded.getvalue()


def media_type_of(style: Style) -> str:
    """The media type of a picture that `paint` makes in that style."""
    # Few colours in even squares: as PNG they stay crisp and take a seventh of the bytes.
    return "image/png" if style is Style.PIXEL else "image/jpeg"


def looks_like_a_picture(data: bytes, width: int, height: int) -> bool:
    """Is this a JPEG, PNG or WebP picture of exactly that size that shows more than one plain colour?"""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.size != (width, height) or width * height > MAX_PIXELS:
                return False
            return not is_plain(image.convert("RGB"))
    except _UNREADABLE:
        return False
