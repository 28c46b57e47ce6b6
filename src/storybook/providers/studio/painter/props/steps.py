"""The steps that a prop is drawn in; toys.toml explains how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass

from storybook.providers.studio.painter.pen import Pen
from storybook.providers.studio.painter.places.forms import box


@dataclass(frozen=True)
class Step:
    """One stroke or shape. `numbers` are measures, `path` is path data; either may be empty."""

    kind: str
    colour: str
    numbers: tuple[float, ...]
    path: str


def steps_of(text: str) -> tuple[Step, ...]:
    """The steps written in `text`, one a line."""
    return tuple(_step(line) for line in text.strip().splitlines())


def _step(line: str) -> Step:
    kind, colour, rest = line.split(" ", 2)
    if kind in "sf":
        return Step(kind, colour, (), rest)
    if kind == "l":
        width, path = rest.split(" ", 1)
        return Step(kind, colour, (float(width),), path)
    numbers = tuple(float(number) for number in rest.split())
    if kind in "bp":
        return Step({"b": "s", "p": "f"}[kind], colour, (), box(*numbers))
    return Step(kind, colour, numbers, "")


def run(pen: Pen, steps: tuple[Step, ...], shades: Mapping[str, str]) -> None:
    """Draws the steps; `shades` are the colours that stand for names such as `$`."""
    for step in steps:
        colour = shades.get(step.colour, step.colour)
        if step.kind in "sf":
            pen.shape(step.path, colour, outline=step.kind == "s", shade=step.kind == "s")
        elif step.kind == "l":
            pen.stroke(step.path, colour, step.numbers[0])
        elif step.kind == "g":
            x, y, radius, opacity = step.numbers
            pen.glow(x, y, radius, colour, opacity=opacity)
        else:
            x, y, rx, ry = step.numbers
            pen.ellipse(x, y, rx, ry, colour, outline=step.kind == "o", shade=step.kind == "o")
