"""One figure in one pose: everything that its parts need to know, and how a list of parts is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storybook.domain.story import Actor, Pose
from storybook.providers.studio.painter.characters.look import Look
from storybook.providers.studio.painter.characters.palette import Palette, palette_of
from storybook.providers.studio.painter.characters.skeleton import Skeleton, pose_skeleton, sole_of, swim_skeleton
from storybook.providers.studio.painter.characters.sketch import Frame, Sketch
from storybook.providers.studio.painter.characters.tables import (
    Build,
    Feeling,
    Kind,
    Pair,
    Part,
    Stance,
    builds,
    feelings,
    kinds,
    parts,
    stances,
)
from storybook.providers.studio.painter.pen import Pen

TURN = 13.0
"""How far what is nearest to us moves, in head units, when the figure turns to the side it looks to."""

_FREE_HANDED = {Pose.STANDING, Pose.WALKING, Pose.SITTING, Pose.LOOKING_UP}
_CARRYING = (30.0, 92.0)
_ROOM = {
    "wizard": 104.0,
    "crown": 42.0,
    "beanie": 64.0,
    "hat": 36.0,
    "cap": 34.0,
    "hood": 34.0,
    "helmet": 30.0,
    "afro": 50.0,
    "buns": 36.0,
    "topknot": 66.0,
    "spiky": 40.0,
    "curly": 32.0,
}


@dataclass(frozen=True, slots=True)
class Figure:
    look: Look
    kind: Kind
    build: Build
    stance: Stance
    feeling: Feeling
    bones: Skeleton
    palette: Palette
    root: Frame

    @property
    def torso(self) -> Frame:
        """100 is half the torso's width, and its length: hips at y = 0, shoulders at y = -100."""
        return (
            self.root.moved(*self.bones.hip)
            .turned(self.bones.lean)
            .scaled(self.build.width / 100, self.build.torso / 100)
        )

    @property
    def head(self) -> Frame:
        """100 is half the head's width and half its height."""
        wide, high = self.build.head
        return self.root.moved(*self.bones.head).turned(self.bones.tilt).scaled(wide / 100, high / 100)


def figure_of(look: Look, actor: Actor, *, x: float, ground: float, height: float, facing: int) -> Figure:
    """The figure as the actor holds itself; `height` is that of the figure when it stands."""
    kind = kinds()[look.kind]
    build = built(kind, look)
    feeling = feelings()[actor.mood]
    stance = _stance_of(kind, actor)
    scale = height / standing_height(kind, build, look)
    if kind.plan == "swimmer":
        bones = swim_skeleton(build, stance, feeling)
    else:
        bones = pose_skeleton(build, stance, feeling, seat_of(kind))
    return Figure(
        look,
        kind,
        build,
        stance,
        feeling,
        bones,
        palette_of(look),
        Frame(scale * facing, 0, 0, scale, x, ground),
    )


def _stance_of(kind: Kind, actor: Actor) -> Stance:
    """How this kind takes the pose: one that is all head, a star, cannot lie on its belly and sits down."""
    stance = stances()[actor.pose]
    if stance.prone and not kind.torso:
        stance = stances()[Pose.SITTING]
    if actor.holding and actor.pose in _FREE_HANDED:
        return stance.model_copy(update={"far_arm": _CARRYING})
    return stance


def built(kind: Kind, look: Look) -> Build:
    """The measures of this one: rounder or slimmer than its kind."""
    usual = builds()[kind.build]
    return usual.model_copy(update={"width": usual.width * look.build, "arm_width": usual.arm_width * look.build**0.5})


def standing_height(kind: Kind, build: Build, look: Look) -> float:
    """From the soles to the top of the ears, the hair and the hat, in units of the build."""
    if kind.plan == "swimmer":
        return build.torso
    top = build.head[1] * (1 + _headroom(kind, look) / 100)
    return sole_of(build) + build.leg + build.torso + build.head[1] * build.neck + top


def _headroom(kind: Kind, look: Look) -> float:
    """What stands above the head, in hundredths of half the head's height."""
    worn = [_ROOM.get(garment.name, 0.0) for garment in look.accessories]
    return max([kind.headroom, _ROOM.get(look.hair, 18.0 if look.hair else 0.0), *worn])


def draw_parts(pen: Pen, frame: Frame, shapes: Iterable[Part], palette: Palette, *, turn: float = TURN) -> None:
    """Draws the parts in the order of the list, in that frame."""
    for part in shapes:
        shift = part.depth * turn
        _draw(Sketch(pen, frame.moved(shift, 0) if shift else frame), part, palette)


def draw_above_ground(pen: Pen, figure: Figure, frame: Frame, shapes: Iterable[Part]) -> None:
    """Draws what hangs behind the figure, raised where it would reach into the ground."""
    listed = tuple(shapes)
    lowest = max((frame.at(x, y)[1] for part in listed for x, y in spread(part)), default=figure.root.f)
    excess = lowest - figure.root.f
    raised = replace(frame, f=frame.f - excess) if excess > 0 else frame
    draw_parts(pen, raised, listed, figure.palette)


def seat_of(kind: Kind) -> float:
    """How far the torso reaches below the hips, as a share of its length."""
    points = [y for part in parts("body", kind.torso) for _, y in spread(part)]
    return max(points, default=12.0) / 100


def ear_frames(figure: Figure) -> tuple[Frame, Frame]:
    """Where the far and the near ear stand, turned down as the mood has it."""
    kind = figure.kind
    x, y = kind.ear_at
    turn = kind.ear_turn + figure.feeling.ears * kind.ear_droop
    far = figure.head.moved(x - 5, y).turned(turn).scaled(0.94, 1)
    return far, figure.head.moved(-x - 3, y).turned(-turn).scaled(-1, 1)


def tail_frame(figure: Figure) -> Frame:
    return figure.root.moved(*figure.bones.hip).turned(figure.bones.lean * 0.9)


def draw_named(pen: Pen, frame: Frame, group: str, names: Iterable[str], palette: Palette) -> None:
    for name in names:
        draw_parts(pen, frame, parts(group, name), palette)


def dyed(figure: Figure, **colours: str) -> Palette:
    """The figure's palette with some colours replaced: the same shape in another cloth."""
    return {**figure.palette, **colours}


def spread(part: Part) -> tuple[Pair, ...]:
    """The points that a part reaches to."""
    if part.oval:
        x, y, rx, ry = part.oval
        return (x - rx, y), (x, y - ry), (x + rx, y), (x, y + ry)
    return part.blob or part.line or part.limb


def _draw(sketch: Sketch, part: Part, palette: Palette) -> None:
    colour = palette[part.fill]
    if part.line:
        sketch.line(part.line, colour, part.widths[0], opacity=part.opacity)
    elif part.oval:
        x, y, rx, ry = part.oval
        sketch.oval(
            (x, y),
            (rx, ry),
            colour,
            turn=part.turn,
            outline=part.outline,
            shade=part.shade,
            opacity=part.opacity,
        )
    elif part.limb:
        sketch.limb(part.limb, part.widths, colour, outline=part.outline, shade=part.shade, opacity=part.opacity)
    else:
        sketch.blob(part.blob, colour, soft=part.soft, outline=part.outline, shade=part.shade, opacity=part.opacity)
