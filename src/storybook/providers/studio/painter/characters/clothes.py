"""What is worn on torso and hips, around the neck and on the back."""

from math import cos, radians, sin

from storybook.providers.studio.painter.characters.colour import darker, lighter
from storybook.providers.studio.painter.characters.figure import Figure, draw_named, draw_parts, dyed
from storybook.providers.studio.painter.characters.look import Garment, Look
from storybook.providers.studio.painter.characters.palette import Palette
from storybook.providers.studio.painter.characters.skeleton import Limb
from storybook.providers.studio.painter.characters.sketch import Point, Sketch, unit
from storybook.providers.studio.painter.characters.tables import Part, parts
from storybook.providers.studio.painter.colour import luminance
from storybook.providers.studio.painter.pen import Pen

_SKIRTS = {"dress": 0.66, "skirt": 0.6, "coat": 0.44}
_HEM = {"dress": -24.0, "coat": -14.0}
_USUAL_HEM = -7.0
_TUCKED = -24.0
_ON_BACK = ("backpack", "cape")
_AT_NECK = ("apron", "bag", "necklace", "bandana", "scarf", "bowtie")


def cloth(figure: Figure, garment: Garment) -> Palette:
    """The palette with this garment's colours in it."""
    colour = garment.colour
    light = lighter(colour, 0.6) if luminance(colour) < 0.8 else "#e79aa0"
    return dyed(figure, cloth=colour, cloth_dark=darker(colour, 0.22), cloth_light=light)


def draw_on_back(pen: Pen, figure: Figure) -> None:
    """What hangs behind the torso."""
    for name in _ON_BACK:
        if worn := figure.look.wears(name):
            shapes = [_shortened(part, figure) for part in parts("clothes", name)]
            draw_parts(pen, figure.torso, shapes, cloth(figure, worn))


def has_trousers(figure: Figure) -> bool:
    bottom = figure.look.bottom
    return bottom is not None and bottom.name not in _SKIRTS


def draw_hips(pen: Pen, figure: Figure, *, over_legs: bool) -> None:
    """The seat of the trousers: once behind the legs for its edge, once over them so that no edge parts them."""
    if figure.look.bottom is None or not has_trousers(figure) or not figure.kind.torso:
        return
    wide = 0.95 if figure.kind.torso == "person" else 1.04
    points = parts("clothes", "hips")[0].blob
    sketch = Sketch(pen, figure.torso.scaled(wide, 1.0))
    if over_legs:
        inner = [(x * 0.95, y if y < 0 else y * 0.8) for x, y in points]
        sketch.blob(inner, figure.look.bottom.colour, soft=0.8, outline=False, shade=False)
    else:
        sketch.blob(points, figure.look.bottom.colour, soft=0.8)


def draw_top(pen: Pen, figure: Figure) -> None:
    """Skirt, top and bib on a torso that is already drawn, legs and all."""
    look = figure.look
    if not figure.kind.torso:
        return
    for garment in (look.bottom, look.top):
        if garment and garment.name in _SKIRTS:
            _skirt(pen, figure, garment)
    if look.top:
        colours = cloth(figure, look.top)
        sketch = Sketch(pen, figure.torso.scaled(1.05, 1.0))
        sketch.blob(_cut(figure, _hem_of(look)), look.top.colour)
        names = [look.top.pattern, look.top.name]
        if look.top.name == "jumper" and _hem_of(look) != _TUCKED:
            names.append("rib")
        draw_named(pen, figure.torso, "clothes", names, colours)
    if look.bottom and look.bottom.name == "dungarees":
        draw_named(pen, figure.torso, "clothes", ["dungarees"], cloth(figure, look.bottom))


def draw_at_neck(pen: Pen, figure: Figure) -> None:
    """What is tied around the neck, and the straps of what hangs on the back; one that is all head has no neck."""
    if not figure.kind.torso:
        return
    for name in _AT_NECK:
        if worn := figure.look.wears(name):
            draw_named(pen, figure.torso, "clothes", [name], cloth(figure, worn))
    for name, tie in (("backpack", "straps"), ("cape", "cape_tie")):
        if worn := figure.look.wears(name):
            draw_named(pen, figure.torso, "clothes", [tie], cloth(figure, worn))


def _hem_of(look: Look) -> float:
    if look.bottom and look.bottom.name == "dungarees":
        return _TUCKED
    return _HEM.get(look.top.name, _USUAL_HEM) if look.top else _USUAL_HEM


def _shortened(part: Part, figure: Figure) -> Part:
    """A cape ends above the ground, however near that is."""
    room = max(10.0, -figure.bones.hip[1] / figure.build.torso * 94)
    long = max((y for _, y in part.blob), default=0.0)
    if long <= room:
        return part
    return part.model_copy(update={"blob": tuple((x, y * room / long if y > 0 else y) for x, y in part.blob)})


def _cut(figure: Figure, hem: float) -> list[Point]:
    """The torso's own shape down to the hem."""
    shape = "animal" if figure.kind.torso == "wool" else figure.kind.torso
    upper = [(x, y) for x, y in parts("body", shape)[0].blob if y < hem - 6]
    if not upper:
        return [(-60, -90), (60, -90), (70, hem), (-70, hem)]
    wide = max(x for x, _ in upper) + 1
    right = [point for point in upper if point[0] >= 0]
    left = [point for point in upper if point[0] < 0]
    return [*right, (wide, hem), (wide * 0.5, hem + 6), (0, hem + 8), (-wide * 0.5, hem + 6), (-wide, hem), *left]


def _skirt(pen: Pen, figure: Figure, garment: Garment) -> None:
    """A skirt from the waist over the thighs, wherever the pose puts them, and never through the ground."""
    wide, high = figure.build.width, figure.build.torso
    length = figure.build.leg * _SKIRTS[garment.name]
    near = _hem(figure, figure.bones.near_leg, length, -wide * 0.62)
    far = _hem(figure, figure.bones.far_leg, length, wide * 0.62)
    waist = [_on_torso(figure, x * wide, -0.34 * high) for x in (-0.7, 0.0, 0.7)]
    hips = [_on_torso(figure, x * wide, 0.0) for x in (-0.98, 0.98)]
    dx, dy = unit(far[0] - near[0], far[1] - near[1])
    sag = wide * 0.1
    low = (near[0] + far[0]) / 2 - dy * sag, min((near[1] + far[1]) / 2 + dx * sag, -2.0)
    colours = cloth(figure, garment)
    sketch = Sketch(pen, figure.root)
    sketch.blob([waist[0], hips[0], near, low, far, hips[1], waist[2], waist[1]], colours["cloth"], soft=0.6)
    trim = [_towards(point, waist[1], 0.1) for point in (near, low, far)]
    sketch.line(trim, colours["cloth_light"], 7.0)


def _hem(figure: Figure, leg: Limb, length: float, flare: float) -> Point:
    dx, dy = unit(leg.joint[0] - leg.root[0], leg.joint[1] - leg.root[1])
    if not figure.stance.seated:
        lean = radians(figure.bones.lean)
        dx, dy = unit(dx * 0.5 - sin(lean) * 0.5, dy * 0.5 + cos(lean) * 0.5)
    spread = flare * (0.5 if figure.stance.seated else 1.0)
    return leg.root[0] + dx * length + dy * spread, min(leg.root[1] + dy * length - dx * spread, -2.0)


def _on_torso(figure: Figure, x: float, y: float) -> Point:
    """A point given from the hips along the torso, in the figure's own units."""
    lean = radians(figure.bones.lean)
    hip_x, hip_y = figure.bones.hip
    return hip_x + x * cos(lean) - y * sin(lean), min(hip_y + x * sin(lean) + y * cos(lean), -2.0)


def _towards(point: Point, goal: Point, share: float) -> Point:
    return point[0] + (goal[0] - point[0]) * share, point[1] + (goal[1] - point[1]) * share
