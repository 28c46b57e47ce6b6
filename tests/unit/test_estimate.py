"""The most that a job can cost: never less than what its calls may take, and not so much that nothing is accepted."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec, HeroSpec, Language
from storybook.domain.calls import DOLLAR, Kind, most_paid
from storybook.domain.jobs import Step
from storybook.domain.orders import AudioOrder, BookOrder, DescriptionOrder, PageOrder, PortraitOrder, SeriesLink
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.series import EarlierBook
from storybook.domain.story import Actor, CastMember, Role, Scene
from storybook.providers import anthropic_text, judge, questions, sight
from storybook.providers.asking import most_sent_back
from storybook.providers.base import DescriptionRequest, PictureCheck, SheetRequest, StoryRequest, TextCheck
from storybook.providers.estimate import LARGEST, Estimate, require_affordable
from storybook.providers.language import Terms
from storybook.providers.prices import Price


def settings_of(llm: str = "", image: str = "", moderation: str = "", tts: str = "", **more: Any) -> Settings:
    chosen = {"llm": llm, "image": image, "moderation": moderation, "tts": tts, "sight": llm}
    providers = {f"{kind}_provider": name for kind, name in chosen.items()}
    keys = {f"{kind}_api_key": "a key" for kind in chosen}
    return Settings(_env_file=None, **providers, **keys, personal_data_vendors=("openai", "anthropic"), **more)


ANTHROPIC = settings_of("anthropic", llm_model="claude-haiku-4-5")
"""This model takes 1000 micro-dollars for 1000 tokens in, and 5000 for as many out."""
JUDGED_BY_HAIKU = {"moderation_judge_model": "claude-haiku-4-5", "moderation_judge_api_key": "a key"}
PORTRAIT = PortraitOrder(character_id="c", style="cartoon", language="en")
ORDERS = (
    LARGEST,
    PageOrder(book_id="b", page_number=1, mode="both", language="en"),
    AudioOrder(book_id="b", language="en"),
    PORTRAIT,
    DescriptionOrder(book_id="b", language="en", pictures=13),
)


def test_the_studio_costs_nothing() -> None:
    estimate = Estimate(settings_of())
    assert [estimate(order) for order in ORDERS] == [0] * len(ORDERS)


@pytest.mark.parametrize(
    "chosen",
    list(product(("openai", "anthropic"), ("openai", "replicate", "fal"), ("openai", "openai,judge"), ("google",))),
    ids="-".join,
)
def test_with_the_usual_models_and_caps_every_order_is_accepted(chosen: tuple[str, ...]) -> None:
    settings = settings_of(*chosen)
    require_affordable(settings)
    assert max(map(Estimate(settings), ORDERS)) <= settings.budget_per_book * DOLLAR


def test_a_cap_below_the_largest_book_is_refused_at_start_and_named() -> None:
    settings = settings_of("openai", "replicate", "openai", budget_per_book=1.0)
    with pytest.raises(SetupError, match=r"^BUDGET_PER_BOOK: .*Raise it"):
        require_affordable(settings)


def longer(value: Any) -> Iterator[Any]:
    """The same with one more of each text, list or number in it."""
    match value:
        case dict():
            yield from (value | {key: more} for key, part in value.items() for more in longer(part))
        case tuple():
            yield (*value, "z")
            yield from ((more, *value[1:]) for more in longer(value[0]))
        case str():
            yield value + "z"
        case int():
            yield value + 1


def test_the_largest_book_is_all_that_may_be_asked_for() -> None:
    spec = LARGEST.spec.model_dump(exclude_none=True)
    assert set(BookSpec.model_fields) - set(spec) == {"character_id", "reference_image_base64"}
    for more in longer(spec):
        with pytest.raises(ValidationError):
            BookSpec.model_validate(more)


def test_a_cap_that_only_a_short_wish_fits_in_is_refused_at_start() -> None:
    with pytest.raises(SetupError):
        require_affordable(settings_of("openai", "openai", "openai,judge", budget_per_book=2.0))


def test_of_two_painters_the_dearer_counts() -> None:
    alone = Estimate(settings_of(image="replicate"))
    second = {"image_fallback_provider": "openai", "image_fallback_api_key": "a key"}
    dearer = Estimate(settings_of(image="replicate", **second))
    assert (alone(LARGEST), dearer(LARGEST)) == (14 * 2 * 40_000, 14 * 2 * 60_000)


def test_a_voice_is_paid_by_all_that_a_page_can_say() -> None:
    estimate = Estimate(settings_of(tts="elevenlabs"))
    page, book = (estimate(AudioOrder(book_id="b", page_number=number, language="en")) for number in (1, None))
    assert (page, book) == (2 * 600 * 180, 12 * 2 * 600 * 180)


@pytest.mark.parametrize("language", Language)
def test_no_picture_in_words_costs_more_than_was_reckoned_with(language: Language) -> None:
    shown = Picture(data=b"", media_type="image/jpeg", width=1, height=1, made_by="nobody")
    question = sight.question_about(DescriptionRequest(picture=shown, scene=None, language=language, target_age="7-9"))
    words = ("夜" * 200,)
    unwanted = tuple("夜" * 40 for _ in range(20))
    check = TextCheck(texts=words, language=language, target_age="7-9", forbidden=unwanted, names=("夜",))
    judging = judge.about_texts("story", check, hides_names=True)
    on = Terms("a model", Price(input=1000, output=5000), "a key")
    again = question.say("x" * most_sent_back(question.max_tokens))
    paid = most_paid(Kind.SIGHT, Step.DESCRIBE_PICTURES) // 2
    seen = paid * sum(on.worst(asked, anthropic_text.PICTURE_TOKENS) for asked in (question, again))
    judged = most_paid(Kind.MODERATION, Step.MODERATE_OUTPUT) // 2 * on.worst(judging, 0)
    settings = settings_of(
        "anthropic", moderation="judge", llm_model="claude-haiku-4-5", sight_model="claude-haiku-4-5"
    )
    worst = Estimate(settings)(DescriptionOrder(book_id="b", language=language, pictures=13))
    assert 13 * (seen + judged) <= worst < 3 * 13 * (seen + judged)


@pytest.mark.parametrize("word", ["夜" * 40, "A" * 40, "A " * 19 + "A"])
def test_what_is_not_wanted_is_reckoned_with_in_every_picture(word: str) -> None:
    unwanted = (word,) * 20
    free = LARGEST.model_copy(update={"spec": LARGEST.spec.model_copy(update={"forbidden_elements": None})})
    order = LARGEST.model_copy(update={"spec": LARGEST.spec.model_copy(update={"forbidden_elements": unwanted})})
    shown = Picture(data=b"", media_type="image/jpeg", width=1, height=1, made_by="nobody")
    scene = Scene(description="A fox", place="wood", actors=(Actor(name="A"),))
    check = PictureCheck(
        picture=shown,
        prompt=PicturePrompt(page_number=1, scene=scene, positive="A fox walks", negative="text, letters", seed=1),
        language="ja",
        target_age="7-9",
        names=("夜", "A"),
    )
    on = Terms("a model", Price(input=1000, output=5000), "a key")
    worst = [
        on.worst(judge.about_picture(check.model_copy(update={"forbidden": said}), hides_names=True), 0)
        for said in (unwanted, ())
    ]
    tries = most_paid(Kind.MODERATION, Step.MODERATE_OUTPUT) // 2
    estimate = Estimate(settings_of(moderation="judge", moderation_judge_provider="anthropic", **JUDGED_BY_HAIKU))
    page = estimate(PageOrder(book_id="b", page_number=1, mode="image", language="ja"))
    assert 14 * tries * (worst[0] - worst[1]) <= estimate(order) - estimate(free)
    assert tries * worst[0] <= page


READABLE = st.text(alphabet='A B"\\가힣夜😀', min_size=10, max_size=120).map(lambda text: f"A{text}A")
NAMES = st.sampled_from(("A", "B", "가", "夜", "A B"))


@given(READABLE, NAMES, st.integers(4, 12), st.sampled_from(Language), st.integers(0, 6))
def test_no_question_about_a_story_costs_more_than_was_reckoned_with(
    words: str, name: str, page_count: int, language: Language, earlier: int
) -> None:
    spec = BookSpec(
        topic=words,
        target_age="5-7",
        style="watercolor",
        language=language,
        page_count=page_count,
        character=HeroSpec(name=name, appearance=words, personality=(words[:40].strip(),) * 8),
        series_context=words,
        forbidden_elements=(words[:40].strip(),) * 20,
    )
    book = EarlierBook(
        title=words[:80].strip(), topic=words, hero=name, places=(words[:60].strip(),) * 13, ending=words, moral="A"
    )
    order = BookOrder(spec=spec, series=SeriesLink(series_id="s", previous_book_id="b", earlier=(book,) * earlier))
    look = CastMember(name=name, role=Role.HERO, kind="fox", look=words, traits=(words[:60].strip(),) * 8)
    asked = (
        questions.story(StoryRequest(spec=spec, earlier=order.earlier, seed=1)).question,
        questions.cast(
            SheetRequest(cast=(look,) * 6, style="watercolor", seed=1, forbidden=spec.forbidden_elements)
        ).question,
    )
    on = Terms("a model", Price(input=1000, output=5000), "a key")
    again = [question.say("x" * most_sent_back(question.max_tokens)) for question in asked]
    tries = most_paid(Kind.TEXT, Step.GENERATE_STORY) // 2
    assert tries * sum(on.worst(question, 0) for question in (*asked, *again)) <= Estimate(ANTHROPIC)(order)
