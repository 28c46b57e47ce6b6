"""A character from a photo's colours: which it takes, what it says of itself, and what it never says."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from storybook.core.errors import ProviderError
from storybook.domain.book_spec import Gender, Language, Style
from storybook.domain.characters import CharacterSheet
from storybook.providers import studio
from storybook.providers.base import SightRequest
from storybook.providers.studio.hues import EVERYWHERE, main_hues, name_of, thumbnail
from storybook.providers.studio.painter.characters.reading import look_of
from storybook.providers.studio.painter.characters.tables import words
from storybook.providers.studio.sight import describe
from tests.photos import encoded, noise

NIGHT = (25, 25, 30)
PEOPLE: dict[str, tuple[Any, ...]] = {
    # background, hair, face, clothes: the hair's and the top's name
    "black and red": ((190, 220, 240), (40, 30, 30), (235, 190, 160), (200, 50, 50), "black", "red"),
    "brown and navy": ((60, 140, 70), (100, 62, 42), (150, 100, 70), (45, 65, 110), "brown", "navy"),
    "blond and yellow": ((240, 240, 240), (230, 190, 100), (240, 200, 180), (245, 200, 60), "blond", "yellow"),
    "red and purple": ((90, 150, 230), (190, 80, 45), (250, 215, 190), (140, 95, 185), "red", "purple"),
    "black and white": (NIGHT, NIGHT, (90, 60, 45), (250, 250, 250), "black", "white"),
    "black and pink": ((200, 200, 205), (35, 30, 32), (120, 80, 55), (240, 140, 178), "black", "pink"),
}


def person(background: Any, hair: Any, face: Any, clothes: Any) -> bytes:
    image = Image.new("RGB", (600, 800), background)
    draw = ImageDraw.Draw(image)
    draw.ellipse((140, 30, 460, 430), fill=hair)
    draw.ellipse((210, 190, 390, 450), fill=face)
    draw.rounded_rectangle((100, 480, 500, 850), 60, fill=clothes)
    return encoded(image, quality=70)


def request(photo: bytes | None = None, **changes: Any) -> SightRequest:
    usual = {"name": "Mina", "gender": None, "style": Style.CARTOON, "language": Language.EN, "seed": 7}
    return SightRequest(photo=photo or person(*PEOPLE["black and red"][:4]), **(usual | changes))


def said_of_the_looks(sheet: CharacterSheet) -> str:
    return sheet.model_dump_json(exclude={"name"})


@pytest.mark.parametrize("case", PEOPLE)
def test_hair_and_clothes_have_the_colours_of_the_photo(case: str) -> None:
    *colours, hair, top = PEOPLE[case]
    sheet = describe(request(person(*colours)))
    assert sheet.appearance.hair.startswith(f"{hair} hair")
    assert sheet.clothing.top.startswith(f"{top} ")


@pytest.mark.parametrize("case", PEOPLE)
def test_the_painter_understands_every_word(case: str) -> None:
    *colours, hair, top = PEOPLE[case]
    for seed in range(1, 12):
        sheet = describe(request(person(*colours), seed=seed, gender=Gender.FEMALE))
        look = look_of(sheet)
        assert look.kind == "girl"
        assert hair in words()["hair_colours"][look.hair_colour]
        assert look.top
        assert top in words()["colours"][look.top.colour]
        assert look.bottom
        assert len({look.bottom.colour, look.top.colour, look.accessories[0].colour}) == 3
        assert look.shoes
        assert len(look.accessories) == 1
        assert sheet.clothing.accessories.startswith(words()["colours"][look.accessories[0].colour][0])


def test_it_says_honestly_what_it_was_made_from() -> None:
    assert describe(request()).visual_style_notes == (
        "Made from the photo's colours and the name; the picture was not looked at any further."
    )
    assert describe(request(name=None)).visual_style_notes == (
        "Made from the photo's colours; the picture was not looked at any further."
    )


def test_skin_face_and_age_are_the_same_whoever_is_in_the_photo() -> None:
    sheets = [describe(request(person(*colours[:4]), seed=seed)) for seed, colours in enumerate(PEOPLE.values(), 1)]
    assert (
        len({(s.appearance.skin, s.appearance.face, s.appearance.age_visual, s.appearance.body) for s in sheets}) == 1
    )


@pytest.mark.parametrize(
    ("gender", "kind"), [("female", "girl"), ("male", "boy"), ("neutral", "child"), (None, "child")]
)
@pytest.mark.parametrize("language", list(Language))
def test_the_gender_is_the_one_that_was_typed(gender: str | None, kind: str, language: Language) -> None:
    for seed in range(1, 10):
        sheet = describe(request(gender=gender and Gender(gender), language=language, seed=seed, name=None))
        assert look_of(sheet).kind in ({kind} if kind != "child" else {"girl", "boy"})


@pytest.mark.parametrize("case", PEOPLE)
@pytest.mark.parametrize("gender", list(Gender))
def test_the_same_character_is_said_in_three_languages(case: str, gender: Gender) -> None:
    photo = person(*PEOPLE[case][:4])
    by_chance: dict[str, Any] = {"build": 1, "freckles": False}
    if gender is Gender.NEUTRAL:
        by_chance |= {"kind": "", "lashes": False}
    for seed in range(1, 9):
        said = [describe(request(photo, gender=gender, language=each, seed=seed)) for each in Language]
        looks = [replace(look_of(sheet), **by_chance) for sheet in said]
        assert looks[0] == looks[1] == looks[2]


@pytest.mark.parametrize("case", PEOPLE)
@pytest.mark.parametrize(("language", "foreign"), [("ko", r"[A-Za-z\u3040-\u30ff{]"), ("ja", r"[A-SU-Za-z가-힣{]")])
def test_a_sheet_is_in_one_language(case: str, language: str, foreign: str) -> None:
    photo = person(*PEOPLE[case][:4])
    for seed, gender in product(range(1, 9), Gender):
        sheet = describe(request(photo, name=None, gender=gender, language=language, seed=seed))
        assert not re.search(foreign, " ".join(sheet.texts()))


def test_every_word_can_be_said_in_every_language() -> None:
    table = tomllib.loads(files(studio).joinpath("sight.toml").read_text(encoding="utf-8"))
    lists = [*table["hairstyles"].values(), *table["clothes"].values(), table["kinds"].values()]
    named = {row[0] for row in words()["colours"].values()} | {"blond", *(word for row in lists for word in row)}
    assert {language: set(said) for language, said in table["fillings"].items()} == {"ko": named, "ja": named}


@pytest.mark.parametrize("name", ["Robin", "Bear", "Rose", "여우", "ことり", "x" * 40, "🌟", "{kind}", "Old Grandma"])
def test_a_name_that_is_given_is_kept_and_makes_nobody_an_animal(name: str) -> None:
    sheet = describe(request(name=name))
    assert sheet.name == name
    assert name not in said_of_the_looks(sheet)
    assert (look_of(sheet).kind, look_of(sheet).age) in {("girl", "young"), ("boy", "young")}


@pytest.mark.parametrize(("language", "letters"), [("en", "A-Z"), ("ko", "가-힣"), ("ja", "ぁ-ヿ")])
@pytest.mark.parametrize("gender", [*Gender, None])
def test_a_name_that_is_missing_is_one_of_the_language(language: str, letters: str, gender: Gender | None) -> None:
    first, last = letters.split("-")
    sheets = [describe(request(name=None, gender=gender, language=language, seed=seed)) for seed in range(1, 20)]
    assert len({sheet.name for sheet in sheets}) > 4
    assert all(first <= sheet.name[0] <= last for sheet in sheets)


def test_the_same_request_is_the_same_character_and_other_seeds_are_others() -> None:
    assert describe(request()) == describe(request())
    assert len({said_of_the_looks(describe(request(seed=seed))) for seed in range(1, 20)}) > 15


@pytest.mark.parametrize(
    "photo",
    [
        encoded(Image.new("RGB", (64, 64), "white")),
        encoded(Image.new("RGB", (64, 64), "black")),
        encoded(Image.new("RGB", (64, 64), "#00ff00")),
        encoded(Image.new("RGB", (1, 1), "red")),
        encoded(Image.new("RGB", (1024, 1), "red")),
        encoded(Image.new("L", (300, 200), 128)),
        encoded(noise(300, 200)),
        encoded(Image.effect_mandelbrot((300, 300), (-2, -1, 1, 1), 50)),
    ],
    ids=["white", "black", "green", "dot", "line", "grey", "noise", "fractal"],
)
def test_any_picture_becomes_a_character_that_can_be_drawn(photo: bytes) -> None:
    for seed in (1, 2**31 - 1):
        assert look_of(describe(request(photo, seed=seed))).top


def test_a_sky_is_no_hair() -> None:
    sheet = describe(request(person((120, 190, 240), (120, 190, 240), (240, 200, 180), (60, 160, 70))))
    assert sheet.appearance.hair.split(" hair")[0] in ("black", "brown", "light brown", "blond", "red")


@pytest.mark.parametrize(
    "photo", [b"", b"x" * 1000, encoded(noise(90, 90), "PNG"), encoded(noise(1100, 90)), encoded(noise(90, 90))[:700]]
)
def test_what_is_no_small_jpeg_is_a_provider_error(photo: bytes) -> None:
    with pytest.raises(ProviderError):
        describe(SightRequest(**(request().model_dump() | {"photo": photo})))


def test_colours_in_shade_keep_their_names() -> None:
    table = words()["colours"]
    for colour, name in (("#e04a40", "red"), ("#b03a34", "red"), ("#4a8ad0", "blue"), ("#2f62a0", "blue")):
        (hue,) = main_hues(thumbnail(encoded(Image.new("RGB", (64, 64), colour))), EVERYWHERE)
        assert name_of(hue, table) == name


def test_the_main_colours_are_found_the_commonest_first() -> None:
    picture = np.zeros((90, 90, 3), dtype=np.uint8)
    picture[:, :60], picture[:, 60:] = (220, 40, 40), (40, 60, 200)
    hues = main_hues(thumbnail(encoded(Image.fromarray(picture), quality=95)), EVERYWHERE)
    names = list(dict.fromkeys(name_of(hue, words()["colours"]) for hue in hues))
    assert names[0] == "red"
    assert set(names[1:]) <= {"blue", "purple", "navy"}
