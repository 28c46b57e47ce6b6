"""The sheet that every edition page is drawn on, and how pictures and type are put on it.

A sheet is A4 landscape, a spread of two A5 leaves: the picture takes one at full height, words the other.
Frames are in points from the lower left corner.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from storybook.editions.layout import Block, Box
from storybook.editions.palette import Color
from storybook.editions.typefaces import Typeface

# Pictures go in byte by byte: base 85 would make them a quarter larger
rl_config.useA85 = 0

WIDTH, HEIGHT = 841.89, 595.28
PICTURE_WIDTH = HEIGHT * 3 / 4
FOLD = WIDTH / 2

_FILL_THEN_STROKE = 2
_ROUND = 1
_GLOW_MARGIN, _GLOW_SOFTNESS = 64, 22


@dataclass(frozen=True)
class Frame:
    x: float
    y: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        return Box(self.width, self.height)

    @property
    def top(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    def grown(self, by: float) -> "Frame":
        return Frame(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


class Artwork:
    """An encoded picture, put into the document once however often it is drawn.

    A JPEG is embedded as it is; anything else becomes a fine JPEG on white, a fraction of its size.
    Raises OSError where the picture cannot be read. `jpeg_fh` and the name are what ReportLab asks a picture for.
    """

    def __init__(self, encoded: bytes) -> None:
        with Image.open(io.BytesIO(encoded)) as image:
            self.size = image.size
            self._jpeg = encoded if image.format == "JPEG" else _as_jpeg(image)

    def __str__(self) -> str:
        return hashlib.sha256(self._jpeg).hexdigest()

    def jpeg_fh(self) -> io.BytesIO:
        return io.BytesIO(self._jpeg)


def _as_jpeg(image: Image.Image) -> bytes:
    opaque = Image.new("RGBA", image.size, "white")
    opaque.alpha_composite(image.convert("RGBA"))
    target = io.BytesIO()
    opaque.convert("RGB").save(target, "JPEG", quality=95, subsampling=0)
    return target.getvalue()


def draw_artwork(canvas: Canvas, artwork: Artwork, frame: Frame, shape: PDFPathObject, rise: float = 0.5) -> None:
    """The picture over the whole frame and cut to the shape; `rise` is the share of what is cut off below."""
    width, height = artwork.size
    scale = max(frame.width / width, frame.height / height)
    canvas.saveState()
    canvas.clipPath(shape, stroke=0, fill=0)
    x = frame.x - (width * scale - frame.width) / 2
    y = frame.y - (height * scale - frame.height) * rise
    canvas.drawImage(artwork, x, y, width * scale, height * scale)
    canvas.restoreState()


def rectangle(canvas: Canvas, frame: Frame) -> PDFPathObject:
    path = canvas.beginPath()
    path.rect(frame.x, frame.y, frame.width, frame.height)
    return path


def circle(canvas: Canvas, x: float, y: float, radius: float) -> PDFPathObject:
    path = canvas.beginPath()
    path.circle(x, y, radius)
    return path


def draw_glow(canvas: Canvas, block: Block, frame: Frame, color: Color, opacity: float) -> None:
    """A soft cloud of colour behind centred type that is set in the frame."""
    cloud = frame.grown(_GLOW_MARGIN)
    mask = Image.new("L", (round(cloud.width), round(cloud.height)))
    pen = ImageDraw.Draw(mask)
    for line in block.lines:
        middle, baseline = mask.width / 2, _GLOW_MARGIN + line.baseline
        half = line.width / 2 + 0.5 * block.size
        top, foot = baseline - 1.3 * block.size, baseline + 0.75 * block.size
        pen.rounded_rectangle((middle - half, top, middle + half, foot), block.size / 2, fill=round(255 * opacity))
    wash = Image.new("RGBA", mask.size, tuple(round(255 * part) for part in color))
    wash.putalpha(mask.filter(ImageFilter.GaussianBlur(_GLOW_SOFTNESS)))
    canvas.drawImage(ImageReader(wash), cloud.x, cloud.y, cloud.width, cloud.height, mask="auto")


def draw_block(
    canvas: Canvas, block: Block, frame: Frame, face: Typeface, ink: Color, *, centred: bool = False
) -> None:
    """Set type from the top of the frame down, as live text in reading order."""
    canvas.saveState()
    pen = canvas.beginText()
    pen.setFillColorRGB(*ink)
    if face.weight:
        canvas.setLineJoin(_ROUND)
        canvas.setLineWidth(face.weight * block.size)
        pen.setStrokeColorRGB(*ink)
        pen.setTextRenderMode(_FILL_THEN_STROKE)
    for line in block.lines:
        shift = (frame.width - line.width) / 2 if centred else line.indent
        pen.setTextOrigin(frame.x + shift, frame.top - line.baseline)
        for run in face.runs(line.text):
            pen.setFont(run.font, block.size)
            pen.textOut(run.text)
    canvas.drawText(pen)
    canvas.restoreState()


def lowered(frame: Frame, block: Block, share: float = 0.5) -> Frame:
    """The frame from where the block begins if `share` of the room that is left goes above it."""
    return Frame(frame.x, frame.y, frame.width, frame.height - (frame.height - block.height) * share)
