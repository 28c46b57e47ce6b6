"""What a story is about and who is in it, before any of it is told."""

from dataclasses import dataclass, field

from storybook.domain.book_spec import Gender, Language, TargetAge
from storybook.domain.story import CastMember, Role
from storybook.providers.studio.writer.lexicon import Findings


@dataclass(frozen=True)
class Player:
    """Someone in the story. `kind` is a key of the lexicon, `spoken` the name as sentences use it."""

    name: str
    spoken: str
    kind: str
    gender: Gender
    role: Role
    look: str
    traits: tuple[str, ...] = ()

    def member(self) -> CastMember:
        return CastMember(name=self.name, role=self.role, kind=self.kind, look=self.look, traits=self.traits)


@dataclass(frozen=True)
class Setting:
    """Where the story happens and what is held: keys of the lexicon and English words for the scenes."""

    home: str
    away: str
    item: str
    props: tuple[str, ...]
    weather: str


@dataclass(frozen=True)
class Premise:
    """`topic` is what the parent typed, short enough to be quoted; `plots` are those that can tell it, best first."""

    language: Language
    age: TargetAge
    page_count: int
    topic: str
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
