"""How each style draws a shape's edge, before the finish works on the picture as a whole."""

import math
from dataclasses import dataclass

from storybook.domain.book_spec import Style
from storybook.providers.studio.painter.colour import mix

INK = "#241a2b"


@dataclass(frozen=True, slots=True)
class Look:
    """Lengths are in sheet units. `line` is the outline of a shape of middle size, 0 for none; `ink` is how far the
    outline goes from the shape's own colour to black ink; `swell` makes it heavier away from the light; shapes below
    `smallest` get no outline; `thinnest` is the finest line that is drawn; even marks without shade, such as eyes, are
    bodies if they are no larger than `beads`.
    """

    line: float = 0.0
    ink: float = 0.8
    line_opacity: float = 1.0
    swell: float = 0.0
    smallest: float = 0.0
    thinnest: float = 0.0
    beads: float = 0.0

    def edge(self, colour: str) -> str:
        """The colour of the outline around a shape of `colour`."""
        return mix(colour, INK, self.ink)

    def weight(self, size: float) -> float:
        """The width of the outline around a shape of `size` sheet units."""
        return max(self.line * min(max(math.pow(size / 110, 0.35), 0.45), 1.2), self.thinnest)


LOOKS: dict[Style, Look] = {
    Style.WATERCOLOR: Look(line=2.2, ink=0.6, line_opacity=0.6),
    Style.CARTOON: Look(line=8.0, ink=0.86, swell=1.6),
    Style.THREE_D: Look(),
    Style.PIXEL: Look(line=5.0, ink=0.62, smallest=26.0, thinnest=5.0),
    Style.OIL_PAINTING: Look(),
    Style.CLAYMATION: Look(beads=45.0),
}
