"""Decodes one photo that may be hostile, in a process of its own; it needs nothing of the service but Pillow.

It reads the photo from its standard input and writes a small JPEG to its standard output; where a width and a height
are given, one of that shape. Its exit status is 0, one of `Refusal`, or, when decoding brought it down, anything else.
"""

import os
import resource
import sys
import warnings
from enum import IntEnum
from io import BytesIO

from PIL import (
    Image,
    ImageStat,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

MAX_PIXELS = 25_000_000
MIN_SIDE = 64
MIN_PICTURE_SIDE = 128
"""Of what is left of a vendor's picture: on a leaf of A5 it is printed with 22 pixels an inch."""
LEAST_RANGE = 8
"""Between the darkest and the brightest spot of a picture that shows something, of 255 and in one of its colours."""
LONGEST_SIDE = 1024
QUALITY = 88
CPU_SECONDS = 2
# Pillow holds the pixels of a WebP four times over, at four bytes each.
MEMORY_BYTES = 16 * MAX_PIXELS + 112 * 1024 * 1024
NICER = 10
OPEN_FILES = 3
"""Those that it has from the beginning: it can open nothing, neither a file nor a connection."""

READERS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Loaded with this module, as is what Pillow itself loads when it first opens a picture. TIFF is the form of EXIF."""
Image.preinit()

FORMATS = ("JPEG", "PNG", "WEBP")
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_ORIENTATION = 0x0112
_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


Size = tuple[int, int]
Box = tuple[int, int, int, int]


class Refusal(IntEnum):
    """Why a photo is not taken; the values are exit statuses."""

    NO_PICTURE = 20
    TOO_MANY_PIXELS = 21
    TOO_SMALL = 22
    MOVING = 23
    TOO_MUCH_WORK = 24


def refusal_of(image: Image.Image) -> Refusal | None:
    """What its header says against a picture, before any of its pixels are decoded."""
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        return Refusal.TOO_SMALL
    if width * height > MAX_PIXELS:
        return Refusal.TOO_MANY_PIXELS
    # Cameras put previews and depth maps behind the photo; only the photo is read.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        return Refusal.MOVING
    return None


def redraw(image: Image.Image) -> bytes:
    """The picture upright, small, on white, as a JPEG of its pixels and nothing else."""
    orientation = _orientation(image)
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
    small = _plain(_rough(image, (0, 0, *image.size), LONGEST_SIDE / max(image.size)))
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return _written(_turned(_on_white(small), orientation))


def fill(image: Image.Image, size: Size) -> bytes | Refusal:
    """The picture upright, as a JPEG in the shape of that size, and no larger; what it has too much is cut off evenly.

    Refused where less than `MIN_PICTURE_SIDE` is left of a side, or where nothing is to be seen.
    """
    orientation = _orientation(image)
    if orientation in _SIDEWAYS:
        size = size[1], size[0]
    if min(_most_in(image, size)) < MIN_PICTURE_SIDE:
        return Refusal.TOO_SMALL
    image.draft(None, size)
    width, height = _most_in(image, size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    pixels = _plain(_rough(image, (left, top, left + width, top + height), size[0] / width))
    most = min(pixels.width, size[0]), min(pixels.height, size[1])
    if pixels.size != most:
        pixels = pixels.resize(most, Image.Resampling.BICUBIC)
    pixels = _on_white(pixels)
    if is_plain(pixels):
        return Refusal.NO_PICTURE
    return _written(_turned(pixels, orientation))


def is_plain(image: Image.Image) -> bool:
    """Whether an RGB picture is nearly one colour all over: many a vendor refuses with a black one.

    One small star is enough to be none: on black, five by five white pixels are seen.
    """
    # One pixel of sixteen is nearly as telling as all. The noise of coding is blended away, a small star is not.
    thinned = image.resize((max(1, image.width // 4), max(1, image.height // 4)), Image.Resampling.NEAREST)
    ranges = ImageStat.Stat(thinned.reduce(4)).extrema
    return all(brightest - darkest < LEAST_RANGE for darkest, brightest in ranges)


def _most_in(image: Image.Image, shape: Size) -> Size:
    """The largest size in that shape that can be cut out."""
    scale = max(shape[0] / image.width, shape[1] / image.height)
    return round(shape[0] / scale), round(shape[1] / scale)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _written(image: Image.Image) -> bytes:
    # Pillow writes a comment that came with the picture.
    image.info = {}
    written = BytesIO()
    image.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _orientation(image: Image.Image) -> int:
    """How the camera was held, 1 where the photo does not say it in a way that can be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (Warning, OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, AttributeError):
        return 1
    return value if isinstance(value, int) else 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TO_UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _rough(image: Image.Image, box: Box, scale: float) -> Image.Image:
    """The decoded pixels of a part that will be scaled so, thinned out where there are too many to blend them all."""
    left, top, right, bottom = box
    if scale >= 1 / 2:
        return image if (right - left, bottom - top) == image.size else image.crop(box)
    size = (max(1, round(2 * scale * (right - left))), max(1, round(2 * scale * (bottom - top))))
    return image.resize(size, Image.Resampling.NEAREST, box)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels in a mode that shrinks well: RGB, or RGBA where something is transparent."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _limit_itself() -> None:
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform != "darwin":  # which refuses to limit memory so
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for what, wanted in limits.items():
        hard = resource.getrlimit(what)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (most, most))
    warnings.simplefilter("error")
    # Metadata is thrown away: where it is odd, the picture may still be good.
    warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
    warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO file")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def _decode(data: bytes, size: Size | None) -> bytes | Refusal:
    if not data.startswith(_STARTS) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return Refusal.NO_PICTURE
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return refusal_of(image) or (fill(image, size) if size else redraw(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return Refusal.TOO_MANY_PIXELS
    except MemoryError:
        return Refusal.TOO_MUCH_WORK


def main(width: int, height: int) -> int:
    """Returns the exit status. Both are 0 where the photo keeps its shape."""
    if width:  # nobody waits at the door for a vendor's picture: the service goes first
        os.nice(NICER)
    _limit_itself()
    answer = _decode(sys.stdin.buffer.read(), (width, height) if width else None)
    if isinstance(answer, Refusal):
        return answer
    sys.stdout.buffer.write(answer)
    return 0
