"""Arms and legs with what is worn on them."""

from storybook.providers.studio.painter.characters.colour import darker, lighter
from storybook.providers.studio.painter.characters.figure import Figure, draw_parts, dyed
from storybook.providers.studio.painter.characters.skeleton import Limb, foot_turn
from storybook.providers.studio.painter.characters.sketch import Point, Sketch, along
from storybook.providers.studio.painter.characters.tables import parts
from storybook.providers.studio.painter.pen import Pen

_SLEEVES = {"tshirt": 0.42, "dress": 0.38, "vest": 0.0}
_LEGS = {"trousers": 0.94, "shorts": 0.5, "skirt": 0.0, "dungarees": 0.94}
_ARM = (1.0, 0.94, 0.86, 0.84, 1.0)
_FIN_TURN = 0.1
_LEG = (1.0, 0.94, 0.86, 0.8)


def draw_arm(pen: Pen, figure: Figure, arm: Limb) -> None:
    """An arm, its hand at the end and the sleeve over it."""
    sketch = Sketch(pen, figure.root)
    if figure.kind.hand == "wing":
        _wing(sketch, figure, arm)
        return
    wide = figure.build.arm_width
    kind = figure.kind
    _thumb(sketch, figure, arm)
    sketch.limb(arm.points, [wide * share for share in _ARM], figure.palette[kind.limbs], cap=0.95)
    if kind.ends != kind.limbs:
        end = figure.palette[kind.ends]
        sketch.limb(_stretch(arm, 0.72, 1), [wide * 0.9, wide * 0.9, wide * 1.06], end, cap=0.95)
    if kind.hand == "block":
        _grip(sketch, figure, arm)
    sleeve = _sleeve(figure)
    if sleeve > 0 and figure.look.top:
        _cover(sketch, arm, (0, sleeve), [wide * 1.14, wide * 1.08, wide * 1.04], figure.look.top.colour)


def draw_leg(pen: Pen, figure: Figure, leg: Limb) -> None:
    """A leg, the foot or shoe at its end and the trousers over it."""
    sketch = Sketch(pen, figure.root)
    wide = figure.build.leg_width
    kind = figure.kind
    bottom = figure.look.bottom
    covered = _LEGS.get(bottom.name, 0.0) if bottom else 0.0
    covered *= 1.0 if kind.family == "person" else 0.84
    if covered < 0.9:
        sketch.limb(leg.points, [wide * share for share in _LEG], figure.palette[kind.limbs], cap=0.1)
    _foot(pen, figure, leg)
    if bottom and covered:
        _cover(sketch, leg, (0, covered), [wide * 1.14, wide * 1.08, wide * 1.04], bottom.colour, start=0.1)


def draw_fish_tail(pen: Pen, figure: Figure) -> None:
    """A tail where the legs would be, with its fin at the feet."""
    near, far, wide = figure.bones.near_leg, figure.bones.far_leg, figure.build.width
    colour = figure.look.tail
    spine = [_midway(a, b) for a, b in zip(near.points, far.points, strict=True)]
    sketch = Sketch(pen, figure.root)
    fin = figure.root.moved(*spine[-1]).turned(-(near.angle + far.angle) * _FIN_TURN).scaled(figure.build.foot / 100)
    for side in (-1, 1):
        lobe = [(0, -64), (side * 66, -62), (side * 150, -48), (side * 138, 8), (side * 66, 24), (0, 8)]
        sketch.within(fin).blob(lobe, lighter(colour, 0.25), soft=0.9)
    sketch.limb(spine, [wide * 0.92, wide * 0.86, wide * 0.62, wide * 0.4, wide * 0.22], colour, start=0.3, cap=0.3)
    for share in (0.3, 0.48, 0.66):
        (x, y), half = _at(spine, share), wide * (0.7 - 0.5 * share)
        sketch.line([(x - half, y - 8), (x, y + 10), (x + half, y - 8)], darker(colour, 0.2), 6.0, opacity=0.6)


def _midway(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _at(spine: list[Point], share: float) -> Point:
    return along(spine, 31)[round(share * 30)]


def _sleeve(figure: Figure) -> float:
    """How much of the arm the top covers, from 0 to 1."""
    top = figure.look.top
    return _SLEEVES.get(top.name, 0.84) if top else 0.0


def _cover(sketch: Sketch, limb: Limb, reach: Point, widths: list[float], colour: str, *, start: float = 0.85) -> None:
    """Cloth around a stretch of the limb, with a hem."""
    spine = _stretch(limb, *reach)
    sketch.limb(spine, widths, colour, start=start, cap=0.16)
    (ax, ay), (bx, by) = spine[-2], spine[-1]
    across = (by - ay, ax - bx)
    length = (across[0] ** 2 + across[1] ** 2) ** 0.5 or 1.0
    dx, dy = across[0] / length * widths[-1] * 0.78, across[1] / length * widths[-1] * 0.78
    back = 0.5
    x, y = bx + (ax - bx) * back, by + (ay - by) * back
    sketch.line([(x + dx, y + dy), (x - dx, y - dy)], darker(colour, 0.24), 6.0, opacity=0.6)


def _stretch(limb: Limb, start: float, end: float) -> list[Point]:
    spine = along(limb.points, 31)
    first, last = round(start * 30), round(end * 30)
    middle = [first + round((last - first) * i / 6) for i in range(7)]
    return [spine[i] for i in dict.fromkeys(middle)]


def _thumb(sketch: Sketch, figure: Figure, arm: Limb) -> None:
    if figure.kind.hand != "mitten":
        return
    wide = figure.build.arm_width
    hand = sketch.within(figure.root.moved(*arm.tip).turned(-arm.angle))
    hand.oval((wide * 0.8, wide * 0.05), (wide * 0.4, wide * 0.62), figure.palette[figure.kind.ends], turn=-36)


def _grip(sketch: Sketch, figure: Figure, arm: Limb) -> None:
    wide = figure.build.arm_width
    hand = sketch.within(figure.root.moved(*arm.tip).turned(-arm.angle))
    hand.oval((0, wide * 0.3), (wide * 1.3, wide * 1.3), figure.palette["fur"])
    hand.oval((0, wide * 0.4), (wide * 0.5, wide * 0.5), lighter(figure.palette["fur"]), outline=False)


def _wing(sketch: Sketch, figure: Figure, arm: Limb) -> None:
    wide = figure.build.arm_width
    sketch.limb(arm.points, [wide * 0.8, wide * 1.35, wide * 1.2, wide * 0.5], figure.palette["fur_dark"])
    if figure.look.top:
        widths = [wide * 0.95, wide * 1.3, wide * 1.45]
        _cover(sketch, arm, (0, 0.45), widths, figure.look.top.colour)


def _foot(pen: Pen, figure: Figure, leg: Limb) -> None:
    frame = figure.root.moved(*leg.tip).turned(foot_turn(leg.angle)).scaled(figure.build.foot / 100)
    shoes = figure.look.shoes
    if shoes is None:
        bare = "paw" if figure.kind.foot == "shoe" else figure.kind.foot
        draw_parts(pen, frame, parts("foot", bare), dyed(figure, shoe=figure.palette[figure.kind.ends]))
        return
    if shoes.name == "boots":
        wide = figure.build.leg_width
        _cover(Sketch(pen, figure.root), leg, (0.58, 1), [wide, wide * 1.08, wide * 1.08], shoes.colour)
    draw_parts(pen, frame, parts("foot", shoes.name), dyed(figure, shoe=shoes.colour, sole=darker(shoes.colour)))
