"""What comes before and after the story: the opened cover, the title page and the end."""

from dataclasses import dataclass, replace

from PIL.Image import Image
from reportlab.pdfgen.canvas import Canvas

from storybook.domain.book_spec import Language
from storybook.editions.breaking import pieces_of
from storybook.editions.layout import Box, TypeRule, fit, fit_heading
from storybook.editions.ornaments import draw_sky, draw_sprig, hills, strewn
from storybook.editions.palette import Color, Palette, palette_of, veil_over
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
from storybook.editions.spreads import PROSE
from storybook.editions.typefaces import text_face, title_face


@dataclass(frozen=True)
class Window:
    """A round opening, in points."""

    x: float
    y: float
    radius: float

    @property
    def frame(self) -> Frame:
        return Frame(self.x - self.radius, self.y - self.radius, 2 * self.radius, 2 * self.radius)


_TITLE = TypeRule(50.0, 28.0, leading=1.22, hang_quotes=False)
_PLATE = Frame(FOLD / 2 - 135, HEIGHT / 2 - 86, 270, 172)
_BEYOND_PLATE = _PLATE.grown(14)
_MEDALLION = Window(WIDTH / 2, 396, 138)
_INNER_TITLE = Frame(WIDTH / 2 - 290, 146, 580, 88)
_BENEATH_MEDALLION = Frame(WIDTH / 2 - 260, 80, 520, 170)
_LAST_WINDOW = Window(FOLD / 2 + 6, HEIGHT / 2 + 24, 170)


@dataclass(frozen=True)
class Opening:
    """What the cover and the title page show. `hero` may be empty; `margin` is the bare paper around the picture."""

    title: str
    hero: str
    language: Language
    artwork: Artwork
    small: Image
    margin: Color | None


@dataclass(frozen=True)
class Ending:
    """The last page. `moral` may be empty; `colophon` are lines."""

    moral: str
    colophon: tuple[str, ...]
    language: Language
    artwork: Artwork
    palette: Palette
    margin: Color | None


def draw_opening(canvas: Canvas, opening: Opening, phrases: Phrases) -> None:
    """The front cover with the title over the quiet top of its picture; the owner's plate on the inner leaf."""
    art = Frame(WIDTH - PICTURE_WIDTH, 0, PICTURE_WIDTH, HEIGHT)
    palette = palette_of(opening.small)
    draw_artwork(canvas, opening.artwork, art, rectangle(canvas, art))
    _draw_title(canvas, opening, Frame(FOLD, 0, WIDTH - FOLD, HEIGHT))
    canvas.setFillColorRGB(*palette.cloth)
    canvas.rect(-5, -5, FOLD + 5, HEIGHT + 10, stroke=0, fill=1)
    pattern = palette.cloth.towards(palette.paper, 0.16)
    places = strewn(Frame(8, 8, FOLD - 18, HEIGHT - 16), 64, len(opening.title), clear=(_BEYOND_PLATE,))
    draw_sky(canvas, places, pattern, len(opening.title), sparks=True)
    _draw_plate(canvas, opening, palette, phrases)


def _draw_title(canvas: Canvas, opening: Opening, cover: Frame) -> None:
    face = title_face(opening.language)
    frame = Frame(cover.x + 36, cover.top - 214, cover.width - 72, 176)
    block = fit_heading([pieces_of(opening.title)], frame.box, _TITLE, face.width)
    placed = lowered(frame, block, 0.3)
    veil = veil_over(opening.small, (HEIGHT - placed.top + block.height) / HEIGHT)
    if veil.opacity:
        draw_glow(canvas, block, placed, face, veil.color, veil.opacity)
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


def draw_title_page(canvas: Canvas, opening: Opening, phrases: Phrases) -> None:
    """A round detail of the cover over hills, the title, and whom the story is about."""
    palette = palette_of(opening.small)
    _draw_ground(canvas, palette, len(opening.title))
    draw_sky(canvas, _sky_places(len(opening.title)), palette.tint, len(opening.title), sparks=True)
    _draw_window(canvas, opening.artwork, palette, _MEDALLION, zoom=1.14 if opening.margin else 1.04)
    face = title_face(opening.language)
    rule = replace(_TITLE, largest=44.0)
    title = fit_heading([pieces_of(opening.title)], _INNER_TITLE.box, rule, face.width)
    words = pieces_of(phrases.about.format(hero=opening.hero)) if opening.hero else ()
    room = lowered(_INNER_TITLE, title, 0.3 if words else 0.6)
    draw_block(canvas, title, room, face, palette.accent, centred=True)
    foot = room.top - title.height
    draw_sprig(canvas, _INNER_TITLE.middle, foot - 24, palette.accent)
    about = fit([words], Box(_INNER_TITLE.width, 26), TypeRule(19.0), text_face(opening.language).width)
    place = Frame(_INNER_TITLE.x, foot - 46 - about.height, _INNER_TITLE.width, about.height)
    draw_block(canvas, about, place, text_face(opening.language), palette.ink, centred=True)


def _sky_places(seed: int) -> list[tuple[float, float]]:
    sky = Frame(24, 130, WIDTH - 48, HEIGHT - 150)
    clear = (_MEDALLION.frame.grown(34), _BENEATH_MEDALLION)
    return strewn(sky, 46, seed, clear=clear)


def _draw_ground(canvas: Canvas, palette: Palette, seed: int) -> None:
    canvas.setFillColorRGB(*palette.paper)
    canvas.rect(-5, -5, WIDTH + 10, HEIGHT + 10, stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.paper.towards(palette.tint, 0.5))
    canvas.drawPath(hills(canvas, Frame(-20, 0, WIDTH + 40, 92), seed), stroke=0, fill=1)
    canvas.setFillColorRGB(*palette.tint)
    canvas.drawPath(hills(canvas, Frame(-20, 0, WIDTH + 40, 56), seed + 1), stroke=0, fill=1)


def draw_ending(canvas: Canvas, ending: Ending, phrases: Phrases) -> None:
    """A round window back into the story, the moral, and who made the book."""
    palette = ending.palette
    _draw_ground(canvas, palette, 7)
    _draw_window(canvas, ending.artwork, palette, _LAST_WINDOW, zoom=1.12 if ending.margin else 1.0)
    column = Frame(FOLD + 40, 0, FOLD - 96, HEIGHT)
    face = title_face(ending.language)
    end = fit([pieces_of(phrases.the_end)], Box(column.width, 60), TypeRule(44.0), face.width)
    draw_block(canvas, end, Frame(column.x, 358, column.width, 60), face, palette.accent, centred=True)
    draw_sprig(canvas, column.middle, 338, palette.accent)
    _draw_moral(canvas, ending, Frame(column.x, 186, column.width, 120))
    _draw_colophon(canvas, ending, Frame(column.x, 98, column.width, 76))


def _draw_window(canvas: Canvas, artwork: Artwork, palette: Palette, window: Window, *, zoom: float) -> None:
    for ring, color in ((14, palette.tint), (8, palette.paper)):
        canvas.setFillColorRGB(*color)
        canvas.circle(window.x, window.y, window.radius + ring, stroke=0, fill=1)
    shape = circle(canvas, window.x, window.y, window.radius)
    draw_artwork(canvas, artwork, window.frame, shape, rise=0.35, zoom=zoom)


def _draw_moral(canvas: Canvas, ending: Ending, frame: Frame) -> None:
    face = text_face(ending.language)
    rule = replace(PROSE[ending.language], largest=19.0, hang_quotes=False)
    block = fit_heading([pieces_of(line) for line in ending.moral.splitlines()], frame.box, rule, face.width)
    draw_block(canvas, block, frame, face, ending.palette.ink, centred=True)


def _draw_colophon(canvas: Canvas, ending: Ending, frame: Frame) -> None:
    face = text_face(ending.language)
    rule = TypeRule(9.5, leading=1.5, paragraph_gap=0.1, hang_quotes=False)
    block = fit([pieces_of(line) for line in ending.colophon], frame.box, rule, face.width)
    draw_block(canvas, block, lowered(frame, block, 1.0), face, ending.palette.ink, centred=True)
