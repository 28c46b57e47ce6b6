"""The pen that every shape is drawn with: it collects SVG and gives each shape the edge that the style gives it."""

import math
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

from storybook.domain.book_spec import Style
from storybook.providers.studio.painter.colour import mix
from storybook.providers.studio.painter.look import LOOKS

WIDTH = 960
HEIGHT = 1280
NEAR = '<g class="near"/>'
"""The line of the document from where on everything lies in the foreground."""

_SOLID = 0.75
_FAINT = 0.5
_LARGE = 200.0
_STRIPE = 6
_CORNERS = re.compile(r"M[-\d.,]+(?:[ L][-\d.,]+){3,4}[Zz]?")
_NUMBER = re.compile(r"-?\d+\.?\d*")
_SCALE = re.compile(r"scale\((-?[\d.]+)")
_SHADOW = "#1d1a33"


class Pen:
    """Draws on a sheet of WIDTH x HEIGHT units, y downwards. Colours are `#rrggbb`; paths are SVG path data.

    Each element of the document is a line of its own. Its class says what it is: a `form` is a body that has volume
    and may throw a shadow, a `wash` one that is as wide as the sheet, `soft` is light or shade without an edge.
    """

    def __init__(self, style: Style, rng: random.Random) -> None:
        self.style = style
        self.rng = rng
        self._look = LOOKS[style]
        self._defs: dict[str, str] = {}
        self._body: list[str] = []
        self._scale = 1.0
        self._bodies = 0

    def shape(self, path: str, colour: str, *, outline: bool = True, shade: bool = True, opacity: float = 1.0) -> None:
        """A closed shape. `shade` models its volume, `outline` its edge, each as the style does it, if it does."""
        self._put(path, colour, _size(path), outline=outline, shade=shade, opacity=opacity)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: str,
        *,
        outline: bool = True,
        shade: bool = True,
        opacity: float = 1.0,
    ) -> None:
        """An ellipse around (x, y), treated as `shape` treats a path."""
        path = f"M{x - rx:.1f},{y:.1f}a{rx:.1f},{ry:.1f} 0 1 0 {2 * rx:.1f},0a{rx:.1f},{ry:.1f} 0 1 0 {-2 * rx:.1f},0z"
        self._put(path, colour, rx + ry, outline=outline, shade=shade, opacity=opacity)

    def stroke(self, path: str, colour: str, width: float, *, opacity: float = 1.0) -> None:
        """An open line with round ends: a mouth, a whisker, a string."""
        width = max(width, self._look.thinnest / self._scale)
        self._body.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.1f}" '
            f'stroke-linecap="round" stroke-linejoin="round"{_faded("stroke", opacity)}/>'
        )

    def wash(self, path: str, top: str, bottom: str, *, opacity: float = 1.0) -> None:
        """A large area that runs from one colour at its top to another at its bottom: a sky, a meadow, a sea."""
        middle = mix(top, bottom, 0.5)
        box = _box(path) if opacity >= 1 else None
        # Upright rectangles below everything else, a sky or a wall, are the backdrop and no bodies.
        kind = ' class="soft"' if opacity < _FAINT else ""
        if opacity >= _SOLID and (self._bodies or not box):
            kind = ' class="form wash"' if _breadth(path) > WIDTH / 2 else ' class="form"'
            self._bodies += 1
        if box:
            if kind:
                self._body.append(f'<path{kind} d="{path}" fill="{middle}"/>')
            self._body.extend(_stripes(box, top, bottom))
            return
        fill = self._define(
            '<linearGradient id="{id}" x1="0" y1="0" x2="0" y2="1">'
            f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/></linearGradient>'
        )
        self._body.append(f'<path{kind} d="{path}" fill="url(#{fill})" color="{middle}"{_faded("fill", opacity)}/>')

    def glow(self, x: float, y: float, radius: float, colour: str, *, opacity: float = 0.6) -> None:
        """A round light that fades to nothing at its edge."""
        self._soft(f'cx="{x:.1f}" cy="{y:.1f}" rx="{radius:.1f}" ry="{radius:.1f}"', colour, opacity)

    def contact_shadow(self, x: float, y: float, rx: float, *, opacity: float = 0.25) -> None:
        """The soft shadow under something that stands on the ground at (x, y)."""
        place = f'cx="{x:.1f}" cy="{y:.1f}" rx="{rx * 1.2:.1f}" ry="{rx * 0.24:.1f}"'
        self._soft(place, _SHADOW, min(1.0, opacity * 2.2))

    def foreground(self) -> None:
        """From here on everything lies in the foreground; what was drawn before may be out of focus."""
        self._body.append(NEAR)

    @contextmanager
    def group(self, transform: str = "", *, opacity: float = 1.0, clip: str = "") -> Iterator[None]:
        """Everything drawn inside is moved by the SVG `transform`, faded, and cut off outside the `clip` path."""
        moved = f' transform="{transform}"' if transform else ""
        clipped = ""
        if clip:
            name = self._define(f'<clipPath id="{{id}}"><path d="{clip}"/></clipPath>')
            clipped = f' clip-path="url(#{name})"'
        scale = self._scale
        found = _SCALE.search(transform)
        self._scale *= max(abs(float(found[1])), 0.01) if found else 1.0
        self._body.append(f"<g{moved}{_faded('', opacity)}{clipped}>")
        yield
        self._body.append("</g>")
        self._scale = scale

    def svg(self) -> str:
        """The whole sheet as one SVG document."""
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
                f"<defs>{''.join(element.replace('{id}', name) for element, name in self._defs.items())}</defs>",
                *self._body,
                "</svg>",
            )
        )

    def _put(self, path: str, colour: str, size: float, *, outline: bool, shade: bool, opacity: float) -> None:
        look, kind, edge = self._look, "", ""
        if opacity >= _SOLID and (shade or size * self._scale < look.beads):
            kind = ' class="form"'
            self._bodies += 1
        elif opacity < _FAINT and size * self._scale > _LARGE:
            kind = ' class="soft"'
        if outline and look.line and size * self._scale >= look.smallest:
            edge = self._outline(path, look.edge(colour), look.weight(size * self._scale) / self._scale, opacity)
        self._body.append(f'<path{kind} d="{path}" fill="{colour}"{_faded("fill", opacity)}{edge}/>')

    def _outline(self, path: str, ink: str, width: float, opacity: float) -> str:
        """The attributes of the outline, or none where it was drawn as a line of its own below the shape."""
        look = self._look
        line = f' stroke="{ink}" stroke-width="{width:.1f}" stroke-linejoin="round"'
        line += _faded("stroke", opacity * look.line_opacity)
        if not look.swell or opacity < 1:
            return line
        away = look.swell * width / look.line
        self._body.append(f'<path d="{path}" transform="translate({away:.1f},{away:.1f})" fill="none"{line}/>')
        return ""

    def _soft(self, place: str, colour: str, opacity: float) -> None:
        fill = self._define(
            '<radialGradient id="{id}">'
            f'<stop offset="0" stop-color="{colour}" stop-opacity="{opacity:.3f}"/>'
            f'<stop offset="0.5" stop-color="{colour}" stop-opacity="{opacity * 0.42:.3f}"/>'
            f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
        )
        self._body.append(f'<ellipse class="soft" {place} fill="url(#{fill})"/>')

    def _define(self, element: str) -> str:
        return self._defs.setdefault(element, f"d{len(self._defs)}")


def _faded(what: str, opacity: float) -> str:
    name = f"{what}-opacity" if what else "opacity"
    return f' {name}="{opacity:.3f}"' if opacity < 1 else ""


def _corners(path: str) -> tuple[list[float], list[float]]:
    """All x and all y of a path in absolute coordinates that names its points in full."""
    numbers = [float(number) for number in _NUMBER.findall(path)]
    return numbers[::2], numbers[1::2]


def _breadth(path: str) -> float:
    xs, _ = _corners(path)
    return max(xs) - min(xs) if xs else 0.0


def _size(path: str) -> float:
    """About how large the shape is that `path` draws."""
    xs, ys = _corners(path)
    return math.sqrt((max(xs) - min(xs)) * (max(ys) - min(ys))) if ys else 0.0


def _box(path: str) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of a path that is an upright rectangle of four corners in absolute coordinates."""
    if not _CORNERS.fullmatch(path):
        return None
    xs, ys = _corners(path)
    corners = {(x, y) for x in (min(xs), max(xs)) for y in (min(ys), max(ys))}
    return (min(xs), min(ys), max(xs), max(ys)) if corners == set(zip(xs, ys, strict=True)) else None


def _stripes(box: tuple[float, float, float, float], top: str, bottom: str) -> list[str]:
    """The gradient of a rectangle as stripes, which are rendered at a tenth of its cost."""
    left, upper, right, lower = box
    count = max(2, round((lower - upper) / _STRIPE))
    # Each reaches below the next one, or what lies under both would shine through where they meet.
    edges = [round(upper + (lower - upper) * min(index / count, 1)) for index in range(count + 2)]
    return [
        f'<path d="M{left},{edges[i]}H{right}V{edges[i + 2]}H{left}z" fill="{mix(top, bottom, (i + 0.5) / count)}"/>'
        for i in range(count)
    ]
