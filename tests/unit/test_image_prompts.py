"""The words that a picture is drawn from."""

from hypothesis import given
from hypothesis import strategies as st

from storybook.domain.book_spec import Style
from storybook.domain.characters import CastSheet
from storybook.domain.story import Actor, Scene
from storybook.pipeline.steps.generate_image_prompts import generate_image_prompt
from tests.fakes import sheet

NAMES = ("Luna", "Bo", "Mia", "Tao")
CAST = CastSheet(characters=tuple(sheet(name) for name in NAMES))
LONG_NAMES = tuple(name[0] * 40 for name in NAMES)
LETTERS = st.characters(categories=("L",))
NUMBERS = st.integers(0, 12)


def words_of(length: int) -> str:
    """So many letters in words that are told apart."""
    return " ".join(f"word{number}" for number in range(99))[:length].strip()


def cast_of(names: tuple[str, ...], *lengths: int) -> CastSheet:
    """Looks of so many letters, the hero's first."""
    told = zip(names, lengths, strict=True)
    looks = {name: f"{name[0]}{words_of(length)}" for name, length in told}
    return CastSheet(
        characters=tuple(sheet(name).model_copy(update={"master_description": look}) for name, look in looks.items())
    )


@given(
    NUMBERS,
    st.sampled_from(Style),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
    st.lists(st.text(LETTERS, min_size=1, max_size=40), max_size=20),
    st.integers(1, 2_147_483_647),
)
async def test_a_prompt_keeps_its_limits_whoever_is_in_the_picture(
    number: int, style: Style, names: list[str], forbidden: list[str], seed: int
) -> None:
    scene = Scene(description="d" * 260, place="forest", actors=tuple(Actor(name=name) for name in names))
    prompt = await generate_image_prompt(number, scene, CAST, style, tuple(forbidden), seed)
    again = await generate_image_prompt(number, scene, CAST, style, tuple(forbidden), seed)
    assert prompt == again
    assert len(prompt.positive) <= 1200
    assert len(prompt.negative) <= 600
    assert names[0] in prompt.positive


@given(
    NUMBERS,
    st.sampled_from(Style),
    st.permutations(LONG_NAMES),
    st.lists(st.integers(10, 399), min_size=4, max_size=4),
    st.integers(1, 260),
    st.integers(0, 6),
)
async def test_the_heros_words_are_whole_and_the_same_in_every_prompt(
    number: int, style: Style, names: list[str], lengths: list[int], description: int, props: int
) -> None:
    cast = cast_of(LONG_NAMES, *lengths)
    actors = tuple(Actor(name=name, mood="surprised", pose="looking_up", holding="h" * 60) for name in names)
    scene = Scene(description="d" * description, place="p" * 60, time="morning", weather="cloudy", actors=actors)
    scene = scene.model_copy(update={"props": ("q" * 60,) * props})
    prompt = await generate_image_prompt(number, scene, cast, style, (), 1)
    hero = cast.characters[0]
    assert f"{hero.name}: {hero.master_description} Now surprised" in prompt.positive
    assert len(prompt.positive) <= 1200


@given(st.permutations(NAMES))
async def test_where_it_is_too_long_the_others_share_what_room_the_hero_leaves(names: list[str]) -> None:
    cast = cast_of(NAMES, 399, 350, 350, 350)
    scene = Scene(description="They meet", place="forest", actors=tuple(Actor(name=name) for name in names))
    positive = (await generate_image_prompt(1, scene, cast, Style.PIXEL, (), 1)).positive
    assert [f"{name}: {name[0]}{words_of(60)}" in positive for name in NAMES] == [True] * 4
    assert positive.endswith("standing.") and len(positive) > 1150


async def test_every_picture_of_a_book_has_a_seed_of_its_own() -> None:
    scene = Scene(description="d", place="forest", actors=(Actor(name="Luna"),))
    seeds = {(await generate_image_prompt(n, scene, CAST, Style.PIXEL, (), 7)).seed for n in range(13)}
    assert len(seeds) == 13


async def test_every_picture_is_asked_to_be_fit_for_children() -> None:
    scene = Scene(description="d", place="forest", actors=(Actor(name="Luna"),))
    prompt = await generate_image_prompt(1, scene, CAST, Style.WATERCOLOR, ("spiders",), 1)
    assert "Warm, gentle, safe for young children." in prompt.positive
    unwanted = {"text", "blood", "weapon", "gore", "nudity", "horror", "frightening face", "photo of a real person"}
    assert unwanted | {"spiders"} <= set(prompt.negative.split(", "))
