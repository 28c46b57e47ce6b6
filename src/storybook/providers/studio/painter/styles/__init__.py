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

# What an unsteady hand or a brush goes over needs no finer edges, and the finest ones cost the renderer most.
_FINENESS = {
    Style.WATERCOLOR: 0.7,
    Style.OIL_PAINTING: 0.7,
    Style.CLAYMATION: 0.8,
    Style.THREE_D: 0.8,
    Style.CARTOON: 0.825,
}

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
    sheet = pixel.read(svg) if style is Style.PIXEL else read_sheet(svg, _FINENESS.get(style, 1.0))
    return Image.fromarray(_FINISHES[style](sheet))
