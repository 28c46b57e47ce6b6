"""The face: what a mood does to eyes, brows, mouth and cheeks."""

import math

from storybook.providers.studio.painter.characters.figure import TURN, Figure, draw_named, draw_parts
from storybook.providers.studio.painter.characters.sketch import Frame, Sketch
from storybook.providers.studio.painter.characters.tables import parts
from storybook.providers.studio.painter.colour import luminance
from storybook.providers.studio.painter.pen import Pen

_SIDES = (-1, 1)
_FAR_EYE = 0.93
_LARGER = 1.14


def draw_face(pen: Pen, figure: Figure) -> None:
    """Cheeks, muzzle, mouth and eyes, on a head that is already drawn."""
    _cheeks(pen, figure)
    if figure.look.freckles:
        draw_named(pen, figure.head, "mouth", ["freckles"], figure.palette)
    if figure.look.age == "old" and figure.kind.family == "person":
        draw_named(pen, figure.head, "mouth", ["wrinkles"], figure.palette)
    if figure.kind.muzzle != "trunk":
        _muzzle(pen, figure)
        _mouth(pen, figure)
    else:
        _mouth(pen, figure)
        _muzzle(pen, figure)
    for side in _SIDES:
        _eye(pen, figure, side)


def draw_brows(pen: Pen, figure: Figure) -> None:
    """The brows, over any fringe; an animal shows them only where they tell something."""
    tilt, lift = figure.feeling.brows
    person = figure.kind.family == "person"
    if not person and abs(tilt) < 10 and lift < 11:
        return
    colour = figure.palette["hair_dark"] if person else figure.palette["dark"]
    if figure.kind.head == "box":
        colour = figure.palette["eye"]
    size = min(1.0, figure.kind.eye_size)
    reach = 15 * size * math.tan(math.radians(tilt * 0.9))
    for side in _SIDES:
        raised = 7 if figure.feeling.raised_brow and side > 0 else 0
        y = figure.kind.eye_at[1] - (27 + lift * 0.6 + raised) * size - figure.kind.brow_lift
        x = side * figure.kind.eye_at[0] + TURN
        inner, outer = x - side * 14 * size, x + side * 15 * size
        line = [(inner, y - reach / 2), (x, y - 3), (outer, y + reach)]
        Sketch(pen, figure.head).line(line, colour, 5.4 if person else 6.6)


def draw_drop(pen: Pen, figure: Figure) -> None:
    """The tear or the drop of sweat of this mood, if it has one."""
    x, y = figure.kind.eye_at
    where = {"tear": (-x + TURN - 8, y + 36), "sweat": (-figure.kind.cheek_at[0] - 20, max(y - 30, -40.0))}
    if figure.feeling.drop:
        frame = figure.head.moved(*where[figure.feeling.drop])
        draw_named(pen, frame, "mouth", [figure.feeling.drop], figure.palette)


def _muzzle(pen: Pen, figure: Figure) -> None:
    if figure.kind.family == "person":
        draw_named(pen, figure.head, "mouth", ["nose_person"], figure.palette)
    draw_named(pen, figure.head, "muzzle", [figure.kind.muzzle], figure.palette)


def _cheeks(pen: Pen, figure: Figure) -> None:
    strength = figure.feeling.blush
    if strength <= 0:
        return
    x, y = figure.kind.cheek_at
    y -= 14 if figure.look.beard else 0
    for side in _SIDES:
        Sketch(pen, figure.head).oval(
            (side * x + TURN * 0.4, y),
            (17, 11.5),
            figure.palette["blush"],
            outline=False,
            shade=False,
            opacity=strength * 0.55,
        )


def _mouth(pen: Pen, figure: Figure) -> None:
    kind = figure.kind
    frame = figure.head.moved(TURN * 1.1 + kind.mouth_shift, kind.mouth_at).scaled(kind.mouth_size)
    if "buckteeth" in kind.marks and figure.feeling.mouth in {"smile", "laugh", "little", "grin"}:
        draw_named(pen, frame, "mouth", [figure.feeling.mouth, "buckteeth"], figure.palette)
        return
    draw_named(pen, frame, "mouth", [figure.feeling.mouth], figure.palette)


def _eye(pen: Pen, figure: Figure, side: int) -> None:
    kind, feeling = figure.kind, figure.feeling
    x, y = kind.eye_at
    size = kind.eye_size * _LARGER
    narrow = _FAR_EYE if side > 0 else 1.0
    frame = figure.head.moved(side * x + TURN, y).scaled(size * narrow, size)
    if feeling.eyes in {"arcs", "lids"}:
        draw_named(pen, frame, "eye", [feeling.eyes], _eye_palette(figure))
    else:
        _open_eye(pen, figure, frame, side)
    if figure.look.lashes and feeling.eyes != "arcs":
        draw_parts(pen, frame.scaled(-side, 1), parts("eye", "lashes"), _eye_palette(figure))


def _open_eye(pen: Pen, figure: Figure, frame: Frame, side: int) -> None:
    feeling = figure.feeling
    palette = _eye_palette(figure)
    gaze = frame.moved(feeling.gaze[0] + 1, feeling.gaze[1] - figure.stance.raise_eyes * 0.5)
    if feeling.eyes == "wide":
        draw_named(pen, frame, "eye", ["wide"], figure.palette)
        draw_named(pen, gaze, "eye", ["pinpoint" if feeling.small_pupils else "pupil"], figure.palette)
        return
    if _needs_white(figure):
        draw_named(pen, frame, "eye", ["bright"], figure.palette)
        draw_named(pen, gaze.scaled(0.92), "eye", ["open"], figure.palette)
    else:
        draw_named(pen, gaze, "eye", ["open"], palette)
    if feeling.eyes == "half":
        draw_named(pen, frame.turned(side * 13), "eye", ["half"], palette)


def _needs_white(figure: Figure) -> bool:
    """A dark eye on a dark face would not be seen."""
    under = figure.palette[figure.kind.lid]
    return luminance(under) < 0.31 and figure.kind.head != "box"


def _eye_palette(figure: Figure) -> dict[str, str]:
    lid = figure.palette[figure.kind.lid]
    dark = _needs_white(figure) and figure.feeling.eyes in {"arcs", "lids"}
    return {**figure.palette, "lid": lid, "eye": "#fff1dc" if dark else figure.palette["eye"]}
