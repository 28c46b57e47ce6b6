"""Where the joints of a figure are in a pose, in the units of its build: feet around (0, 0), y downwards."""

import math
from dataclasses import dataclass

from storybook.providers.studio.painter.characters.sketch import Point
from storybook.providers.studio.painter.characters.tables import Build, Feeling, Pair, Stance

_SOLE = 0.325


@dataclass(frozen=True, slots=True)
class Limb:
    root: Point
    joint: Point
    tip: Point
    angle: float

    @property
    def points(self) -> tuple[Point, Point, Point]:
        return self.root, self.joint, self.tip

    def moved(self, x: float, y: float) -> "Limb":
        def shift(point: Point) -> Point:
            return point[0] + x, point[1] + y

        return Limb(shift(self.root), shift(self.joint), shift(self.tip), self.angle)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`lean` and `tilt` are the turns of the torso and of the head, in degrees."""

    hip: Point
    lean: float
    head: Point
    tilt: float
    near_arm: Limb
    far_arm: Limb
    near_leg: Limb
    far_leg: Limb


def pose_skeleton(build: Build, stance: Stance, feeling: Feeling, seat: float) -> Skeleton:
    """The joints in this pose; the lowest of the figure is at y = 0, or above where the pose leaves the ground.

    `seat` is how far the torso reaches below the hips, as a share of its length.
    """
    lean = stance.lean
    tilt = stance.tilt + feeling.head * (0.5 if stance.prone else 1.0)
    neck = _turned((0.0, -build.torso), lean)
    hip_width = build.width * 0.48
    head_turn = tilt + (0.0 if stance.prone else lean * 0.6)
    up = 14.0 if stance.prone else head_turn
    overlap = build.head[1] * build.neck
    head = (neck[0] + overlap * math.sin(math.radians(up)), neck[1] - overlap * math.cos(math.radians(up)))
    if stance.prone:
        head = (neck[0] + build.head[0] * 0.42, neck[1] - overlap * 0.62)
    legs = [
        _limb(_turned((side * hip_width, -2.0), lean), angles, build.leg)
        for side, angles in ((-1, stance.near_leg), (1, stance.far_leg))
    ]
    arms = [
        _limb(_turned((side * build.width * 0.72, -build.torso * 0.85), lean), angles, build.arm)
        for side, angles in ((-1, stance.near_arm), (1, stance.far_arm))
    ]
    skeleton = Skeleton((0.0, 0.0), lean, head, head_turn, arms[0], arms[1], legs[0], legs[1])
    lift = stance.lift * build.leg / 300
    return _moved(skeleton, -_middle(skeleton, stance), -lift - _lowest(skeleton, build, stance, seat))


def _middle(skeleton: Skeleton, stance: Stance) -> float:
    """What is put over the place where the figure stands: the hips, or the middle of one that lies."""
    return skeleton.head[0] * 0.6 if stance.prone else 0.0


def _lowest(skeleton: Skeleton, build: Build, stance: Stance, below: float) -> float:
    legs = (skeleton.near_leg, skeleton.far_leg)
    heels = [leg.tip[1] + sole_of(build) for leg in legs]
    toes = [
        leg.tip[1] + sole_of(build) * 0.6 + build.foot * 0.8 * math.sin(math.radians(foot_turn(leg.angle)))
        for leg in legs
    ]
    seat = max(build.torso * below, *(_underside(leg, build) for leg in legs)) if stance.seated else 0.0
    hands = [arm.tip[1] + build.arm_width for arm in (skeleton.near_arm, skeleton.far_arm)]
    lying = build.width * 0.85 if stance.prone else 0.0
    return max(*heels, *toes, *hands, seat, lying)


def swim_skeleton(build: Build, stance: Stance, feeling: Feeling) -> Skeleton:
    """The joints of one that swims: its body is where its hips are, its face where its head is, its arms are fins."""
    lean = max(-26.0, min(10.0, stance.tilt * 1.4 - stance.lift * 0.12 + stance.lean * 0.25))
    middle = (build.width * 0.12, -build.torso * 0.51 - stance.lift * 0.4)
    turned = _turned((build.width * 0.165, -build.torso * 0.02), lean)
    head = middle[0] + turned[0], middle[1] + turned[1]
    arms = []
    for side, angles in ((-1, stance.near_arm), (1, stance.far_arm)):
        root = _turned((build.width * (-0.14 if side < 0 else 0.16), build.torso * (0.12 if side < 0 else 0.2)), lean)
        arms.append(_limb((middle[0] + root[0], middle[1] + root[1]), _fin_angles(angles, side), build.arm))
    rest = Limb(middle, middle, middle, 0.0)
    return Skeleton(middle, lean, head, lean + feeling.head * 0.4, arms[0], arms[1], rest, rest)


def _fin_angles(angles: Pair, side: int) -> Pair:
    """A fin follows the arm of the pose, but hangs back where it would cover the face."""
    if side < 0:
        return min(angles[0], 20.0) - 30, min(angles[1], 20.0) - 36
    return angles[0] + 14, angles[1] + 10


def sole_of(build: Build) -> float:
    """How far the sole is below the ankle."""
    return build.foot * _SOLE


def _underside(leg: Limb, build: Build) -> float:
    """The lowest place of a leg that is stretched out on the ground."""
    return max(leg.joint[1] + build.leg_width * 1.12, leg.tip[1] + build.foot * 0.48)


def foot_turn(shin: float) -> float:
    """How far a foot is turned when its shin is at this angle: flat when standing, up when the leg is raised."""
    return -shin * 0.75 if abs(shin) > 12 else 0.0


def _limb(root: Point, angles: Pair, length: float) -> Limb:
    upper, lower = (math.radians(angle) for angle in angles)
    half = length / 2
    joint = root[0] + half * math.sin(upper), root[1] + half * math.cos(upper)
    tip = joint[0] + half * math.sin(lower), joint[1] + half * math.cos(lower)
    return Limb(root, joint, tip, angles[1])


def _turned(point: Point, degrees: float) -> Point:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos


def _moved(bones: Skeleton, x: float, y: float) -> Skeleton:
    return Skeleton(
        (bones.hip[0] + x, bones.hip[1] + y),
        bones.lean,
        (bones.head[0] + x, bones.head[1] + y),
        bones.tilt,
        *(limb.moved(x, y) for limb in (bones.near_arm, bones.far_arm, bones.near_leg, bones.far_leg)),
    )
