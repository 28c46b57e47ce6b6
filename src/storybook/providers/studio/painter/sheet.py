"""A drawing taken apart for the finish: flat colours with crisp edges, soft light, and which body lies where."""

import io
import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image, ImageChops

from storybook.providers.studio.painter.pen import HEIGHT, NEAR, WIDTH

Floats = npt.NDArray[np.floating[Any]]
Bytes = npt.NDArray[np.uint8]
Marks = npt.NDArray[np.int16]
Bools = npt.NDArray[np.bool_]

FINE = 2
COARSE = 4

_PATH = re.compile(r' d="[^"]+"')
_GRADIENT = re.compile(r'fill="url\(#\w+\)"')
_NEARLY_SOLID = re.compile(r' fill-opacity="0\.(7[5-9]|8|9)\d*"')
_FADED_GROUP = re.compile(r'^<g([^>]*?) opacity="[\d.]+"')


@dataclass(frozen=True)
class Sheet:
    """`colour` is the picture (HEIGHT, WIDTH, 3) as flat shapes in their light. `forms` numbers the bodies in the order
    in which they were drawn, 0 is bare paper, at 1/FINE of its size. `washes` are the numbers of the large areas,
    `near` is that of the last body behind the foreground. `chance` is a number that differs from drawing to drawing.
    """

    colour: Bytes
    forms: Marks
    washes: tuple[int, ...]
    near: int
    chance: int

    @property
    def ground(self) -> int:
        """The number of the last wash: all that has a smaller one lies in the distance."""
        return max(self.washes, default=0)

    def bodies(self) -> Bools:
        """Where something else than a wash lies, in the size of `forms`."""
        solid = np.ones(int(self.forms.max()) + 1, dtype=np.bool_)
        solid[[0, *(number for number in self.washes if number < len(solid))]] = False
        return solid[self.forms]


def read_sheet(svg: str, fineness: float = 1.0) -> Sheet:
    """The drawing of a `Pen`, taken apart; with less `fineness` its edges are softer and it is done sooner."""
    # The renderer keeps the sheet's shape, 3 by 4, so only such sizes come out as they are asked for.
    unit = round(WIDTH * fineness / (3 * COARSE)) * COARSE
    width, height = 3 * unit, 4 * unit
    # Gradients cost the renderer many times what flat shapes cost, and nobody sees that they are rendered small.
    colour = raster(_flat(svg), width, height)
    soft = raster(svg, width // COARSE, height // COARSE)
    bodies, washes, near = _bodies(svg)
    marks = raster(bodies, WIDTH // FINE, HEIGHT // FINE, "black").astype(np.int16)
    lit = _with_light(colour, soft)
    full = lit if fineness == 1 else lit.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return Sheet(np.asarray(full), marks[..., 0] * 256 + marks[..., 1], washes, near, _chance(svg))


def raster(svg: str, width: int, height: int, paper: str = "white") -> Bytes:
    """The document rendered on `paper`, as an array (height, width, 3)."""
    data = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True, background=paper)
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _flat(svg: str) -> str:
    """The document without its soft parts; what shows through shapes that are nearly opaque is among these."""
    lines = (line for line in svg.split("\n") if 'class="soft"' not in line)
    return _GRADIENT.sub('fill="currentColor"', _NEARLY_SOLID.sub("", "\n".join(lines)))


def _chance(svg: str) -> int:
    return zlib.crc32(svg.encode())


def _bodies(svg: str) -> tuple[str, tuple[int, ...], int]:
    """The document with each body in the colour of its number, the numbers of the washes and of what is near."""
    lines: list[str] = []
    washes: list[int] = []
    number = near = 0
    for line in svg.split("\n"):
        if line.startswith('<path class="form'):
            number += 1
            if line.startswith('<path class="form wash'):
                washes.append(number)
            path = _PATH.search(line)
            lines.append(f'<path{path[0] if path else ""} fill="#{number:04x}00"/>')
        elif line == NEAR:
            near = number
        elif line.startswith("<svg"):
            lines.append(line.replace("<svg", '<svg shape-rendering="crispEdges"'))
        elif not line.startswith(("<path", "<ellipse")):
            lines.append(_FADED_GROUP.sub(r"<g\1", line))
    return "\n".join(lines), tuple(washes), near


def _with_light(colour: Bytes, soft: Bytes) -> Image.Image:
    """`colour` changed by what `soft` has and its own small copy has not."""
    flat = Image.fromarray(colour)
    light = soft.astype(np.int16) - np.asarray(flat.reduce(COARSE))
    more, less = (
        Image.fromarray(change.clip(0, 255).astype(np.uint8)).resize(flat.size, Image.Resampling.BILINEAR)
        for change in (light, -light)
    )
    return ImageChops.subtract(ImageChops.add(flat, more), less)


def read_grid(svg: str, width: int, height: int) -> Sheet:
    """The drawing on a coarse grid; `forms` is of the same size."""
    bodies, washes, near = _bodies(svg)
    marks = raster(bodies, width, height, "black").astype(np.int16)
    forms = marks[..., 0] * 256 + marks[..., 1]
    return Sheet(raster(svg, width, height), forms, washes, near, _chance(svg))
