import io
import pickle
import random
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from storybook.domain.book_spec import Style
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import Actor, Mood, Scene
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter import canvas, colour, sheet
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH, Pen

SIZE = (480, 640)
LEAST_DIFFERENCE = 6.0


def fox_sheet() -> CharacterSheet:
    return CharacterSheet(
        name="Mina",
        master_description="Mina is a small red fox with a green scarf",
        appearance=Appearance(age_visual="child", face="round fox face", hair="red fur", skin="red fur", body="small"),
        clothing=Clothing(top="green scarf", bottom="none", shoes="none", accessories="none"),
        personality_traits=("kind",),
        visual_style_notes="soft",
    )


def request_for(style: Style, *, seed: int = 7, size: tuple[int, int] = SIZE) -> PictureRequest:
    scene = Scene(
        description="Mina the fox stands in the meadow", place="meadow", actors=(Actor(name="Mina", mood=Mood.HAPPY),)
    )
    return PictureRequest(
        prompt=PicturePrompt(
            page_number=1, scene=scene, positive="a fox in a meadow", negative="blurry, text, frame", seed=seed
        ),
        style=style,
        sheets=(fox_sheet(),),
        width=size[0],
        height=size[1],
    )


@pytest.fixture(scope="module")
def pictures() -> dict[Style, bytes]:
    return {style: canvas.paint(request_for(style)) for style in Style}


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.float32)


@pytest.mark.parametrize("style", Style)
def test_each_style_paints_the_size_that_was_asked_for(style: Style, pictures: dict[Style, bytes]) -> None:
    assert canvas.looks_like_a_picture(pictures[style], *SIZE)
    with Image.open(io.BytesIO(pictures[style])) as image:
        assert Image.MIME[image.format or ""] == canvas.media_type_of(style)


def test_the_same_request_gives_the_same_bytes(pictures: dict[Style, bytes]) -> None:
    for style in Style:
        assert canvas.paint(request_for(style)) == pictures[style]


def test_styles_differ_at_a_glance(pictures: dict[Style, bytes]) -> None:
    rasters = {style: pixels(data) for style, data in pictures.items()}
    for first in Style:
        for second in Style:
            if first is not second:
                assert np.abs(rasters[first] - rasters[second]).mean() > LEAST_DIFFERENCE, (first, second)


@pytest.mark.parametrize("size", [(64, 64), (1000, 500), (1200, 1600)])
def test_other_sizes_and_shapes_are_painted_too(size: tuple[int, int]) -> None:
    data = canvas.paint(request_for(Style.PIXEL, size=size))
    assert canvas.looks_like_a_picture(data, *size)


def test_pixel_pictures_have_few_colours_on_a_coarse_grid() -> None:
    picture = pixels(canvas.paint(request_for(Style.PIXEL, size=(960, 1280))))
    cells = picture.reshape(256, 5, 192, 5, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) <= 48


def test_paint_can_be_called_in_another_process() -> None:
    assert pickle.loads(pickle.dumps(canvas.paint)) is canvas.paint  # noqa: S301


def encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def test_a_picture_is_known_in_every_format(pictures: dict[Style, bytes]) -> None:
    with Image.open(io.BytesIO(pictures[Style.CARTOON])) as image:
        for kind in ("JPEG", "PNG", "WEBP"):
            assert canvas.looks_like_a_picture(encoded(image, kind), *SIZE)
        assert not canvas.looks_like_a_picture(encoded(image, "BMP"), *SIZE)


def test_what_is_no_picture_is_refused(pictures: dict[Style, bytes]) -> None:
    picture = pictures[Style.WATERCOLOR]
    assert not canvas.looks_like_a_picture(picture[: len(picture) // 2], *SIZE)
    assert not canvas.looks_like_a_picture(picture, SIZE[1], SIZE[0])
    assert not canvas.looks_like_a_picture(b"", *SIZE)
    assert not canvas.looks_like_a_picture(b"no picture, only words\n" * 100, *SIZE)


@pytest.mark.parametrize("shade", ["#ffffff", "#000000", "#7a9a66"])
def test_a_blank_sheet_is_refused(shade: str) -> None:
    blank = Image.new("RGB", SIZE, shade)
    assert not canvas.looks_like_a_picture(encoded(blank), *SIZE)
    noise = np.random.default_rng(1).integers(-2, 3, (SIZE[1], SIZE[0], 3))
    nearly = Image.fromarray((np.asarray(blank).astype(int) + noise).clip(0, 255).astype(np.uint8))
    assert not canvas.looks_like_a_picture(encoded(nearly, "PNG"), *SIZE)


def test_a_decompression_bomb_is_refused_without_unpacking_it() -> None:
    bomb = encoded(Image.new("1", (14_000, 14_000)), "PNG")
    start = time.perf_counter()
    assert not canvas.looks_like_a_picture(bomb, 14_000, 14_000)
    assert time.perf_counter() - start < 5


def small_landscape(style: Style) -> str:
    pen = Pen(style, random.Random(1))
    pen.wash("M-20.0,-20.0L980.0,-20.0L980.0,700.0L-20.0,700.0Z", "#4488ff", "#ffeecc")
    pen.glow(700, 200, 200, "#ffffcc", opacity=0.8)
    pen.wash("M0,600C200,500 600,720 960,600V1280H0Z", "#aad070", "#3f8040")
    pen.contact_shadow(400, 900, 80)
    with pen.group("translate(40,50) scale(-2,2)", opacity=0.5, clip="M-400,0H400V400H-400Z"):
        pen.ellipse(-80, 120, 30, 40, "#cc3344", opacity=0.5)
    pen.shape("M300,500C410,420 530,640 650,900H300Z", "#884422", outline=False)
    pen.ellipse(430, 650, 12, 12, "#111111", outline=False, shade=False)
    pen.stroke("M0,0L100,100", "#222222", 3, opacity=0.4)
    return pen.svg()


@pytest.mark.parametrize("style", Style)
def test_the_pen_writes_well_formed_svg(style: Style) -> None:
    root = ET.fromstring(small_landscape(style))  # noqa: S314
    assert root.get("viewBox") == "0 0 960 1280"


def test_taking_a_drawing_apart_changes_no_colour() -> None:
    svg = small_landscape(Style.THREE_D)
    whole = sheet.raster(svg, WIDTH, HEIGHT).astype(np.int16)
    assert np.abs(whole - sheet.read_sheet(svg).colour).mean() < 1


def test_bodies_are_numbered_as_they_were_drawn_and_the_backdrop_is_none() -> None:
    drawing = sheet.read_sheet(small_landscape(Style.THREE_D))
    assert drawing.forms[20, 20] == 0
    assert drawing.forms[600, 20] == drawing.ground == 1
    assert drawing.forms[400, 200] == 2
    assert drawing.bodies()[400, 200]
    assert not drawing.bodies()[600, 20]


def test_the_pen_is_fast() -> None:
    pen = Pen(Style.CARTOON, random.Random(1))
    start = time.process_time()
    for index in range(1000):
        pen.shape(f"M{index},10C20,30 40,50 60,70C80,90 100,110 120,130Z", "#88aa44")
    pen.svg()
    assert time.process_time() - start < 1


def test_colours_mix_towards_their_ends() -> None:
    assert colour.mix("#000000", "#ffffff", 0.5) == "#808080"
    assert colour.mix("#123456", "#ffffff", -1) == "#123456"
    assert colour.lighten("#336699", 1) == "#ffffff"
    assert colour.darken("#336699", 1) == "#000000"
    assert colour.saturate("#996666", 0.5) == "#ab5e5e"
    assert len({colour.saturate("#336699", -1)[i : i + 2] for i in (1, 3, 5)}) == 1
