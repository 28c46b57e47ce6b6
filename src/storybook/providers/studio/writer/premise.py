"""What a story is about and who is in it, before any of it is told."""

from dataclasses import dataclass, field

from storybook.domain.book_spec import Gender, Language, TargetAge
from storybook.domain.story import CastMember, Role
from storybook.providers.studio.writer.lexicon import Findings


@dataclass(frozen=True)
class Player:
    """Someone in the story. `kind` is a key of the lexicon, `drawn` the kind that a painter can draw, `spoken` the
    name as sentences use it.
    """

    name: str
    spoken: str
    kind: str
    drawn: str
    gender: Gender
    role: Role
    look: str
    traits: tuple[str, ...] = ()

    def member(self) -> CastMember:
        return CastMember(name=self.name, role=self.role, kind=self.drawn, look=self.look, traits=self.traits)


@dataclass(frozen=True)
class Setting:
    """Where the story happens and what is held: keys of the lexicon and English words for the scenes. `named` is the
    place that the topic names, `tint` the colour of the item, `time` the time of day at which all of it happens,
    `spot` and `light` where and when the trouble itself is met; `wet` says that it plays in the sea.
    """

    home: str
    away: str
    item: str
    props: tuple[str, ...]
    weather: str
    tint: str | None = None
    named: str | None = None
    time: str | None = None
    spot: str | None = None
    light: str | None = None
    wet: bool = False

    @property
    def item_look(self) -> str:
        """The item in English, with its colour."""
        return f"{self.tint} {self.item}" if self.tint else self.item


@dataclass(frozen=True)
class Premise:
    """What the parent typed is here only as far as it was understood: no story quotes the rest. `plots` are those that
    can tell it, best first, and `phrases` the slots that the topic itself fills. `company` are those who still have to
    be named in so many words, and `past` the slots that earlier books of the series fill.
    """

    language: Language
    age: TargetAge
    page_count: int
    findings: Findings
    trouble: str
    hero: Player
    friend: Player
    elder: Player
    others: tuple[Player, ...]
    setting: Setting
    plots: tuple[str, ...]
    follows_another: bool
    forbidden: tuple[str, ...] = field(default=())
    phrases: dict[str, str] = field(default_factory=dict)
    company: tuple[Player, ...] = field(default=())
    past: dict[str, str] = field(default_factory=dict)
