"""What is worn on the head: hats, ribbons, hoods and glasses."""

from storybook.providers.studio.painter.characters.clothes import cloth
from storybook.providers.studio.painter.characters.figure import TURN, Figure, draw_named
from storybook.providers.studio.painter.characters.look import Garment, Look
from storybook.providers.studio.painter.characters.sketch import Frame, Point, Sketch
from storybook.providers.studio.painter.pen import Pen

_ON_HEAD = ("flower", "headband", "hairpin", "ribbon", "hood", "crown", "hat", "wizard", "helmet", "beanie", "cap")
_COVERS = ("hood", "hat", "wizard", "helmet", "beanie", "cap")
_UNDER_A_HAT = {"spiky": "short", "afro": "bowl", "curly": "short", "buns": "bob", "topknot": "bob"}
_RIM = 5.5
_DIAGONAL = 0.72


def hair_of(look: Look) -> str:
    """The hair style as it shows: a hat presses down what stands up."""
    covered = any(look.wears(name) for name in _COVERS)
    return _UNDER_A_HAT.get(look.hair, look.hair) if covered else look.hair


def draw_on_head(pen: Pen, figure: Figure) -> None:
    """Glasses and whatever else is worn on the head, on a head that is already drawn."""
    if worn := figure.look.wears("glasses"):
        _glasses(pen, figure, worn)
    for name in _ON_HEAD:
        if worn := figure.look.wears(name):
            draw_named(pen, _hat_frame(figure), "hat", [name], cloth(figure, worn))


def draw_behind_head(pen: Pen, figure: Figure) -> None:
    """The inside of a hood."""
    if worn := figure.look.wears("hood"):
        draw_named(pen, _hat_frame(figure), "hat", ["hood_back"], cloth(figure, worn))


def _hat_frame(figure: Figure) -> Frame:
    if figure.kind.plan == "swimmer":
        return figure.head.moved(-10, -22).scaled(0.72)
    return figure.head.moved(0, figure.kind.hat_at)


def _glasses(pen: Pen, figure: Figure, worn: Garment) -> None:
    sketch = Sketch(pen, figure.head)
    x, y = figure.kind.eye_at
    near, far = -x + TURN, x + TURN
    radius = min(29.0, x * 0.76) * max(1.0, figure.kind.eye_size * 0.95)
    for middle in (near, far):
        sketch.line(_round((middle, y + 2), radius), worn.colour, _RIM)
    sketch.line([(near + radius, y), ((near + far) / 2, y - 3), (far - radius, y)], worn.colour, _RIM)


def _round(middle: Point, radius: float) -> list[Point]:
    x, y = middle
    slant = radius * _DIAGONAL
    return [
        (x - radius, y),
        (x - slant, y - slant),
        (x, y - radius),
        (x + slant, y - slant),
        (x + radius, y),
        (x + slant, y + slant),
        (x, y + radius),
        (x - slant, y + slant),
        (x - radius, y),
    ]
