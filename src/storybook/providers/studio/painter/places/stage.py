"""What a place is drawn on, and with."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from storybook.domain.story import TimeOfDay, Weather
from storybook.providers.studio.painter.light import Light, LitPen
from storybook.providers.studio.painter.pen import WIDTH, Pen


@dataclass(frozen=True)
class Stage:
    """One picture to be set up. `rng` varies from page to page, `own` stays with the place through the book.

    `pen` draws in the light of the scene, `bare` in colours as they are. `horizon` is where the ground begins.
    `sun` is the light outside, which is not the light of `pen` in a room. `crowd` is where everyone stands.
    `bedded` says that a bed stands in front, with someone in it, `owners` are the names of the book's cast.
    """

    pen: LitPen
    light: Light
    sun: Light
    palette: Mapping[str, str]
    rng: random.Random
    own: random.Random
    horizon: float
    time: TimeOfDay
    weather: Weather
    flip: bool
    crowd: tuple[float, ...] = ()
    bedded: bool = False
    owners: str = ""

    def free(self, x: float, half: float) -> bool:
        """Is there nobody in front of what stands at `x` and reaches `half` to each side?"""
        return all(abs(x - other) > half + 90 for other in self.crowd)

    @property
    def bare(self) -> Pen:
        return self.pen.bare

    @property
    def lamps(self) -> bool:
        """Is it dark enough for lamps?"""
        return self.time in {TimeOfDay.NIGHT, TimeOfDay.DUSK}

    def x(self, share: float) -> float:
        """A place across the sheet, 0 to 1, mirrored on every other page."""
        return WIDTH * (1 - share if self.flip else share)

    def colour(self, name: str) -> str:
        """A colour of the place's palette."""
        return self.palette[name]

    def far(self, name: str, distance: float) -> str:
        """A colour of the palette as it looks in the distance; to be drawn with `bare`."""
        return self.light.far(self.palette[name], distance)
