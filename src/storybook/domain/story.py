"""The story as it is written, before anything is drawn: pages, their scenes and who is in them."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from storybook.domain.book_spec import Language, Name, TargetAge
from storybook.domain.values import Composed, Readable, Strict

COVER = 0
PORTRAIT = -2
"""Numbers of the pictures that are no page's."""
FIRST_PAGE = 1


class Mood(StrEnum):
    HAPPY = "happy"
    CALM = "calm"
    CURIOUS = "curious"
    PROUD = "proud"
    SURPRISED = "surprised"
    WORRIED = "worried"
    SCARED = "scared"
    SAD = "sad"
    ANGRY = "angry"
    SLEEPY = "sleepy"


class Pose(StrEnum):
    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"
    JUMPING = "jumping"
    SITTING = "sitting"
    LYING = "lying"
    WAVING = "waving"
    REACHING = "reaching"
    HUGGING = "hugging"
    POINTING = "pointing"
    LOOKING_UP = "looking_up"


class TimeOfDay(StrEnum):
    MORNING = "morning"
    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    CLEAR = "clear"
    CLOUDY = "cloudy"
    RAIN = "rain"
    SNOW = "snow"
    WIND = "wind"
    FOG = "fog"


class Role(StrEnum):
    HERO = "hero"
    FRIEND = "friend"
    ELDER = "elder"


Word = Annotated[str, StringConstraints(min_length=1, max_length=60), Readable]
PageText = Annotated[str, StringConstraints(min_length=1, max_length=600), Readable]
PageNumber = Annotated[int, Field(ge=1, le=12)]


class Actor(Strict):
    """One of the cast as this picture shows it. `name` is a name of the story's cast."""

    name: Name
    mood: Mood = Mood.HAPPY
    pose: Pose = Pose.STANDING
    holding: Word | None = None


class Scene(Strict):
    """What one picture shows. Words are English, whatever the language of the book."""

    description: Annotated[str, StringConstraints(min_length=1, max_length=260), Readable]
    place: Word
    time: TimeOfDay = TimeOfDay.DAY
    weather: Weather = Weather.CLEAR
    actors: Annotated[tuple[Actor, ...], Field(min_length=1, max_length=4)]
    props: Annotated[tuple[Word, ...], Field(max_length=6)] = ()

    def texts(self) -> list[str]:
        """All that its writer put into words of their own."""
        held = (actor.holding for actor in self.actors if actor.holding)
        return [self.description, self.place, *self.props, *held]


class CastMember(Strict):
    """Someone in the story. `kind` and `look` are English words ("fox", "a small red fox with a green scarf")."""

    name: Name
    role: Role
    kind: Word
    look: Annotated[str, StringConstraints(min_length=1, max_length=200), Readable]
    traits: Annotated[tuple[Word, ...], Field(max_length=8)] = ()


class StoryPage(Strict):
    page_number: PageNumber
    text: PageText
    scene: Scene


class StoryDraft(Strict):
    """A whole story. Page numbers are 1..n without a gap; the first of the cast is the hero."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80), Composed, Readable]
    moral: Annotated[str, StringConstraints(min_length=1, max_length=120), Readable]
    language: Language
    target_age: TargetAge
    cast: Annotated[tuple[CastMember, ...], Field(min_length=1, max_length=6)]
    cover: Scene
    pages: Annotated[tuple[StoryPage, ...], Field(min_length=4, max_length=12)]

    @model_validator(mode="after")
    def _pages_are_numbered_and_actors_known(self) -> Self:
        if [page.page_number for page in self.pages] != list(range(1, len(self.pages) + 1)):
            raise ValueError("pages must be numbered 1..n in order")
        if self.cast[0].role is not Role.HERO:
            raise ValueError("the first of the cast must be the hero")
        known = {member.name for member in self.cast}
        for number, scene in self.scenes().items():
            unknown = {actor.name for actor in scene.actors} - known
            if unknown:
                raise ValueError(f"picture {number} shows someone who is not in the cast")
        return self

    def scenes(self) -> dict[int, Scene]:
        """The scene of each picture by page number; the cover is number 0."""
        return {COVER: self.cover} | {page.page_number: page.scene for page in self.pages}
