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


@given(
    st.integers(0, 12),
    st.sampled_from(Style),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
    st.lists(st.text(st.characters(categories=("L",)), min_size=1, max_size=40), max_size=20),
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


async def test_every_picture_of_a_book_has_a_seed_of_its_own() -> None:
    scene = Scene(description="d", place="forest", actors=(Actor(name="Luna"),))
    seeds = {(await generate_image_prompt(n, scene, CAST, Style.PIXEL, (), 7)).seed for n in range(13)}
    assert len(seeds) == 13
