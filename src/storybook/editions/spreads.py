"""The pages of the story: the picture on one side, the words on the other."""

from dataclasses import dataclass, replace
from statistics import median

from reportlab.pdfgen.canvas import Canvas

from storybook.domain.book_spec import Language
from storybook.editions.breaking import paragraphs_of, pieces_of
from storybook.editions.layout import Block, Box, TypeRule, fit
from storybook.editions.ornaments import cut_leaf, draw_sky, hills, strewn
from storybook.editions.palette import Color, Palette
from storybook.editions.sheet import (
    HEIGHT,
    PICTURE_WIDTH,
    WIDTH,
    Artwork,
    Frame,
    draw_artwork,
    draw_block,
    lowered,
    rectangle,
)
from storybook.editions.typefaces import text_face, title_face

LEAF = WIDTH - PICTURE_WIDTH + 14
_COMFORTABLE = 15.0
_SHARE_OF_MEDIAN = 0.72
PROSE = {
    Language.EN: TypeRule(30.0, _COMFORTABLE, leading=1.5),
    Language.KO: TypeRule(28.0, _COMFORTABLE, leading=1.6),
    Language.JA: TypeRule(26.0, _COMFORTABLE, leading=1.7),
}
_TEXT_WIDTH, _TEXT_HEIGHT = 314.0, 428.0


@dataclass(frozen=True)
class StorySpread:
    """One page of the story. `margin` is the colour of the bare paper around its picture, if there is any."""

    number: int
    block: Block
    language: Language
    artwork: Artwork
    palette: Palette
    margin: Color | None


def set_pages(texts: list[str], language: Language) -> list[Block]:
    """The type of every page: one size for the whole book, unless a page much longer than most needs a smaller one."""
    face, rule, box = text_face(language), PROSE[language], Box(_TEXT_WIDTH, _TEXT_HEIGHT)
    paragraphs = [paragraphs_of(text, language) for text in texts]
    alone = [fit(page, box, rule, face.width) for page in paragraphs]
    sizes = [block.size for block in alone] or [rule.largest]
    common = max(_COMFORTABLE, min(sizes), _SHARE_OF_MEDIAN * median(sizes))
    return [
        fit(page, box, replace(rule, largest=min(common, block.size)), face.width)
        for page, block in zip(paragraphs, alone, strict=True)
    ]


def draw_story(canvas: Canvas, spread: StorySpread) -> None:
    """The picture at full height on one side, the words on the other; sides change by page.

    The words have a hand-cut leaf of paper, or the very sheet that the picture is painted on.
    """
    words_left = spread.number % 2 == 0
    art = Frame(WIDTH - PICTURE_WIDTH if words_left else 0, 0, PICTURE_WIDTH, HEIGHT)
    leaf = Frame(0 if words_left else WIDTH - LEAF, 0, LEAF, HEIGHT)
    palette = spread.palette
    if spread.margin:
        palette = replace(palette, paper=spread.margin)
        canvas.setFillColorRGB(*palette.paper)
        canvas.rect(-5, -5, WIDTH + 10, HEIGHT + 10, stroke=0, fill=1)
        _draw_land(canvas, leaf, palette, spread.number, fall=1 if words_left else -1)
        draw_artwork(canvas, spread.artwork, art, rectangle(canvas, art))
    else:
        draw_artwork(canvas, spread.artwork, art, rectangle(canvas, art))
        _draw_leaf(canvas, leaf, palette, spread.number, words_left=words_left)
    text = Frame(leaf.middle - _TEXT_WIDTH / 2 + (-6 if words_left else 6), 98, _TEXT_WIDTH, _TEXT_HEIGHT)
    inset = Frame(text.x + max(0.0, (text.width - spread.block.width) / 2), text.y, text.width, text.height)
    draw_block(canvas, spread.block, lowered(inset, spread.block, 0.46), text_face(spread.language), palette.ink)
    _draw_number(canvas, leaf, spread.number, spread.language, palette)


def _draw_leaf(canvas: Canvas, leaf: Frame, palette: Palette, seed: int, *, words_left: bool) -> None:
    outer, edge = (-10, leaf.width) if words_left else (WIDTH + 10, leaf.x)
    shape = cut_leaf(canvas, outer, edge, seed)
    canvas.saveState()
    canvas.translate(2.2 if words_left else -2.2, -1.2)
    canvas.setFillColorRGB(*palette.ink, alpha=0.2)
    canvas.drawPath(shape, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setFillColorRGB(*palette.paper)
    canvas.drawPath(shape, stroke=0, fill=1)
    canvas.saveState()
    canvas.clipPath(shape, stroke=0, fill=0)
    _draw_land(canvas, leaf.widened(20), palette, seed)
    canvas.restoreState()


def _draw_land(canvas: Canvas, leaf: Frame, palette: Palette, seed: int, *, fall: int = 0) -> None:
    canvas.setFillColorRGB(*palette.paper.towards(palette.tint, 0.5))
    canvas.drawPath(hills(canvas, Frame(leaf.x, 0, leaf.width, 88), seed + 100, fall), stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.tint)
    canvas.drawPath(hills(canvas, Frame(leaf.x, 0, leaf.width, 60), seed + 200, fall), stroke=0, fill=1)
    sky = Frame(leaf.x + 50, HEIGHT - 46, leaf.width - 100, 30)
    draw_sky(canvas, strewn(sky, 6, seed), palette.tint, seed, sparks=palette.is_dark)


def _draw_number(canvas: Canvas, leaf: Frame, number: int, language: Language, palette: Palette) -> None:
    face = title_face(language)
    canvas.setFillColorRGB(*palette.paper)
    canvas.circle(leaf.middle, 27, 13.5, stroke=0, fill=1)
    block = fit([pieces_of(str(number))], Box(27, 20), TypeRule(13.0), face.width)
    draw_block(canvas, block, Frame(leaf.middle - 13.5, 22.4, 27, 10.4), face, palette.accent, centred=True)
