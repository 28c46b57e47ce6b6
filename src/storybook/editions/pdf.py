"""The screen edition of a book: a PDF to read, and to print on A4 landscape."""

import io

from reportlab.pdfgen.canvas import Canvas

from storybook.editions.bookends import Ending, Opening, draw_ending, draw_opening, draw_title_page
from storybook.editions.manuscript import Manuscript
from storybook.editions.palette import margin_of, palette_of, thumbnail
from storybook.editions.phrases import Phrases, phrases_in
from storybook.editions.sheet import HEIGHT, WIDTH, Artwork
from storybook.editions.spreads import StorySpread, draw_story, set_pages
from storybook.editions.typefaces import printable, text_face


def render_pdf(manuscript: Manuscript) -> bytes:
    """A PDF of cover, title page, one page for each page of the story, and end page; the same bytes for the same book.

    All text is live and its fonts are embedded; characters that no font has are left out.
    Raises OSError where a picture cannot be read.
    """
    phrases = phrases_in(manuscript.language)
    title = " ".join(printable(manuscript.title).split()) or phrases.untitled
    target = io.BytesIO()
    canvas = _canvas(target, manuscript, title, phrases)
    _add_opening(canvas, manuscript, title, phrases)
    _add_story(canvas, manuscript, phrases)
    _add_ending(canvas, manuscript, phrases)
    canvas.save()
    return target.getvalue()


def _canvas(target: io.BytesIO, manuscript: Manuscript, title: str, phrases: Phrases) -> Canvas:
    canvas = Canvas(
        target,
        pagesize=(WIDTH, HEIGHT),
        pageCompression=1,
        invariant=1,
        lang=manuscript.language.value,
        # Without it every page would name Helvetica, which is not embedded
        initialFontName=text_face(manuscript.language).leading_font,
    )
    day = manuscript.created
    canvas.setDateFormatter(lambda *_: f"D:{day:%Y%m%d}000000Z")
    canvas.setTitle(title)
    canvas.setAuthor(", ".join(manuscript.made_by))
    canvas.setSubject(phrases.subject)
    canvas.setCreator("ai-story-book")
    canvas.setKeywords(f"AI, {phrases.subject}")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


def _finish(canvas: Canvas, key: str, heading: str) -> None:
    canvas.bookmarkPage(key)
    canvas.addOutlineEntry(heading, key)
    canvas.showPage()


def _add_opening(canvas: Canvas, manuscript: Manuscript, title: str, phrases: Phrases) -> None:
    small = thumbnail(manuscript.cover)
    opening = Opening(
        title=title,
        hero=" ".join(printable(manuscript.hero or "").split()),
        language=manuscript.language,
        artwork=Artwork(manuscript.cover),
        small=small,
        margin=margin_of(small),
    )
    draw_opening(canvas, opening, phrases)
    _finish(canvas, "cover", phrases.cover)
    draw_title_page(canvas, opening, phrases)
    _finish(canvas, "title", phrases.title_page)


def _add_story(canvas: Canvas, manuscript: Manuscript, phrases: Phrases) -> None:
    blocks = set_pages([printable(page.text) for page in manuscript.pages], manuscript.language)
    for page, block in zip(manuscript.pages, blocks, strict=True):
        small = thumbnail(page.picture)
        spread = StorySpread(
            number=page.page_number,
            block=block,
            language=manuscript.language,
            artwork=Artwork(page.picture),
            palette=palette_of(small),
            margin=margin_of(small),
        )
        draw_story(canvas, spread)
        _finish(canvas, f"page-{page.page_number}", phrases.page.format(number=page.page_number))


def _add_ending(canvas: Canvas, manuscript: Manuscript, phrases: Phrases) -> None:
    names = (phrases.names.get(name, printable(name)) for name in manuscript.made_by)
    makers = ", ".join(filter(None, names))
    colophon = (phrases.made, phrases.makers.format(makers=makers) if makers else "")
    last = manuscript.pages[-1].picture if manuscript.pages else manuscript.cover
    small = thumbnail(last)
    ending = Ending(
        moral=printable(manuscript.moral or ""),
        colophon=(*filter(None, colophon), phrases.date_of(manuscript.created)),
        language=manuscript.language,
        artwork=Artwork(last),
        palette=palette_of(small),
        margin=margin_of(small),
    )
    draw_ending(canvas, ending, phrases)
    _finish(canvas, "end", phrases.the_end)
