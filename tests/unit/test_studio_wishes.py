"""What the studio makes of a reader's wish for a picture, and what its stories remember of earlier books."""

import numpy as np
import pytest
from numpy.typing import NDArray

from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.reading_level import complaints
from storybook.domain.series import EarlierBook, told_so_far
from storybook.domain.story import Actor, Mood, Pose, Role, Scene, StoryDraft, TimeOfDay, Weather
from storybook.pipeline.steps.generate_image_prompts import generate_image_prompt
from storybook.providers.base import PictureRequest, Revision, RewriteRequest, SheetRequest, StoryRequest
from storybook.providers.studio.painter.composition import compose
from storybook.providers.studio.painter.sheet import raster
from storybook.providers.studio.writer import design_cast, restage_page, rewrite_page, write_story

TOPIC = "Mina the fox plants a garden"
PAGE = 2


def story(topic: str = TOPIC, **changes: object) -> StoryRequest:
    spec = {"topic": topic, "language": "en", "target_age": "5-7", "style": "watercolor", "page_count": 6} | changes
    return StoryRequest(spec=BookSpec.model_validate(spec), seed=7)


def wish(feedback: str | None, asked: StoryRequest | None = None, draft: StoryDraft | None = None) -> RewriteRequest:
    asked = asked or story()
    draft = draft or write_story(asked)
    return RewriteRequest(story=asked, draft=draft, page_number=PAGE, feedback=feedback, seed=3)


def restaged(feedback: str | None) -> Scene:
    return restage_page(wish(feedback)).page.scene


async def drawn(revision: Revision) -> NDArray[np.uint8]:
    """The page's picture, small, always with the same seed."""
    draft = write_story(story())
    cast = design_cast(SheetRequest(cast=draft.cast, style=Style.WATERCOLOR, seed=7))
    prompt = await generate_image_prompt(PAGE, revision.page.scene, cast, Style.WATERCOLOR, (), 7)
    request = PictureRequest(prompt=prompt, style=Style.WATERCOLOR, sheets=cast.characters, width=240, height=320)
    return raster(compose(request), 240, 320)


@pytest.mark.parametrize(
    ("feedback", "seen"),
    [
        ("make it night with stars", {"time": TimeOfDay.NIGHT}),
        ("밤이었으면 좋겠어요", {"time": TimeOfDay.NIGHT}),
        ("夜だったらいいな", {"time": TimeOfDay.NIGHT}),
        ("with the moon in the sky", {"time": TimeOfDay.NIGHT, "place": "garden"}),
        ("별이 있으면 좋겠어요", {"time": TimeOfDay.NIGHT}),
        ("星空にして", {"time": TimeOfDay.NIGHT, "place": "garden"}),
        ("make it winter", {"weather": Weather.SNOW}),
        ("겨울로 바꿔 주세요", {"weather": Weather.SNOW}),
        ("冬にしてください", {"weather": Weather.SNOW}),
        ("make it rain", {"weather": Weather.RAIN}),
        ("비 오는 날로", {"weather": Weather.RAIN}),
        ("雨の日にして", {"weather": Weather.RAIN}),
        ("a dark blue ball and a boat", {"props": ("blue ball", "boat", "seed", "pot"), "time": TimeOfDay.DAY}),
        ("큰 파란 공과 배를 그려 주세요", {"props": ("blue ball", "boat", "seed", "pot")}),
        ("青いボールと船", {"props": ("blue ball", "boat", "seed", "pot")}),
        ("강아지도 같이 있으면 좋겠어요", {"props": ("dog", "seed", "pot")}),
        ("猫を足して", {"props": ("cat", "seed", "pot")}),
        ("at the beach", {"place": "sea"}),
        ("숲에서", {"place": "forest"}),
        ("お城に変えて", {"place": "castle"}),
    ],
)
def test_a_wish_is_seen_in_the_scene(feedback: str, seen: dict[str, object]) -> None:
    scene = restaged(feedback)
    assert {name: getattr(scene, name) for name in seen} == seen
    assert scene.actors[0].name == "Mina"


@pytest.mark.parametrize(
    ("feedback", "hero"),
    [
        ("make her happier", {"mood": Mood.HAPPY, "pose": Pose.JUMPING}),
        ("더 기쁜 표정으로", {"mood": Mood.HAPPY, "pose": Pose.JUMPING}),
        ("もっと楽しそうに", {"mood": Mood.HAPPY, "pose": Pose.JUMPING}),
        ("she is running", {"pose": Pose.RUNNING}),
        ("손을 흔들게 해 주세요", {"pose": Pose.WAVING}),
        ("holding a red balloon", {"holding": "red balloon"}),
        ("빨간 풍선을 들고 있게 해 주세요", {"holding": "red balloon"}),
        ("赤い風船を持たせて", {"holding": "red balloon"}),
    ],
)
def test_a_wish_is_seen_in_the_hero(feedback: str, hero: dict[str, object]) -> None:
    actor = restaged(feedback).actors[0]
    assert {name: getattr(actor, name) for name in hero} == hero


async def test_every_wish_makes_another_picture_of_the_same_hero() -> None:
    wishes = (
        "night with stars",
        "winter",
        "a red balloon",
        "a blue ball and a boat",
        "a dragon",
        "happier",
        "castle",
    )
    plain = await drawn(restage_page(wish(None)))
    pictures = [plain, *[await drawn(restage_page(wish(feedback))) for feedback in wishes]]
    for place, one in enumerate(pictures):
        for other in pictures[:place]:
            assert np.abs(one.astype(int) - other.astype(int)).mean() > 0.5
    assert pictures[1].mean() < plain.mean() - 40
    assert pictures[2].mean() > plain.mean() + 5


async def test_the_words_of_a_picture_do_not_contradict_its_scene() -> None:
    revision = restage_page(wish("at the castle at night, in the rain"))
    cast = design_cast(SheetRequest(cast=write_story(story()).cast, style=Style.WATERCOLOR, seed=7))
    prompt = await generate_image_prompt(PAGE, revision.page.scene, cast, Style.WATERCOLOR, (), 7)
    for word in ("castle", "night", "rain"):
        assert word in revision.page.scene.description
        assert word in prompt.positive
    for word in ("garden", "clear", "daylight", "wishes"):
        assert word not in prompt.positive


def test_old_words_that_would_tell_otherwise_are_put_aside() -> None:
    asked = story()
    draft = write_story(asked)
    page = draft.pages[PAGE - 1]
    wet = page.scene.model_copy(
        update={"description": "Mina waits in the rain at night", "weather": Weather.RAIN, "time": TimeOfDay.NIGHT}
    )
    pages = (draft.pages[0], page.model_copy(update={"scene": wet}), *draft.pages[PAGE:])
    changed = restage_page(wish("a sunny day", asked, draft.model_copy(update={"pages": pages}))).page.scene
    assert (changed.weather, changed.time) == (Weather.CLEAR, TimeOfDay.DAY)
    assert not {"rain", "night"} & set(changed.description.split())


def test_who_is_in_the_story_comes_in_person_and_can_leave() -> None:
    asked = story("a fox and an owl are friends")
    draft = write_story(asked)
    fox, owl = draft.cast[0].name, next(member.name for member in draft.cast if member.kind == "owl")
    alone = draft.pages[1].model_copy(update={"scene": Scene(description="x", place="sea", actors=(Actor(name=fox),))})
    draft = draft.model_copy(update={"pages": (draft.pages[0], alone, *draft.pages[2:])})
    both = restage_page(wish("add the owl", asked, draft)).page
    assert [actor.name for actor in both.scene.actors] == [fox, owl]
    draft = draft.model_copy(update={"pages": (draft.pages[0], both, *draft.pages[2:])})
    assert [actor.name for actor in restage_page(wish("no owl please", asked, draft)).page.scene.actors] == [fox]
    assert restage_page(wish("another owl", asked, draft)).page.scene.props[0] == "owl"


@pytest.mark.parametrize("feedback", ["xyzzy qwop", "뷁뷁", "ゑゑ", "make it better"])
def test_what_is_not_understood_is_said_so(feedback: str) -> None:
    asked = wish(feedback)
    assert not restage_page(asked).understood
    assert not rewrite_page(asked).understood
    assert restage_page(asked).page == asked.draft.pages[PAGE - 1]


@pytest.mark.parametrize("feedback", [None, "make it night"])
def test_what_is_understood_or_was_not_asked_needs_no_word(feedback: str | None) -> None:
    assert restage_page(wish(feedback)).understood
    assert rewrite_page(wish(feedback)).understood


def test_words_change_with_the_hour() -> None:
    asked = story(language="ko")
    page = rewrite_page(wish("밤이었으면 좋겠어요", asked)).page
    assert "밤" in page.text
    assert page.scene.time is TimeOfDay.NIGHT


def remembered(asked: StoryRequest) -> tuple[StoryDraft, EarlierBook]:
    draft = write_story(asked)
    known = {sheet.name: sheet for sheet in asked.known} | {
        sheet.name: sheet for book in asked.earlier for sheet in book.companions
    }
    new = tuple(member for member in draft.cast if member.name not in known)
    if new:
        known |= {
            sheet.name: sheet for sheet in design_cast(SheetRequest(cast=new, style=Style.CARTOON, seed=7)).characters
        }
    friends = [known[member.name] for member in draft.cast if member.role is Role.FRIEND]
    return draft, EarlierBook(
        title=draft.title,
        topic=asked.spec.topic,
        hero=draft.cast[0].name,
        companions=tuple(friends[:2]),
        places=tuple(dict.fromkeys(scene.place for scene in draft.scenes().values())),
        ending=draft.pages[-1].text,
        moral=draft.moral,
    )


@pytest.mark.parametrize("age", TargetAge)
@pytest.mark.parametrize(
    ("language", "topics", "second", "third"),
    [
        ("en", ("a fox who is afraid of the dark", "a red kite at the beach", "at the farm"), "the dark", "kite"),
        ("ko", ("어둠이 무서운 아기 여우", "바닷가의 빨간 연", "농장에 가요"), "어둠", "연"),
        ("ja", ("くらやみがこわい子ぎつね", "海べの赤いたこ", "ぼくじょうへ行く"), "くらやみ", "たこ"),
    ],
)
def test_a_series_remembers_its_books_and_its_friends(
    language: Language, topics: tuple[str, ...], second: str, third: str, age: TargetAge
) -> None:
    drafts: list[StoryDraft] = []
    earlier: tuple[EarlierBook, ...] = ()
    known = ()
    for topic in topics:
        asked = story(topic, language=language, target_age=age).model_copy(update={"earlier": earlier, "known": known})
        if earlier:
            asked = asked.model_copy(
                update={"spec": asked.spec.model_copy(update={"series_context": told_so_far(earlier)})}
            )
        draft, book = remembered(asked)
        drafts.append(draft)
        earlier += (book,)
        hero = SheetRequest(cast=draft.cast[:1], style=Style.CARTOON, seed=7)
        known = known or design_cast(hero).characters
        assert all(complaints(page.text, age, language) == [] for page in draft.pages)
    openings = [f"{draft.pages[0].text} {draft.pages[1].text}" for draft in drafts]
    assert second in openings[1]
    assert second in openings[2]
    assert third in openings[2]
    for draft in drafts[1:]:
        assert draft.cast[1].name == drafts[0].cast[1].name


def test_nobody_comes_back_whom_the_parent_does_not_want() -> None:
    draft, book = remembered(story("a fox and a spider friend, the rabbit"))
    kind = draft.cast[1].kind
    asked = story("at the sea", forbidden_elements=(kind,)).model_copy(update={"earlier": (book,)})
    assert kind not in {member.kind for member in write_story(asked).cast}


def test_the_summary_of_a_long_series_keeps_its_limit() -> None:
    _, book = remembered(story())
    books = tuple(book.model_copy(update={"title": f"Book {number}", "topic": "t" * 150}) for number in range(12))
    told = told_so_far(books)
    assert len(told) <= 500
    assert told.startswith("Book 0")
    assert "Book 11" in told
