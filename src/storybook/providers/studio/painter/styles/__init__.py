"""What each style makes of a drawing."""

from collections.abc import Callable

from PIL import Image

from storybook.domain.book_spec import Style
from storybook.providers.studio.painter.sheet import Bytes, Sheet, read_sheet
from storybook.providers.studio.painter.styles import (
    cartoon,
    claymation,
    oil_painting,
    pixel,
    three_d,
    watercolor,
)

_FINISHES: dict[Style, Callable[[Sheet], Bytes]] = {
    Style.WATERCOLOR: watercolor.finish,
    Style.CARTOON: cartoon.finish,
    Style.THREE_D: three_d.finish,
    Style.PIXEL: pixel.finish,
    Style.OIL_PAINTING: oil_painting.finish,
    Style.CLAYMATION: claymation.finish,
}


def finished(svg: str, style: Style) -> Image.Image:
    """A `Pen`'s drawing as a picture in that style, in the size of the sheet."""
    read = pixel.read if style is Style.PIXEL else read_sheet
    return Image.fromarray(_FINISHES[style](read(svg)))
