"""The sheet that every edition page is drawn on, and how pictures and type are put on it.

A sheet is A4 landscape, a spread of two A5 leaves: the picture takes one at full height, words the other.
Frames are in points from the lower left corner.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from storybook.editions.layout import Block, Box
from storybook.editions.palette import Color
from storybook.editions.typefaces import Typeface, font_file

# Pictures go in byte by byte: base 85 would make them a quarter larger
rl_config.useA85 = 0

WIDTH, HEIGHT = 841.89, 595.28
PICTURE_WIDTH = HEIGHT * 3 / 4
FOLD = WIDTH / 2

_FILL_THEN_STROKE = 2
_ROUND = 1
_GLOW_MARGIN, _GLOW_SCALE = 64, 2
_HALO, _HALO_SOFTNESS = 0.17, 0.055
_HAZE, _HAZE_SOFTNESS = 0.5, 0.35
_FEW_COLORS = 256


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

    def widened(self, by: float) -> "Frame":
        return Frame(self.x - by, self.y, self.width + 2 * by, self.height)

    def grown(self, by: float) -> "Frame":
        return Frame(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


class Artwork:
    """An encoded picture, put into the document once however often it is drawn.

    A JPEG is embedded as it is, a picture of few colours without loss; anything else becomes a fine JPEG on white,
    a fraction of its size. Raises OSError where the picture cannot be read.
    """

    def __init__(self, encoded: bytes) -> None:
        with Image.open(io.BytesIO(encoded)) as image:
            self.size = image.size
            self.content = _Jpeg(encoded) if image.format == "JPEG" else _embeddable(image)


class _Jpeg:
    """A JPEG's bytes with what ReportLab asks a picture for: a name of its own and a file."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded

    def __str__(self) -> str:
        return hashlib.sha256(self._encoded).hexdigest()

    def jpeg_fh(self) -> io.BytesIO:
        return io.BytesIO(self._encoded)


def _embeddable(image: Image.Image) -> ImageReader | _Jpeg:
    plain = _on_white(image) if image.has_transparency_data else image.convert("RGB")
    if plain.getcolors(_FEW_COLORS):
        return ImageReader(plain)
    target = io.BytesIO()
    plain.save(target, "JPEG", quality=95, subsampling=0)
    return _Jpeg(target.getvalue())


def _on_white(image: Image.Image) -> Image.Image:
    opaque = Image.new("RGBA", image.size, "white")
    opaque.alpha_composite(image.convert("RGBA"))
    return opaque.convert("RGB")


def draw_artwork(
    canvas: Canvas, artwork: Artwork, frame: Frame, shape: PDFPathObject, *, rise: float = 0.5, zoom: float = 1.0
) -> None:
    """The picture over the whole frame and cut to the shape; `rise` is the share of what is cut off below.

    A `zoom` above one cuts off that much more on all sides.
    """
    width, height = artwork.size
    scale = max(frame.width / width, frame.height / height) * zoom
    canvas.saveState()
    canvas.clipPath(shape, stroke=0, fill=0)
    x = frame.x - (width * scale - frame.width) / 2
    y = frame.y - (height * scale - frame.height) * rise
    canvas.drawImage(artwork.content, x, y, width * scale, height * scale)
    canvas.restoreState()


def rectangle(canvas: Canvas, frame: Frame) -> PDFPathObject:
    path = canvas.beginPath()
    path.rect(frame.x, frame.y, frame.width, frame.height)
    return path


def circle(canvas: Canvas, x: float, y: float, radius: float) -> PDFPathObject:
    path = canvas.beginPath()
    path.circle(x, y, radius)
    return path


def draw_glow(canvas: Canvas, block: Block, frame: Frame, face: Typeface, color: Color, opacity: float) -> None:
    """A halo of colour around the letters of centred type that is set in the frame, and a faint cloud behind it."""
    cloud = frame.grown(_GLOW_MARGIN)
    size = (round(cloud.width * _GLOW_SCALE), round(cloud.height * _GLOW_SCALE))
    halo, haze = Image.new("L", size), Image.new("L", size)
    full, faint = round(255 * opacity), round(255 * opacity * _HAZE)
    em = block.size * _GLOW_SCALE
    for line in block.lines:
        x, baseline = (cloud.width - line.width) / 2 * _GLOW_SCALE, (_GLOW_MARGIN + line.baseline) * _GLOW_SCALE
        ends = (x - 0.3 * em, baseline - em, x + line.width * _GLOW_SCALE + 0.3 * em, baseline + 0.4 * em)
        ImageDraw.Draw(haze).rounded_rectangle(ends, em / 2, fill=faint)
        for char in line.text:
            font = ImageFont.truetype(font_file(face.runs(char)[0].font), em)
            ImageDraw.Draw(halo).text((x, baseline), char, full, font, "ls", stroke_width=round(_HALO * em))
            x += face.width(char) * em
    soft = haze.filter(ImageFilter.GaussianBlur(_HAZE_SOFTNESS * em))
    wash = Image.new("RGBA", size, tuple(round(255 * part) for part in color))
    wash.putalpha(ImageChops.lighter(halo.filter(ImageFilter.GaussianBlur(_HALO_SOFTNESS * em)), soft))
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
