"""The pages of the screen edition: the opened cover, a spread for each page of the story, and the end."""

from dataclasses import dataclass, replace
from statistics import median

from PIL.Image import Image
from reportlab.pdfgen.canvas import Canvas

from storybook.domain.book_spec import Language
from storybook.editions.breaking import paragraphs_of, pieces_of
from storybook.editions.layout import Block, Box, TypeRule, fit, fit_heading
from storybook.editions.ornaments import cut_leaf, draw_sky, draw_sprig, hills, strewn
from storybook.editions.palette import Palette, palette_of, veil_over
from storybook.editions.phrases import Phrases
from storybook.editions.sheet import (
    FOLD,
    HEIGHT,
    PICTURE_WIDTH,
    WIDTH,
    Artwork,
    Frame,
    circle,
    draw_artwork,
    draw_block,
    draw_glow,
    lowered,
    rectangle,
)
from storybook.editions.typefaces import text_face, title_face

LEAF = WIDTH - PICTURE_WIDTH + 14
_COMFORTABLE = 15.0
_SHARE_OF_MEDIAN = 0.72
_PROSE = {
    Language.EN: TypeRule(29.0, _COMFORTABLE, leading=1.5),
    Language.KO: TypeRule(26.0, _COMFORTABLE, leading=1.6),
    Language.JA: TypeRule(24.0, _COMFORTABLE, leading=1.7),
}
_TITLE = TypeRule(50.0, 28.0, leading=1.22, hang_quotes=False)
_TEXT_WIDTH, _TEXT_HEIGHT = 314.0, 428.0
_PLATE = Frame(FOLD / 2 - 135, HEIGHT / 2 - 78, 270, 172)
_HERO = Frame(60, 52, FOLD - 120, 44)
_BEYOND_PLATE = _PLATE.grown(14)
_BEYOND_HERO = _HERO.grown(6)


@dataclass(frozen=True)
class Opening:
    """What the opened cover shows. `hero` may be empty."""

    title: str
    hero: str
    language: Language
    artwork: Artwork
    small: Image


@dataclass(frozen=True)
class StorySpread:
    number: int
    block: Block
    language: Language
    artwork: Artwork
    palette: Palette


@dataclass(frozen=True)
class Ending:
    """The last page. `moral` may be empty; `colophon` are lines."""

    moral: str
    colophon: tuple[str, ...]
    language: Language
    artwork: Artwork
    palette: Palette


def set_pages(texts: list[str], language: Language) -> list[Block]:
    """The type of every page: one size for the whole book, unless a page much longer than most needs a smaller one."""
    face, rule, box = text_face(language), _PROSE[language], Box(_TEXT_WIDTH, _TEXT_HEIGHT)
    paragraphs = [paragraphs_of(text, language) for text in texts]
    alone = [fit(page, box, rule, face.width) for page in paragraphs]
    sizes = [block.size for block in alone] or [rule.largest]
    common = max(_COMFORTABLE, min(sizes), _SHARE_OF_MEDIAN * median(sizes))
    return [
        fit(page, box, replace(rule, largest=min(common, block.size)), face.width)
        for page, block in zip(paragraphs, alone, strict=True)
    ]


def draw_story(canvas: Canvas, spread: StorySpread) -> None:
    """The picture at full height on one side, the words on a leaf of paper on the other; sides change by page."""
    words_left = spread.number % 2 == 0
    palette = spread.palette
    art = Frame(WIDTH - PICTURE_WIDTH if words_left else 0, 0, PICTURE_WIDTH, HEIGHT)
    draw_artwork(canvas, spread.artwork, art, rectangle(canvas, art))
    leaf = Frame(0 if words_left else WIDTH - LEAF, 0, LEAF, HEIGHT)
    _draw_leaf(canvas, leaf, palette, spread.number, words_left=words_left)
    text = Frame(leaf.middle - _TEXT_WIDTH / 2 + (-6 if words_left else 6), 98, _TEXT_WIDTH, _TEXT_HEIGHT)
    inset = Frame(text.x + max(0.0, (text.width - spread.block.width) / 2), text.y, text.width, text.height)
    draw_block(canvas, spread.block, lowered(inset, spread.block, 0.46), text_face(spread.language), palette.ink)
    _draw_number(canvas, leaf, spread)


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
    wide = Frame(leaf.x - 20, 0, leaf.width + 40, 88)
    canvas.setFillColorRGB(*palette.paper.towards(palette.tint, 0.5))
    canvas.drawPath(hills(canvas, wide, seed + 100), stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.tint)
    canvas.drawPath(hills(canvas, Frame(wide.x, 0, wide.width, 60), seed + 200), stroke=0, fill=1)
    sky = Frame(leaf.x + 30, HEIGHT - 46, leaf.width - 60, 30)
    draw_sky(canvas, strewn(sky, 6, seed), palette.tint, seed, sparks=palette.is_dark)
    canvas.restoreState()


def _draw_number(canvas: Canvas, leaf: Frame, spread: StorySpread) -> None:
    face = title_face(spread.language)
    canvas.setFillColorRGB(*spread.palette.paper)
    canvas.circle(leaf.middle, 27, 13.5, stroke=0, fill=1)
    block = fit([pieces_of(str(spread.number))], Box(27, 20), TypeRule(13.0), face.width)
    draw_block(canvas, block, Frame(leaf.middle - 13.5, 22.4, 27, 10.4), face, spread.palette.accent, centred=True)


def draw_opening(canvas: Canvas, opening: Opening, phrases: Phrases) -> None:
    """The front cover with the title over the quiet top of its picture; the owner's plate on the inner leaf."""
    art = Frame(WIDTH - PICTURE_WIDTH, 0, PICTURE_WIDTH, HEIGHT)
    palette = palette_of(opening.small)
    draw_artwork(canvas, opening.artwork, art, rectangle(canvas, art))
    _draw_title(canvas, opening, Frame(FOLD, 0, WIDTH - FOLD, HEIGHT))
    canvas.setFillColorRGB(*palette.cloth)
    canvas.rect(-5, -5, FOLD + 5, HEIGHT + 10, stroke=0, fill=1)
    pattern = palette.cloth.towards(palette.paper, 0.16)
    places = strewn(Frame(8, 8, FOLD - 18, HEIGHT - 16), 64, len(opening.title), clear=(_BEYOND_PLATE, _BEYOND_HERO))
    draw_sky(canvas, places, pattern, len(opening.title), sparks=True)
    _draw_plate(canvas, opening, palette, phrases)


def _draw_title(canvas: Canvas, opening: Opening, cover: Frame) -> None:
    face = title_face(opening.language)
    frame = Frame(cover.x + 36, cover.top - 214, cover.width - 72, 176)
    block = fit_heading([pieces_of(opening.title)], frame.box, _TITLE, face.width)
    placed = lowered(frame, block, 0.3)
    veil = veil_over(opening.small, (HEIGHT - placed.top + block.height) / HEIGHT)
    if veil.opacity:
        draw_glow(canvas, block, placed, veil.color, veil.opacity)
    draw_block(canvas, block, placed, face, veil.ink, centred=True)


def _draw_plate(canvas: Canvas, opening: Opening, palette: Palette, phrases: Phrases) -> None:
    plate = _PLATE
    canvas.setFillColorRGB(*palette.paper)
    canvas.roundRect(plate.x, plate.y, plate.width, plate.height, 18, stroke=0, fill=1)
    canvas.setStrokeColorRGB(*palette.tint)
    canvas.setLineWidth(1.4)
    canvas.roundRect(plate.x + 8, plate.y + 8, plate.width - 16, plate.height - 16, 12, stroke=1, fill=0)
    draw_sprig(canvas, plate.middle, plate.top - 34, palette.accent)
    face = text_face(opening.language)
    label = Frame(plate.x + 24, plate.y + 74, plate.width - 48, 24)
    block = fit([pieces_of(phrases.belongs)], label.box, TypeRule(15.0), face.width)
    draw_block(canvas, block, label, face, palette.ink, centred=True)
    canvas.setStrokeColorRGB(*palette.accent)
    canvas.setLineCap(1)
    canvas.setDash([0.1, 5])
    canvas.setLineWidth(1.6)
    canvas.line(plate.x + 36, plate.y + 38, plate.x + plate.width - 36, plate.y + 38)
    canvas.setDash([])
    if opening.hero:
        words = pieces_of(phrases.about.format(hero=opening.hero))
        face = title_face(opening.language)
        block = fit([words], _HERO.box, TypeRule(17.0, leading=1.3), face.width)
        draw_block(canvas, block, lowered(_HERO, block), face, palette.paper, centred=True)


def draw_ending(canvas: Canvas, ending: Ending, phrases: Phrases) -> None:
    """A round window back into the story, the moral, and who made the book."""
    palette = ending.palette
    canvas.setFillColorRGB(*palette.paper)
    canvas.rect(-5, -5, WIDTH + 10, HEIGHT + 10, stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.paper.towards(palette.tint, 0.5))
    canvas.drawPath(hills(canvas, Frame(-20, 0, WIDTH + 40, 92), 7), stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.tint)
    canvas.drawPath(hills(canvas, Frame(-20, 0, WIDTH + 40, 56), 8), stroke=0, fill=1)
    _draw_window(canvas, ending.artwork, palette)
    column = Frame(FOLD + 40, 0, FOLD - 96, HEIGHT)
    face = title_face(ending.language)
    end = fit([pieces_of(phrases.the_end)], Box(column.width, 60), TypeRule(44.0), face.width)
    draw_block(canvas, end, Frame(column.x, 358, column.width, 60), face, palette.accent, centred=True)
    draw_sprig(canvas, column.middle, 338, palette.accent)
    _draw_moral(canvas, ending, Frame(column.x, 186, column.width, 120))
    _draw_colophon(canvas, ending, Frame(column.x, 98, column.width, 76))


def _draw_window(canvas: Canvas, artwork: Artwork, palette: Palette) -> None:
    x, y, radius = FOLD / 2 + 6, HEIGHT / 2 + 24, 170.0
    for ring, color in ((14, palette.tint), (8, palette.paper)):
        canvas.setFillColorRGB(*color)
        canvas.circle(x, y, radius + ring, stroke=0, fill=1)
    frame = Frame(x - radius, y - radius, 2 * radius, 2 * radius)
    draw_artwork(canvas, artwork, frame, circle(canvas, x, y, radius), rise=0.35)


def _draw_moral(canvas: Canvas, ending: Ending, frame: Frame) -> None:
    face = text_face(ending.language)
    rule = replace(_PROSE[ending.language], largest=19.0, hang_quotes=False)
    block = fit_heading([pieces_of(line) for line in ending.moral.splitlines()], frame.box, rule, face.width)
    draw_block(canvas, block, frame, face, ending.palette.ink, centred=True)


def _draw_colophon(canvas: Canvas, ending: Ending, frame: Frame) -> None:
    face = text_face(ending.language)
    rule = TypeRule(9.5, leading=1.5, paragraph_gap=0.1, hang_quotes=False)
    block = fit([pieces_of(line) for line in ending.colophon], frame.box, rule, face.width)
    draw_block(canvas, block, lowered(frame, block, 1.0), face, ending.palette.ink, centred=True)
