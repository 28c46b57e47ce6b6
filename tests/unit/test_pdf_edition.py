"""The screen edition: live text in embedded fonts, pictures as they were, the same bytes for the same book."""

import datetime as dt
import io
import pickle
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from storybook.domain.book_spec import Language
from storybook.editions.manuscript import Manuscript, ManuscriptPage
from storybook.editions.palette import Color, palette_of, thumbnail, veil_over
from storybook.editions.pdf import render_pdf

A4_LANDSCAPE = (841.89, 595.28)
TITLES = {Language.KO: "하루와 별 돌", Language.EN: "Haru and the Star", Language.JA: "ハルと星の石"}
TEXTS = {
    Language.KO: "하루는 숲에서 돌을 주웠어요. “누구의 돌일까?”",
    Language.EN: "Haru found a stone. “Whose is it?” he asked.",
    Language.JA: "ハルは森で石をひろいました。「だれの石かな？」",
}


def picture(color: str | tuple[int, int, int] = "skyblue", kind: str = "JPEG", mode: str = "RGB") -> bytes:
    image = Image.new(mode, (96, 128), color)
    ImageDraw.Draw(image).ellipse((30, 60, 70, 110), fill="orange")
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def manuscript(language: Language = Language.KO, **changes: Any) -> Manuscript:
    pages = tuple(
        ManuscriptPage(page_number=number, text=TEXTS[language], picture=picture((40 * number, 120, 90)))
        for number in range(1, 5)
    )
    values: dict[str, Any] = {
        "title": TITLES[language],
        "language": language,
        "cover": picture(),
        "pages": pages,
        "made_by": ("studio", "other maker"),
        "hero": "Haru",
        "created": dt.date(2026, 6, 3),
        "moral": "하루 Haru ハル",
    }
    return Manuscript(**values | changes)


def with_text(text: str, language: Language = Language.KO) -> Manuscript:
    page = ManuscriptPage(page_number=1, text=text, picture=picture())
    return manuscript(language, pages=(page,))


def read(document: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document))


def words_on(page: pypdf.PageObject) -> str:
    return "".join(page.extract_text().split())


def fonts_in(reader: pypdf.PdfReader) -> list[Any]:
    return [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]


@pytest.mark.parametrize("language", Language)
def test_every_page_has_its_text_in_order(language: Language) -> None:
    book = manuscript(language)
    cover, *story, end = read(render_pdf(book)).pages
    assert len(story) == len(book.pages)
    assert "".join(book.title.split()) in words_on(cover)
    for page, written in zip(story, book.pages, strict=True):
        assert words_on(page) == "".join(written.text.split()) + str(written.page_number)
    for told in ("하루Haruハル", "studio,othermaker", "AI", "2026"):
        assert told in words_on(end)
    for page in (cover, *story, end):
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4_LANDSCAPE, abs=0.1)


def test_the_document_says_what_it_is() -> None:
    reader = read(render_pdf(manuscript(Language.JA)))
    assert reader.metadata is not None
    assert reader.metadata.title == TITLES[Language.JA]
    assert "AI" in str(reader.metadata.subject)
    assert reader.metadata.creation_date == dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
    assert str(reader.root_object["/Lang"]) == "ja"
    assert len(reader.outline) == 6


@pytest.mark.parametrize("language", Language)
def test_every_font_is_embedded_as_a_subset(language: Language) -> None:
    document = render_pdf(manuscript(language))
    fonts = fonts_in(read(document))
    assert fonts
    for font in fonts:
        assert "+" in font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]
        assert "/ToUnicode" in font


def test_jpegs_are_embedded_byte_by_byte() -> None:
    book = manuscript()
    document = render_pdf(book)
    for encoded in (book.cover, *(page.picture for page in book.pages)):
        assert document.count(encoded) == 1


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "L"), ("JPEG", "CMYK")]
)
def test_pictures_of_other_kinds_are_shown(kind: str, mode: str) -> None:
    encoded = picture("white", kind, "RGB")
    target = io.BytesIO()
    Image.open(io.BytesIO(encoded)).convert(mode).save(target, kind)
    assert read(render_pdf(manuscript(cover=target.getvalue()))).pages[0].images


def test_a_picture_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        render_pdf(manuscript(cover=b"no picture"))


def test_the_same_book_gives_the_same_bytes() -> None:
    book = manuscript(Language.EN)
    assert render_pdf(book) == render_pdf(pickle.loads(pickle.dumps(book)))  # noqa: S301
    assert render_pdf(book) != render_pdf(manuscript(Language.EN, title="Another"))


@pytest.mark.parametrize(
    ("language", "title"), [(Language.KO, "작은"), (Language.EN, "Little"), (Language.JA, "ちいさな")]
)
def test_a_title_that_no_font_can_show_becomes_a_plain_one(language: Language, title: str) -> None:
    reader = read(render_pdf(manuscript(language, title="🦊🌟", hero="🦊")))
    assert title in words_on(reader.pages[0])
    assert reader.metadata is not None
    assert reader.metadata.title


def test_unshown_characters_leave_no_trace() -> None:
    page = read(render_pdf(with_text("여우🦊가 𝕏 웃었어요.‍ 😀"))).pages[1]
    assert words_on(page) == "여우가웃었어요.1"


def test_a_text_that_no_font_can_show_leaves_the_picture() -> None:
    assert words_on(read(render_pdf(with_text("🦊🦊"))).pages[1]) == "1"


def test_mixed_scripts_are_all_there() -> None:
    title = "하루 and ハルの星 é"
    document = read(render_pdf(manuscript(Language.KO, title=title)))
    assert "".join(title.split()) in words_on(document.pages[0])


def test_a_book_may_lack_hero_moral_and_makers() -> None:
    reader = read(render_pdf(manuscript(Language.EN, hero=None, moral=None, made_by=())))
    assert "storyabout" not in words_on(reader.pages[0])
    assert "Madewith" not in words_on(reader.pages[-1])
    assert "madewithAI" in words_on(reader.pages[-1])


def test_the_longest_book_can_be_set() -> None:
    page = [ManuscriptPage(page_number=n, text="가나다라 " * 120, picture=picture()) for n in range(1, 13)]
    book = manuscript(
        title="긴" * 80, hero="이름" * 20, moral="교훈 " * 40, made_by=("maker of words",) * 12, pages=tuple(page)
    )
    assert len(read(render_pdf(book)).pages) == 14


@given(st.text(min_size=1, max_size=600), st.text(max_size=80), st.sampled_from(Language))
@settings(max_examples=30, deadline=None)
def test_no_words_make_it_fail(text: str, title: str, language: Language) -> None:
    page = ManuscriptPage(page_number=1, text=text, picture=picture())
    book = manuscript(language, title=title, hero=title, moral=text[:120], pages=(page,))
    assert render_pdf(book).startswith(b"%PDF")


def contrast(one: Color, other: Color) -> float:
    def luminance(color: Color) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_a_busy_picture_gets_a_veil_under_the_title() -> None:
    image = Image.effect_mandelbrot((96, 128), (-2, -1.2, 0.6, 1.2), 80).convert("RGB")
    image.paste("white", (0, 0, 48, 64))
    target = io.BytesIO()
    image.save(target, "JPEG")
    plain, busy = manuscript(), manuscript(cover=target.getvalue())
    assert veil_over(thumbnail(plain.cover), 0.3).opacity == 0
    assert veil_over(thumbnail(busy.cover), 0.3).opacity > 0.3
    assert len(read(render_pdf(busy)).pages[0].images) == 2


COLORS = st.tuples(*[st.integers(0, 255)] * 3)


@given(COLORS)
@settings(max_examples=60, deadline=None)
def test_type_is_readable_on_every_tone(color: tuple[int, int, int]) -> None:
    small = thumbnail(picture(color))
    palette = palette_of(small)
    assert contrast(palette.ink, palette.paper) >= 9
    assert contrast(palette.accent, palette.paper) >= 4
    assert contrast(palette.paper, palette.cloth) >= 4.5
    veil = veil_over(small, 0.3)
    ground = Color(*(part / 255 for part in color)).towards(veil.color, veil.opacity)
    assert contrast(veil.ink, ground) >= 4.5
