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
from storybook.editions.palette import Color, margin_of, palette_of, thumbnail, veil_over
from storybook.editions.pdf import render_pdf

A4_LANDSCAPE = (841.89, 595.28)
TITLES = {Language.KO: "하루와 별 돌", Language.EN: "Haru and the Star", Language.JA: "ハルと星の石"}
ABOUT = {Language.KO: "Haru 이야기", Language.EN: "A story about Haru", Language.JA: "Haruのおはなし"}
STUDIO = {
    Language.KO: "ai-story-book스튜디오",
    Language.EN: "theai-story-bookstudio",
    Language.JA: "ai-story-bookスタジオ",
}
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
    cover, title, *story, end = read(render_pdf(book)).pages
    assert len(story) == len(book.pages)
    assert "".join(book.title.split()) in words_on(cover)
    assert words_on(title) == "".join((book.title + ABOUT[language]).split())
    for page, written in zip(story, book.pages, strict=True):
        assert words_on(page) == "".join(written.text.split()) + str(written.page_number)
    for told in ("하루Haruハル", STUDIO[language], "othermaker", "AI", "2026"):
        assert told in words_on(end)
    for page in (cover, title, *story, end):
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4_LANDSCAPE, abs=0.1)


def test_the_document_says_what_it_is() -> None:
    reader = read(render_pdf(manuscript(Language.JA)))
    assert reader.metadata is not None
    assert reader.metadata.title == TITLES[Language.JA]
    assert "AI" in str(reader.metadata.subject)
    assert reader.metadata.creation_date == dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
    assert str(reader.root_object["/Lang"]) == "ja"
    assert len(reader.outline) == 7


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


def test_a_picture_of_few_colours_keeps_every_pixel() -> None:
    encoded = picture("white", "PNG")
    (shown,) = read(render_pdf(with_text("하루").model_copy(update={"cover": encoded}))).pages[0].images
    assert shown.image is not None
    assert shown.image.convert("RGB").tobytes() == Image.open(io.BytesIO(encoded)).convert("RGB").tobytes()


def test_a_picture_with_bare_paper_around_it_lends_its_paper_to_the_page() -> None:
    image = Image.new("RGB", (960, 1280), (253, 249, 240))
    image.paste("seagreen", (40, 40, 920, 1240))
    target = io.BytesIO()
    image.save(target, "JPEG")
    margin = margin_of(thumbnail(target.getvalue()))
    assert margin == pytest.approx((253 / 255, 249 / 255, 240 / 255), abs=0.01)
    assert margin_of(thumbnail(picture())) is None
    page = ManuscriptPage(page_number=1, text=TEXTS[Language.KO], picture=target.getvalue())
    shown = read(render_pdf(manuscript(cover=target.getvalue(), pages=(page,)))).pages[2]
    assert words_on(shown) == "".join(page.text.split()) + "1"
    drawn = shown.get_contents()
    assert drawn is not None
    assert " ".join(f"{part:.6f}".strip("0") for part in margin or ()) in drawn.get_data().decode("latin-1")


def test_the_title_page_names_the_book_even_without_a_hero() -> None:
    title = read(render_pdf(manuscript(Language.EN, hero=None))).pages[1]
    assert words_on(title) == "HaruandtheStar"
    assert len(title.images) == 1


@pytest.mark.parametrize("language", Language)
def test_a_speech_that_hangs_stays_in_its_place(language: Language) -> None:
    said = {
        Language.KO: "하루가 말했어요.\n“누구의 돌일까?”\n아무도 몰랐어요.",
        Language.EN: "Haru looked.\n“Whose is it?”\nNobody knew.",
        Language.JA: "ハルは見ました。\n「だれの石かな？」\nだれも知りません。",
    }[language]
    lines = read(render_pdf(with_text(said, language))).pages[2].extract_text().splitlines()
    assert [line.strip() for line in lines if line.strip()] == [*said.splitlines(), "1"]


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
    page = read(render_pdf(with_text("여우🦊가 𝕏 웃었어요.‍ 😀"))).pages[2]
    assert words_on(page) == "여우가웃었어요.1"


def test_a_text_that_no_font_can_show_leaves_the_picture() -> None:
    assert words_on(read(render_pdf(with_text("🦊🦊"))).pages[2]) == "1"


def test_mixed_scripts_are_all_there() -> None:
    title = "하루 and ハルの星 é"
    document = read(render_pdf(manuscript(Language.KO, title=title)))
    assert "".join(title.split()) in words_on(document.pages[0])


def test_a_book_may_lack_hero_moral_and_makers() -> None:
    reader = read(render_pdf(manuscript(Language.EN, hero=None, moral=None, made_by=())))
    assert "storyabout" not in words_on(reader.pages[1])
    assert "AIused" not in words_on(reader.pages[-1])
    assert "madewithAI" in words_on(reader.pages[-1])


def test_the_longest_book_can_be_set() -> None:
    page = [ManuscriptPage(page_number=n, text="가나다라 " * 120, picture=picture()) for n in range(1, 13)]
    book = manuscript(
        title="긴" * 80, hero="이름" * 20, moral="교훈 " * 40, made_by=("maker of words",) * 12, pages=tuple(page)
    )
    assert len(read(render_pdf(book)).pages) == 15


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
