"""Lamps of a room; they shine when it is dark outside."""

from storybook.providers.studio.painter.pen import WIDTH
from storybook.providers.studio.painter.places.forms import box, poly
from storybook.providers.studio.painter.places.stage import Stage


def ceiling_light(stage: Stage) -> None:
    """The light of a lamp above the picture, when it is dark."""
    if stage.lamps:
        stage.pen.glow(WIDTH / 2, 60, 330, stage.sun.warm, opacity=0.5)


def table_lamp(stage: Stage, x: float, y: float, height: float) -> None:
    """A lamp with a shade that stands at (x, y) and glows when it is dark."""
    pen, h = stage.pen, height
    pen.shape(box(x - h * 0.05, y - h * 0.55, h * 0.1, h * 0.5, 6), "#c98f55")
    pen.ellipse(x, y - h * 0.04, h * 0.24, h * 0.07, "#c98f55")
    hood = poly((x - h * 0.24, y - h), (x + h * 0.24, y - h), (x + h * 0.4, y - h * 0.48), (x - h * 0.4, y - h * 0.48))
    pen.shape(hood, "#ffe28a" if stage.lamps else "#f3d9a4")
    if stage.lamps:
        pen.glow(x, y - h * 0.7, h * 2.2, stage.sun.warm, opacity=0.55)
        pen.glow(x, y - h * 0.7, h * 0.9, "#fff3b8", opacity=0.5)


def hanging_lamp(stage: Stage, x: float) -> None:
    pen = stage.pen
    pen.stroke(f"M{x},-10L{x},110", "#6b5a50", 5)
    pen.ellipse(x, 176, 20, 20, "#fff3b8", outline=False, shade=False)
    pen.shape(
        f"M{x - 84},172C{x - 70},110 {x - 30},96 {x},96C{x + 30},96 {x + 70},110 {x + 84},172Z", stage.colour("rug")
    )
    if stage.lamps:
        pen.glow(x, 190, 420, stage.sun.warm, opacity=0.5)
