"""The plots: which beats a book of a given length tells, and what is seen in each."""

from dataclasses import dataclass

from storybook.domain.story import Mood, Pose, TimeOfDay, Weather
from storybook.providers.studio.writer.data import table

ROLES = ("hero", "friend", "elder")


@dataclass(frozen=True)
class Beat:
    """One step of a plot. `parts` tells mood and pose by role; who is missing there is not in the picture."""

    key: str
    place: str
    time: TimeOfDay
    weather: str
    parts: dict[str, tuple[Mood, Pose]]
    take: str | None
    put: bool
    props: tuple[str, ...]
    scene: str


def _part(words: str) -> tuple[Mood, Pose]:
    mood, pose = words.split()
    return Mood(mood), Pose(pose)


def beats(plot: str, count: int) -> list[Beat]:
    """The beats that tell `plot` in `count` pages (4 to 12), in order; raises KeyError for an unknown plot."""
    rows = table("plots")[plot]["beats"]
    return [
        Beat(
            key=row["id"],
            place=row["place"],
            time=TimeOfDay(row["time"]),
            weather=row.get("weather", Weather.CLEAR),
            parts={role: _part(row[role]) for role in ROLES if role in row},
            take=row.get("take"),
            put=row.get("put", False),
            props=tuple(row["props"]),
            scene=row["scene"],
        )
        for row in rows
        if row["rank"] <= count
    ]
