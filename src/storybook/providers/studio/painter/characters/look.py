"""What a character looks like: the value that keeps it the same on every page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Garment:
    """One piece of clothing. `pattern` is "", "stripes", "dots" or "star"."""

    name: str
    colour: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One character's looks. Colours are `#rrggbb`; `fur` is the skin of a person.

    `tail` is the colour of a fish tail instead of legs, "" for none; `build` is 1 for the usual figure, more for a
    round one; `age` is "young", "grown" or "old".
    """

    kind: str
    fur: str
    light: str
    accent: str
    nose: str
    eyes: str
    hair: str
    hair_colour: str
    build: float = 1.0
    age: str = "young"
    lashes: bool = False
    freckles: bool = False
    beard: bool = False
    top: Garment | None = None
    bottom: Garment | None = None
    shoes: Garment | None = None
    accessories: tuple[Garment, ...] = ()
    tail: str = ""

    def wears(self, name: str) -> Garment | None:
        """The accessory of that name, if it is worn."""
        return next((worn for worn in self.accessories if worn.name == name), None)
