"""Fish and whales: one round body with a face, fins for hands and a tail behind."""

import math

from storybook.providers.studio.painter.characters.clothes import cloth
from storybook.providers.studio.painter.characters.face import draw_brows, draw_drop, draw_face
from storybook.providers.studio.painter.characters.figure import Figure, draw_named
from storybook.providers.studio.painter.characters.headwear import draw_on_head
from storybook.providers.studio.painter.characters.sketch import Sketch
from storybook.providers.studio.painter.pen import Pen

_NECKWEAR = ("scarf", "bandana", "bowtie", "necklace")


def draw_swimmer(pen: Pen, figure: Figure) -> None:
    """The whole figure, from its back to its front."""
    body = figure.root.moved(*figure.bones.hip).turned(figure.bones.lean).scaled(figure.build.torso / 244)
    name = figure.look.kind
    _draw_fin(pen, figure, near=False)
    draw_named(pen, body, "swim", [f"{name}_back", name], figure.palette)
    draw_face(pen, figure)
    draw_brows(pen, figure)
    for worn in _NECKWEAR:
        if garment := figure.look.wears(worn):
            colours = cloth(figure, garment)
            Sketch(pen, body).limb([(-70, -54), (-50, 6), (-66, 68)], [12, 12, 12], colours["cloth"])
            break
    draw_on_head(pen, figure)
    _draw_fin(pen, figure, near=True)
    draw_drop(pen, figure)


def _draw_fin(pen: Pen, figure: Figure, *, near: bool) -> None:
    arm = figure.bones.near_arm if near else figure.bones.far_arm
    wide = figure.build.arm_width
    colour = figure.palette["accent" if figure.look.kind == "fish" else "fur_dark"]
    (ax, ay), (bx, by) = arm.root, arm.tip
    turn = math.degrees(math.atan2(ax - bx, by - ay))
    length = math.hypot(bx - ax, by - ay)
    Sketch(pen, figure.root).oval(((ax + bx) / 2, (ay + by) / 2), (wide, length * 0.6), colour, turn=turn)
