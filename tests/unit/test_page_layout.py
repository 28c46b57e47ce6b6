"""Setting type: every allowed text fits its box, nothing is lost, and lines break where readers expect it."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storybook.domain.book_spec import Language
from storybook.editions.breaking import crumbs_of, paragraphs_of, pieces_of
from storybook.editions.layout import Block, Box, TypeRule, fit, fit_heading
from storybook.editions.spreads import set_pages
from storybook.editions.typefaces import printable, text_face, title_face

BOX = Box(314, 428)
SCRIPTS = st.one_of(
    st.characters(codec="utf-8", exclude_categories=["Cs"]),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0x3041, max_codepoint=0x30FE),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.sampled_from("。、」「』『！？…ー！“”‘’— \n\u3000W⸻🦊"),
)
TEXTS = st.text(SCRIPTS, min_size=1, max_size=600)
LANGUAGES = st.sampled_from(Language)


def em(text: str) -> float:
    return sum(0.5 if char.isascii() else 1.0 for char in text)


def squeezed(text: str) -> str:
    return "".join(text.split())


def said(block: Block) -> str:
    return squeezed("".join(line.text for line in block.lines))


def lines_of(text: str, width: float, size: float = 10) -> list[str]:
    block = fit([pieces_of(text)], Box(width, 1000), TypeRule(size, size), em)
    assert block.size == size
    return [line.text for line in block.lines]


@given(TEXTS, LANGUAGES)
@settings(max_examples=150, deadline=None)
def test_every_page_text_fits_and_keeps_every_character(text: str, language: Language) -> None:
    text = printable(text)
    (block,) = set_pages([text], language)
    assert said(block) == squeezed(text)
    assert block.height <= BOX.height
    for line in block.lines:
        assert line.width <= BOX.width + 0.01
        assert 0 < line.baseline <= block.height
        assert line.indent <= 0


@given(st.text(SCRIPTS, min_size=1, max_size=80), LANGUAGES)
@settings(max_examples=100, deadline=None)
def test_every_title_fits(text: str, language: Language) -> None:
    title = " ".join(printable(text).split())
    block = fit_heading([pieces_of(title)], Box(348, 176), TypeRule(50, 28, leading=1.22), title_face(language).width)
    assert said(block) == squeezed(title)
    assert block.height <= 176
    assert all(line.width <= 348.01 for line in block.lines)


@pytest.mark.parametrize(
    "text", ["가" * 600, "W" * 600, "あ" * 600, "⸻" * 600, "가나다라마 " * 100, "a\n" * 300, "。" * 600]
)
@pytest.mark.parametrize("language", Language)
def test_the_longest_texts_stay_readable(text: str, language: Language) -> None:
    (block,) = set_pages([text], language)
    assert said(block) == squeezed(text)
    assert block.height <= BOX.height
    assert block.size >= (6 if "⸻" in text else 10)


@given(TEXTS, LANGUAGES)
@settings(max_examples=100, deadline=None)
def test_breaking_keeps_all_but_white_space(text: str, language: Language) -> None:
    pieces = [piece.text for paragraph in paragraphs_of(text, language) for piece in paragraph]
    assert "".join(pieces) == squeezed(text)
    assert all("".join(crumbs_of(piece)) == piece for piece in pieces)


def test_korean_breaks_at_spaces_only() -> None:
    text = "아기 여우는 반짝이는 돌을 두 손에 꼭 쥐고 언덕을 올랐어요."
    words = text.split()
    assert [word for line in lines_of(text, 85) for word in line.split()] == words


def test_a_word_longer_than_the_line_is_broken_only_then() -> None:
    lines = lines_of("가나다라마바사아자차 카타", 50)
    assert lines == ["가나다라마", "바사아자차", "카타"]


def test_japanese_breaks_by_phrase_and_never_before_closing_marks() -> None:
    text = "「もうすこしだよ！」と、ハルはちいさなこえで言いました。それから、ゆっくりと丘をのぼっていきました。"
    for width in range(60, 200, 7):
        for line in lines_of(text, width):
            assert line[0] not in "。、」！ーっゃゅょ"
            assert line[-1] not in "「（"
    assert "ハルは" in [piece.text for piece in pieces_of(text)]


def test_kinsoku_holds_within_a_phrase_that_is_longer_than_the_line() -> None:
    for crumb in crumbs_of("「ああー！」っと（いい）。"):
        assert crumb[0] not in "ー！」っ）。"
        assert crumb[-1] not in "「（"


def test_no_word_is_left_alone_on_the_last_line() -> None:
    lines = lines_of("one two three four five six seven eight nine", 200)
    assert len(lines) > 1
    assert len(lines[-1].split()) > 1


def test_lines_break_where_a_reader_pauses() -> None:
    assert lines_of("The sky was very dark, so they ran all the way.", 150)[0].endswith("dark,")


def test_a_speech_does_not_begin_at_the_end_of_a_line() -> None:
    for width in range(200, 240, 8):
        for line in lines_of("They were tired and very happy. “I have a new idea,” said Maya to him.", width):
            assert not line.endswith("“I")


def test_a_sentence_end_is_a_break_in_japanese() -> None:
    pieces = [piece.text for piece in pieces_of("秘訣だったのかもしれません。はしごがまっすぐ立って、笑いました。")]
    assert "はしごが" in pieces
    assert not any(piece.startswith("いました") for piece in pieces)


def test_latin_words_in_japanese_stay_whole() -> None:
    assert any("Hello" in piece.text for piece in pieces_of("ハルはHelloといいました。"))


def test_hyphenated_words_may_break_after_the_hyphen() -> None:
    assert [piece.text for piece in pieces_of("a merry-go-round")] == ["a", "merry-", "go-", "round"]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        (Language.EN, "Haru ran. He fell! He laughed.", 3),
        (Language.EN, "“Stop. Wait!” said Haru. He ran.", 2),
        (Language.EN, "Mr. Fox ran.", 1),
        (Language.KO, "하루가 뛰었어요. 넘어졌어요. 그래도 웃었어요.", 3),
        (Language.KO, "“안녕. 반가워!” 하고 말했어요.", 1),
        (Language.KO, "“왜 반짝여요?” “글쎄.” 하루는 웃었어요.", 2),
        (Language.JA, "ハルは走りました。ころびました。", 2),
        (Language.JA, "「だれ？」「ぼくだよ。」", 2),
        (Language.JA, "「だれの石かな？」とハルは言いました。", 1),
        (Language.EN, "First line.\nSecond line. Third.", 2),
    ],
)
def test_short_texts_give_each_sentence_a_paragraph(language: Language, text: str, count: int) -> None:
    assert len(paragraphs_of(text, language)) == count


def test_a_long_text_stays_one_paragraph() -> None:
    assert len(paragraphs_of("Haru ran on and on. " * 20, Language.EN)) == 1


def test_opening_quotes_hang() -> None:
    block = fit([pieces_of("“Hello,” said Haru.")], BOX, TypeRule(20), em)
    assert block.lines[0].indent == pytest.approx(-em("“") * 20)


def test_pages_of_one_book_share_a_size() -> None:
    blocks = set_pages(["Short.", "A much longer text of many words. " * 8], Language.EN)
    assert blocks[0].size == blocks[1].size
    assert fit([pieces_of("Short.")], BOX, TypeRule(29), text_face(Language.EN).width).size == 29


def test_one_very_long_page_does_not_make_the_others_tiny() -> None:
    *short, long = set_pages(["짧은 글이에요."] * 4 + ["가" * 600], Language.KO)
    assert len({block.size for block in short}) == 1
    assert short[0].size > 18
    assert long.size < 15


def test_a_heading_avoids_a_lonely_last_letter() -> None:
    block = fit_heading(
        [pieces_of("ハルときらきらの星")], Box(348, 176), TypeRule(50, 28), title_face(Language.JA).width
    )
    assert [line.text for line in block.lines] == ["ハルときらきらの星"]


def test_a_heading_has_rather_two_lines_than_three() -> None:
    block = fit_heading([pieces_of("一、二の三だよ、ミルク")], Box(348, 176), TypeRule(50, 28), em)
    assert len(block.lines) == 2


def test_an_impossible_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        fit([pieces_of("가" * 9000)], Box(20, 20), TypeRule(20), em)


def test_printable_composes_and_leaves_out_what_no_font_has() -> None:
    assert printable(unicodedata.normalize("NFD", "하루")) == "하루"
    assert printable("🦊하루👨‍👩‍👧 ★\ufe0f") == "하루 ★"
    assert printable("a\tb\r\nc") == "a b \nc"
    assert printable("🦊🦊") == ""


def test_runs_mix_fonts_and_keep_order() -> None:
    text = "하루の Star 星 é đ ♥"
    for face in (text_face(Language.KO), title_face(Language.EN), title_face(Language.JA)):
        runs = face.runs(text)
        assert "".join(run.text for run in runs) == text
        assert len({run.font for run in runs}) > 1
