"""Volume out of flat shapes: every body swells like a cushion, catches the light and throws a shadow."""

import numpy as np

from storybook.providers.studio.painter.sheet import Bools, Floats, Marks

# Towards the light, which falls in from the upper left.
LIGHT = (-0.52, -0.6, 0.61)

_LEVELS = ((4, 44), (2, 6), (1, 3))
_KEEP = 0.995
_SLANT = 0.26


def cushion(forms: Marks) -> Floats:
    """How far each point rises above its body's rim, as a height in the units of `forms`."""
    height = np.zeros(tuple(-(-side // 8) for side in forms.shape), dtype=np.float32)
    for step, rounds in _LEVELS:
        coarse = forms[::step, ::step]
        height = _spread(height, coarse.shape) * 4
        height = _relax(height, coarse, rounds)
    return np.sqrt(np.maximum(height, 0.0), dtype=np.float32)


def normals(height: Floats, forms: Marks, steepness: float) -> tuple[Floats, Floats, Floats]:
    """The unit normals (x, y, z) of the cushions; a larger `steepness` makes them rounder."""
    # Smoothing carries a body's slope over its rim, onto what lies beneath.
    clear = ~_beneath(forms, 3)
    dx, dy = (soften(soften(side, 2), 1) * clear for side in slope(height, forms))
    x, y = -dx * steepness, -dy * steepness
    z = 1.0 / np.sqrt(1.0 + x * x + y * y)
    return x * z, y * z, z


def slope(height: Floats, forms: Marks) -> tuple[Floats, Floats]:
    """How fast the cushions rise to the right and downwards."""
    return _rise(height, forms), _rise(height.T, forms.T).T


def lit(normal: tuple[Floats, Floats, Floats]) -> Floats:
    """How much of the light each point gets, from -1 to 1."""
    x, y, z = normal
    light: Floats = x * LIGHT[0] + y * LIGHT[1] + z * LIGHT[2]
    return light


def shadows(forms: Marks, height: Floats, reach: int, steps: int = 4) -> Floats:
    """How deep each point lies in the shadow of bodies in front of it, from 0 to 1.

    Shadows are up to `reach` long, in the units of `forms`; those of low bodies are shorter.
    """
    depth = np.zeros(forms.shape, dtype=np.float32)
    for index in range(1, steps + 1):
        far = max(1, round(reach * index / steps))
        aside = max(1, round(far * 0.8))
        above = forms[:-far, :-aside]
        depth[far:, aside:] += (above > forms[far:, aside:]) & (height[:-far, :-aside] > far * _SLANT)
    return depth / steps


def rims(forms: Marks) -> Floats:
    """1 where a body ends and another begins, else 0."""
    rim = np.zeros(forms.shape, dtype=np.float32)
    rim[:, 1:] += forms[:, 1:] != forms[:, :-1]
    rim[1:] += forms[1:] != forms[:-1]
    return np.minimum(rim, 1.0)


def soften(field: Floats, radius: int) -> Floats:
    """A map blurred by a box of 2 * `radius` + 1 in both directions."""
    return _average(_average(field, radius).T, radius).T


def _average(field: Floats, radius: int) -> Floats:
    padded = np.pad(field, ((radius, radius), (0, 0)), mode="edge")
    total = padded[: len(field)].astype(np.float32)
    for start in range(1, 2 * radius + 1):
        total += padded[start : start + len(field)]
    total *= np.float32(1 / (2 * radius + 1))
    return total


def _beneath(forms: Marks, reach: int) -> Bools:
    """Where a body in front is within `reach`."""
    highest = forms.copy()
    for axis in (0, 1):
        for _ in range(reach):
            along = highest if axis else highest.T
            along[:, 1:] = np.maximum(along[:, 1:], along[:, :-1])
            along[:, :-1] = np.maximum(along[:, :-1], along[:, 1:])
    return highest > forms


def _rise(height: Floats, forms: Marks) -> Floats:
    left, right = height[:, :-1], height[:, 1:]
    same = forms[:, 1:] == forms[:, :-1]
    over = forms[:, 1:] > forms[:, :-1]
    step = (right - left) * same
    rise = np.zeros_like(height)
    rise[:, 1:] += step + right * over
    rise[:, :-1] += step - left * ~(same | over)
    return rise * 0.5


def _spread(height: Floats, shape: tuple[int, ...]) -> Floats:
    return height.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]


def _relax(height: Floats, forms: Marks, rounds: int) -> Floats:
    """Rounds of averaging with the neighbours of the same body. What lies behind a body pulls it down to its rim; under
    a body in front, and beyond the sheet's edge, it goes on as it is.
    """
    share = _KEEP / 4
    across, along = forms[:, 1:] == forms[:, :-1], forms[1:] == forms[:-1]
    own = _covered(forms).astype(np.float32) * share
    across, along = across.astype(np.float32) * share, along.astype(np.float32) * share
    for _ in range(rounds):
        fresh = height * own
        fresh += 0.25
        fresh[:, 1:] += height[:, :-1] * across
        fresh[:, :-1] += height[:, 1:] * across
        fresh[1:] += height[:-1] * along
        fresh[:-1] += height[1:] * along
        height = fresh
    return height


def _covered(forms: Marks) -> Marks:
    """On how many of its four sides each point goes on under a body in front or beyond the sheet's edge."""
    sides = np.zeros_like(forms)
    for ahead, behind in ((forms[:, 1:], forms[:, :-1]), (forms[1:], forms[:-1])):
        axis = 1 if ahead.shape[1] < forms.shape[1] else 0
        lower = sides[:, :-1] if axis else sides[:-1]
        upper = sides[:, 1:] if axis else sides[1:]
        lower += ahead > behind
        upper += behind > ahead
    sides[[0, -1]] += 1
    sides[:, [0, -1]] += 1
    return sides
