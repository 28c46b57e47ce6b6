"""The characters of the studio's painter: who they are by their looks, and how they are drawn."""

from storybook.domain.story import Actor
from storybook.providers.studio.painter.characters.biped import draw_biped
from storybook.providers.studio.painter.characters.figure import figure_of
from storybook.providers.studio.painter.characters.look import Look
from storybook.providers.studio.painter.characters.reach import reach_of
from storybook.providers.studio.painter.characters.reading import kind_named, look_of
from storybook.providers.studio.painter.characters.swimmer import draw_swimmer
from storybook.providers.studio.painter.characters.tables import kinds
from storybook.providers.studio.painter.characters.told import told_of
from storybook.providers.studio.painter.pen import Pen

__all__ = ["KINDS", "Look", "chin_of", "draw_actor", "hand_of", "kind_named", "look_of", "told_of", "width_of"]

KINDS: tuple[str, ...] = tuple(kinds())


def draw_actor(pen: Pen, look: Look, actor: Actor, *, x: float, ground: float, height: float, facing: int) -> None:
    """Draws the character with its feet on the line y = `ground` and its middle at `x`, in its pose and mood.

    `height` is that of the character when it stands, ears and all; `facing` is 1 where it looks to the right and -1
    where it looks to the left. What it holds is not drawn: see `hand_of`. Nor is its shadow on the ground.
    """
    figure = figure_of(look, actor, x=x, ground=ground, height=height, facing=facing)
    if figure.kind.plan == "swimmer":
        draw_swimmer(pen, figure)
    else:
        draw_biped(pen, figure)


def hand_of(look: Look, actor: Actor, x: float, ground: float, height: float, facing: int) -> tuple[float, float]:
    """Where on the sheet the hand is that holds something: the one on the side that the character looks to."""
    figure = figure_of(look, actor, x=x, ground=ground, height=height, facing=facing)
    return figure.root.at(*figure.bones.far_arm.tip)


def chin_of(look: Look, actor: Actor, height: float) -> float:
    """How high above its feet a blanket ends that leaves the face free, in units of the sheet."""
    figure = figure_of(look, actor, x=0, ground=0, height=height, facing=1)
    low = 0.85 if figure.kind.torso else 0.5
    return -figure.head.at(0, 100 * low)[1]


def width_of(look: Look, actor: Actor, height: float) -> float:
    """About how wide the character is in its pose, in units of the sheet."""
    return reach_of(figure_of(look, actor, x=0, ground=0, height=height, facing=1))
