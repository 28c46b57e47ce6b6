"""Setting type: text, the widths of its letters and a box give lines and a size. Nothing here knows of PDF.

Widths of letters are in em, so that one measurement serves every size; boxes and sizes are in points.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from storybook.editions.breaking import Paragraph, crumbs_of

Measure = Callable[[str], float]
"""The width of a text in em."""

_STEP = 0.25
_SMALLEST = 1.0
_VERSE_LINES = 8
_HEADING_SHARES = (1.0, 0.92, 0.84, 0.76, 0.68)
_SHORTEST_LAST_LINE = 0.45
_PER_LINE, _LONELY = 0.2, 0.4
_HANGING = {"“": 1.0, "‘": 1.0, '"': 1.0, "「": 0.5, "『": 0.5, "（": 0.5}
_MARKS = '“”‘’"「」『』（）.,!?…。、！？'
_BEGUN, _LONE, _PAUSE = 0.4, 0.08, -0.03
_ASCENT = 0.8
_DESCENT = 0.25


@dataclass(frozen=True)
class Box:
    width: float
    height: float


@dataclass(frozen=True)
class TypeRule:
    """Sizes are in points, `leading` and `paragraph_gap` in em. Pieces stay whole while the size is `comfortable`."""

    largest: float
    comfortable: float = 1.0
    leading: float = 1.5
    paragraph_gap: float = 0.5
    hang_quotes: bool = True


class Line(NamedTuple):
    """`baseline` is the distance below the top of the block, `indent` that from its left edge; all in points."""

    text: str
    width: float
    baseline: float
    indent: float


@dataclass(frozen=True)
class Block:
    """Text that was set. Every line lies within the width of its box, `height` within its height."""

    size: float
    height: float
    lines: tuple[Line, ...]

    @property
    def width(self) -> float:
        return max((line.width + line.indent for line in self.lines), default=0.0)


class _Token(NamedTuple):
    text: str
    gap: str
    width: float
    gap_width: float


_Tokens = list[_Token]


def fit(paragraphs: Sequence[Paragraph], box: Box, rule: TypeRule, measure: Measure) -> Block:
    """The text at the largest size, up to that of the rule, at which all of it lies within the box.

    Raises ValueError where the text does not fit even at one point.
    """
    texts = [_tokens(paragraph, measure) for paragraph in paragraphs]
    comfortable = min(rule.largest, rule.comfortable)
    widest = max((token.width for text in texts for token in text), default=0.0)
    whole = min(rule.largest, box.width / widest) if widest else rule.largest
    size = _largest(texts, box, rule, whole, measure)
    if whole < rule.largest and (size is None or size < comfortable):
        size = _largest(texts, box, rule, rule.largest, measure)
    if size is None:
        raise ValueError("the text is too long for its box")
    return _block(texts, box, rule, size, measure)


def fit_heading(paragraphs: Sequence[Paragraph], box: Box, rule: TypeRule, measure: Measure) -> Block:
    """Like `fit`, but rather somewhat smaller than in more lines or with a last line much shorter than the others."""
    largest = fit(paragraphs, box, rule, measure)
    sizes = [largest.size * share for share in _HEADING_SHARES]
    return min((fit(paragraphs, box, replace(rule, largest=size), measure) for size in sizes), key=_plainness(largest))


def _plainness(largest: Block) -> Callable[[Block], float]:
    def cost(block: Block) -> float:
        lonely = bool(block.lines) and block.lines[-1].width < _SHORTEST_LAST_LINE * block.width
        smaller = 1 - block.size / largest.size
        return smaller + _PER_LINE * max(0, len(block.lines) - 2) + _LONELY * lonely

    return cost


def _largest(texts: list[_Tokens], box: Box, rule: TypeRule, limit: float, measure: Measure) -> float | None:
    """The largest size up to the limit at which the texts fit, if any does."""
    low, high = round(_SMALLEST / _STEP), int(limit / _STEP)
    if high < low or not _fits(texts, box, rule, low * _STEP, measure):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(texts, box, rule, middle * _STEP, measure):
            low = middle
        else:
            high = middle - 1
    return low * _STEP


def _tokens(paragraph: Paragraph, measure: Measure) -> _Tokens:
    return [_Token(piece.text, piece.gap, measure(piece.text), measure(piece.gap)) for piece in paragraph]


def _fits(texts: list[_Tokens], box: Box, rule: TypeRule, size: float, measure: Measure) -> bool:
    capacity = box.width / size
    lines = [line for text in texts for line in _filled(text, capacity, measure)]
    wide = any(len(line) == 1 and line[0].width > capacity for line in lines)
    return not wide and _height(len(lines), len(texts), rule) * size <= box.height


def _height(lines: int, paragraphs: int, rule: TypeRule) -> float:
    if not lines:
        return 0.0
    return _ASCENT + _DESCENT + (lines - 1) * rule.leading + (paragraphs - 1) * _gap(paragraphs, rule)


def _gap(paragraphs: int, rule: TypeRule) -> float:
    return rule.paragraph_gap if paragraphs <= _VERSE_LINES else 0.0


def _filled(tokens: _Tokens, capacity: float, measure: Measure) -> list[_Tokens]:
    """Lines filled one after another; a piece wider than a line is broken into crumbs, and those into letters."""
    lines: list[_Tokens] = []
    room = 0.0
    for token in _narrowed(tokens, capacity, measure):
        needed = token.gap_width + token.width
        if lines and needed <= room:
            lines[-1].append(token)
            room -= needed
        else:
            lines.append([token])
            room = capacity - token.width
    return lines


def _narrowed(tokens: _Tokens, capacity: float, measure: Measure) -> _Tokens:
    narrowed: _Tokens = []
    for token in tokens:
        if token.width <= capacity:
            narrowed.append(token)
            continue
        crumbs = [
            part for crumb in crumbs_of(token.text) for part in ([crumb] if measure(crumb) <= capacity else crumb)
        ]
        narrowed.append(_Token(crumbs[0], token.gap, measure(crumbs[0]), token.gap_width))
        narrowed.extend(_Token(crumb, "", measure(crumb), 0.0) for crumb in crumbs[1:])
    return narrowed


def _balanced(tokens: _Tokens, capacity: float, measure: Measure) -> list[_Tokens]:
    """As few lines as can be, as even as can be, and broken where a reader would pause."""
    if not tokens or any(token.width > capacity for token in tokens):
        return _filled(tokens, capacity, measure)
    best = [(0, 0.0, 0)]
    for end in range(1, len(tokens) + 1):
        best.append(min(_ways_to(end, tokens, capacity, best)))
    lines: list[_Tokens] = []
    end = len(tokens)
    while end:
        start = best[end][2]
        lines.insert(0, tokens[start:end])
        end = start
    return lines


def _ways_to(
    end: int, tokens: _Tokens, capacity: float, best: list[tuple[int, float, int]]
) -> Iterator[tuple[int, float, int]]:
    """For each possible last line of the tokens before `end`: how many lines, how uneven, and where it starts."""
    pause = 0.0 if end == len(tokens) else _roughness(tokens[end - 1].text) * capacity**2
    width = 0.0
    for start in range(end - 1, -1, -1):
        width += tokens[start].width
        if width > capacity:
            return
        lines, uneven, _ = best[start]
        yield lines + 1, uneven + (capacity - width) ** 2 + pause, start
        width += tokens[start].gap_width


def _roughness(last: str) -> float:
    """How much a line's end disturbs: after a mark readers pause; a lone letter or a speech just begun hangs there."""
    core = last.strip(_MARKS)
    if last[0] in _HANGING and last[-1] not in _MARKS:
        return _BEGUN
    if len(core) == 1 and last == core:
        return _LONE
    return _PAUSE if last[-1] in _MARKS else 0.0


def _block(texts: list[_Tokens], box: Box, rule: TypeRule, size: float, measure: Measure) -> Block:
    lines: list[Line] = []
    baseline = _ASCENT
    for text in texts:
        for tokens in _balanced(text, box.width / size, measure):
            words = tokens[0].text + "".join(token.gap + token.text for token in tokens[1:])
            indent = -_HANGING.get(words[0], 0.0) * measure(words[0]) if rule.hang_quotes else 0.0
            lines.append(Line(words, measure(words) * size, baseline * size, indent * size))
            baseline += rule.leading
        baseline += _gap(len(texts), rule)
    return Block(size, _height(len(lines), len(texts), rule) * size, tuple(lines))
