"""Where stories happen: the known places and the words that mean them."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from storybook.providers.studio.painter.places import beyond, land, rooms, town, water, wild, woods, workrooms
from storybook.providers.studio.painter.places.stage import Stage

__all__ = ["PLACES", "Place", "Stage", "place_of"]

Painter = Callable[[Stage], None]


@dataclass(frozen=True)
class Place:
    """A place: `backdrop` is drawn before everyone, `front` after; `ground` is the range of the horizon.

    `has` names the props that its backdrop shows already, `tint` is the colour of its own light, `open_air` says
    that rain and snow fall on it, `free_wall` is where across the sheet something may hang.
    """

    name: str
    words: tuple[str, ...]
    ground: tuple[float, float]
    palette: Mapping[str, str]
    indoors: bool
    open_air: bool
    has: tuple[str, ...]
    tint: str
    free_wall: float
    backdrop: Painter
    front: Painter


_PAINTERS: dict[str, tuple[Painter, Painter]] = {
    "forest": (woods.forest, woods.forest_front),
    "meadow": (land.meadow, land.meadow_front),
    "garden": (land.garden, land.garden_front),
    "sea": (water.sea, water.sea_front),
    "underwater": (water.underwater, water.underwater_front),
    "space": (beyond.space, beyond.space_front),
    "town": (town.town, town.town_front),
    "bedroom": (rooms.bedroom, rooms.room_front),
    "living_room": (rooms.living_room, rooms.room_front),
    "mountain": (woods.mountain, woods.mountain_front),
    "snow": (wild.snow, wild.snow_front),
    "castle": (wild.castle, wild.castle_front),
    "desert": (wild.desert, wild.desert_front),
    "school": (workrooms.school, rooms.room_front),
    "kitchen": (workrooms.kitchen, rooms.room_front),
    "bathroom": (workrooms.bathroom, rooms.room_front),
    "river": (woods.river, woods.river_front),
    "sky": (beyond.above_clouds, beyond.above_clouds_front),
    "cave": (beyond.cave, beyond.cave_front),
    "farm": (land.farm, land.meadow_front),
    "playground": (land.playground, land.playground_front),
    "library": (rooms.library, rooms.room_front),
}

_FALLBACK = "meadow"


def _load() -> dict[str, Place]:
    table = tomllib.loads(files(__package__).joinpath("places.toml").read_text(encoding="utf-8"))
    return {
        name: Place(
            name=name,
            words=tuple(entry["words"]),
            ground=(entry["ground"][0], entry["ground"][1]),
            palette=entry["palette"],
            indoors=entry.get("indoors", False),
            open_air=entry.get("open_air", not entry.get("indoors", False)),
            has=tuple(entry.get("has", ())),
            tint=entry.get("tint", ""),
            free_wall=entry.get("free_wall", 0.0),
            backdrop=_PAINTERS[name][0],
            front=_PAINTERS[name][1],
        )
        for name, entry in table.items()
    }


PLACES: Mapping[str, Place] = _load()


def place_of(words: str) -> Place:
    """The place that free English words mean, by the longest of its keywords that occurs; a meadow when none does."""
    text = " ".join(re.findall(r"[a-z']+", words.lower()))
    best, name = 0, _FALLBACK
    for place in PLACES.values():
        for word in place.words:
            if len(word) > best and re.search(rf"\b{re.escape(word)}s?\b", text):
                best, name = len(word), place.name
    return PLACES[name]
