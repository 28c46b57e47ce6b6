"""Figures on two legs: people, animals that walk upright, birds and other folk, drawn from the back to the front."""

from storybook.providers.studio.painter.characters.clothes import (
    draw_at_neck,
    draw_hips,
    draw_on_back,
    draw_top,
    has_trousers,
)
from storybook.providers.studio.painter.characters.face import draw_brows, draw_drop, draw_face
from storybook.providers.studio.painter.characters.figure import (
    Figure,
    draw_above_ground,
    draw_named,
    draw_parts,
    dyed,
    ear_frames,
    tail_frame,
)
from storybook.providers.studio.painter.characters.headwear import draw_behind_head, draw_on_head, hair_of
from storybook.providers.studio.painter.characters.limbs import draw_arm, draw_fish_tail, draw_leg
from storybook.providers.studio.painter.characters.tables import parts
from storybook.providers.studio.painter.pen import Pen


def draw_biped(pen: Pen, figure: Figure) -> None:
    """The whole figure, from its back to its front."""
    bones, stance = figure.bones, figure.stance
    _draw_back(pen, figure)
    draw_arm(pen, figure, bones.far_arm)
    legs_last = stance.seated or has_trousers(figure)
    if not legs_last:
        _draw_legs(pen, figure)
    _draw_torso(pen, figure)
    draw_hips(pen, figure, over_legs=False)
    if legs_last:
        _draw_legs(pen, figure)
    draw_hips(pen, figure, over_legs=True)
    draw_top(pen, figure)
    draw_at_neck(pen, figure)
    if not stance.near_over:
        draw_arm(pen, figure, bones.near_arm)
    _draw_head(pen, figure)
    if stance.near_over:
        draw_arm(pen, figure, bones.near_arm)


def _draw_legs(pen: Pen, figure: Figure) -> None:
    if figure.look.tail:
        draw_fish_tail(pen, figure)
        return
    draw_leg(pen, figure, figure.bones.far_leg)
    draw_leg(pen, figure, figure.bones.near_leg)


def _draw_back(pen: Pen, figure: Figure) -> None:
    draw_above_ground(pen, figure, tail_frame(figure), parts("tail", figure.kind.tail))
    for name in figure.kind.back:
        draw_above_ground(pen, figure, figure.torso, parts("body", name))
    # Long hair of one that lies on the ground lies there, too.
    hair = figure.head.scaled(1, 0.55) if figure.stance.prone else figure.head
    draw_named(pen, hair, "hair_back", [hair_of(figure.look)], figure.palette)
    draw_on_back(pen, figure)


def _draw_torso(pen: Pen, figure: Figure) -> None:
    top = figure.look.top
    # Between a person's top and trousers no skin may show.
    colours = dyed(figure, fur=top.colour) if top and figure.kind.family == "person" else figure.palette
    draw_named(pen, figure.torso, "body", [figure.kind.torso], colours)
    if figure.look.top is None and figure.kind.family != "person":
        draw_named(pen, figure.torso, "body", [figure.kind.belly], figure.palette)


def _draw_head(pen: Pen, figure: Figure) -> None:
    kind = figure.kind
    draw_behind_head(pen, figure)
    draw_named(pen, figure.head, "crown", kind.behind, figure.palette)
    if not kind.ears_front:
        _draw_ears(pen, figure)
    shape = "adult" if kind.build in {"woman", "man"} else kind.head if kind.family != "person" else "person"
    draw_named(pen, figure.head, "head", [shape], figure.palette)
    draw_named(pen, figure.head, "mark", kind.marks, figure.palette)
    if figure.look.beard:
        draw_named(pen, figure.head, "hair_front", ["beard"], figure.palette)
    draw_face(pen, figure)
    if figure.look.beard:
        draw_named(pen, figure.head, "hair_front", ["moustache"], figure.palette)
    draw_named(pen, figure.head, "crown", kind.above, figure.palette)
    draw_named(pen, figure.head, "hair_front", [hair_of(figure.look)], figure.palette)
    if kind.ears_front:
        _draw_ears(pen, figure)
    draw_brows(pen, figure)
    draw_on_head(pen, figure)
    draw_drop(pen, figure)


def _draw_ears(pen: Pen, figure: Figure) -> None:
    for frame in ear_frames(figure):
        draw_parts(pen, frame, parts("ear", figure.kind.ears), figure.palette)
