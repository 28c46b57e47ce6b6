"""The tables that characters are drawn from: kinds, builds, poses, moods and the parts of figures."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from storybook.domain.story import Mood, Pose
from storybook.domain.values import Strict

Pair = tuple[float, float]


class Stance(Strict):
    """How a pose bends the joints; see poses.toml for the angles."""

    near_arm: Pair
    far_arm: Pair
    near_leg: Pair
    far_leg: Pair
    lean: float = 0.0
    tilt: float = 0.0
    lift: float = 0.0
    raise_eyes: float = 0.0
    seated: bool = False
    prone: bool = False
    near_over: bool = False


class Feeling(Strict):
    """What a mood does to a face."""

    eyes: Literal["open", "arcs", "lids", "wide", "half"]
    mouth: str
    brows: Pair
    raised_brow: bool = False
    gaze: Pair = (0.0, 0.0)
    ears: float = 0.0
    head: float = 0.0
    drop: Literal["", "sweat", "tear"] = ""
    small_pupils: bool = False
    blush: float = 0.5


class Build(Strict):
    """The measures of a figure, in units of its own; widths are half-widths."""

    head: Pair
    torso: float
    width: float
    leg: float
    arm: float
    arm_width: float
    leg_width: float
    foot: float
    neck: float = 0.86


class Part(Strict):
    """One shape of a part list. Exactly one of `blob`, `oval`, `line` and `limb` is given.

    `fill` names a colour of the palette, `depth` is how far it moves when the figure turns.
    """

    fill: str
    blob: tuple[Pair, ...] = ()
    oval: tuple[float, ...] = ()
    line: tuple[Pair, ...] = ()
    limb: tuple[Pair, ...] = ()
    widths: tuple[float, ...] = (6.0,)
    soft: float = 1.0
    turn: float = 0.0
    depth: float = 0.0
    outline: bool = True
    shade: bool = True
    opacity: float = 1.0


class Kind(Strict):
    """Who is drawn, as the parts that make it unmistakable. Empty names mean that there is no such part."""

    family: Literal["person", "animal", "thing"] = "animal"
    plan: Literal["biped", "swimmer"] = "biped"
    build: str = "animal"
    fur: tuple[str, ...] = ("#c98b5a",)
    light: str = "#fff1df"
    accent: str = "#5b4037"
    nose: str = "#4a3436"
    torso: str = "animal"
    belly: str = "belly"
    head: str = "animal"
    ears: str = ""
    ear_at: Pair = (62.0, -66.0)
    ear_turn: float = 24.0
    ear_droop: float = 1.0
    ears_front: bool = False
    muzzle: str = ""
    marks: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    tail: str = ""
    hand: Literal["mitten", "paw", "wing", "block"] = "paw"
    foot: Literal["shoe", "paw", "web", "block"] = "paw"
    limbs: str = "fur"
    ends: str = "fur"
    eye_at: Pair = (38.0, -2.0)
    eye_size: float = 1.0
    mouth_at: float = 46.0
    mouth_shift: float = 0.0
    mouth_size: float = 1.0
    lid: str = "fur"
    cheek_at: Pair = (64.0, 34.0)
    brow_lift: float = 0.0
    hat_at: float = 0.0
    headroom: float = 0.0


PartList = tuple[Part, ...]


def _read(name: str) -> dict[str, Any]:
    source = files(__package__).joinpath("data", name)
    return tomllib.loads(source.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def stances() -> dict[Pose, Stance]:
    return {Pose(name): Stance.model_validate(row) for name, row in _read("poses.toml").items()}


@lru_cache(maxsize=1)
def feelings() -> dict[Mood, Feeling]:
    return {Mood(name): Feeling.model_validate(row) for name, row in _read("moods.toml").items()}


@lru_cache(maxsize=1)
def builds() -> dict[str, Build]:
    return {name: Build.model_validate(row) for name, row in _read("builds.toml").items()}


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    return {name: Kind.model_validate(row) for name, row in _read("kinds.toml").items()}


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The words by which a look is read from a sheet, in three languages."""
    return _read("words.toml")


@lru_cache(maxsize=64)
def _group(group: str) -> dict[str, PartList]:
    rows = _read(f"parts_{group}.toml")
    return {name: tuple(Part.model_validate(row) for row in table["parts"]) for name, table in rows.items()}


def parts(group: str, name: str) -> PartList:
    """The shapes of a part; none where the group has no such name (a hair style without back hair, for one)."""
    return _group(group).get(name, ())
