"""How wide a figure is in its pose."""

from collections.abc import Iterator

from storybook.providers.studio.painter.characters.figure import Figure, ear_frames, spread, tail_frame
from storybook.providers.studio.painter.characters.sketch import Frame
from storybook.providers.studio.painter.characters.tables import Part, parts


def reach_of(figure: Figure) -> float:
    """The width of a box around the figure whose middle is where the figure stands, in units of the sheet."""
    edges = [*_limbs(figure), *_bulk(figure)]
    edges += [frame.at(*point)[0] for frame, part in _hung(figure) for point in spread(part)]
    return 2 * max(abs(x - figure.root.e) for x in edges)


def _limbs(figure: Figure) -> Iterator[float]:
    bones, build = figure.bones, figure.build
    for limb, wide in (
        (bones.near_arm, build.arm_width),
        (bones.far_arm, build.arm_width),
        (bones.near_leg, build.leg_width),
        (bones.far_leg, build.foot * 0.8),
    ):
        for side in (-wide, wide):
            yield figure.root.at(limb.tip[0] + side, 0)[0]


def _bulk(figure: Figure) -> Iterator[float]:
    bones, build = figure.bones, figure.build
    torso = build.width if figure.kind.plan == "biped" else build.torso * 0.8
    for x, half in ((bones.head[0], build.head[0] * 1.05), (bones.hip[0], torso)):
        for side in (-half, half):
            yield figure.root.at(x + side, 0)[0]


def _hung(figure: Figure) -> Iterator[tuple[Frame, Part]]:
    """Ears, tail, wings, horns and hair, each in its frame."""
    kind = figure.kind
    for frame in ear_frames(figure):
        yield from ((frame, part) for part in parts("ear", kind.ears))
    yield from ((tail_frame(figure), part) for part in parts("tail", kind.tail))
    yield from ((figure.torso, part) for name in kind.back for part in parts("body", name))
    yield from ((figure.head, part) for name in kind.behind for part in parts("crown", name))
    yield from ((figure.head, part) for part in parts("hair_back", figure.look.hair))
