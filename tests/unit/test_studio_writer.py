"""The studio's writer keeps its promises for every age, length, seed and topic."""

import re
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.characters import CharacterSheet
from storybook.domain.reading_level import complaints, count_sentences
from storybook.domain.story import CastMember, Mood, Role, StoryDraft, StoryPage, TimeOfDay, Weather
from storybook.domain.wanted import story_faults
from storybook.providers.base import RewriteRequest, SheetRequest, StoryRequest
from storybook.providers.studio.writer import design_cast, rewrite_page, write_story
from storybook.providers.studio.writer.data import has_prose, table
from storybook.providers.studio.writer.lexicon import find
from storybook.providers.studio.writer.naming import name_in
from storybook.providers.studio.writer.paper import parts

TROUBLES = {name: row for name, row in table("troubles").items() if name != "themes"}
WRITTEN = [
    language
    for language in Language
    if has_prose("_words", language)
    and all(
        any(has_prose(plot, language) for plot in (*row["plots"], *row.get("spare", ()))) for row in TROUBLES.values()
    )
]
TOPICS = (
    "a little fox who is afraid of the dark",
    "어둠을 무서워하는 토끼 몽이",
    "うさぎのモモが海へ行く",
    "Mina the dinosaur brushes her teeth",
    "🦊🌙",
    "x",
    "a spoon that sings to nobody in particular! " * 4,
    "Dr. Who? No. Yes…",
    "“quoted” 「話」",
    "grandma's birthday cake",
    "why do leaves fall",
    "asdf qwer",
    "a bear who learns to swim",
    "a princess who doesn't want to brush her hair",
    "Leo and his dog Rex share a red ball",
    "trucks",
)

BY_PLOT = [
    (table("lexicon")["troubles"][name][0].split(", ")[0], row)
    for name, row in TROUBLES.items()
    if name in table("lexicon")["troubles"]
]


KNOWN = (
    ("Captain Nova", "a brave girl with a red cape"),
    ("달이", "a small white rabbit"),
    ("Whiskers", "an old grey cat"),
    ("Zed-9", "a tiny silver robot"),
)


def sheet(name: str, look: str) -> CharacterSheet:
    return CharacterSheet.model_validate(
        {
            "name": name,
            "master_description": f"{name}, {look}",
            "appearance": {"age_visual": "young", "face": "round", "hair": "short", "skin": "soft", "body": "small"},
            "clothing": {"top": "red cape", "bottom": "none", "shoes": "none", "accessories": "none"},
            "personality_traits": ["kind"],
            "visual_style_notes": "always the same",
        }
    )


def request(topic: str, **changes: object) -> StoryRequest:
    seed = changes.pop("seed", 1)
    values = {"language": "en", "target_age": "5-7", "style": Style.WATERCOLOR, "page_count": 8} | changes
    return StoryRequest.model_validate({"spec": BookSpec.model_validate({"topic": topic} | values), "seed": seed})


@settings(max_examples=80, deadline=None)
@given(
    topic=st.sampled_from(TOPICS) | st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=200),
    age=st.sampled_from(TargetAge),
    language=st.sampled_from(WRITTEN),
    count=st.integers(4, 12),
    seed=st.integers(1, 2_147_483_647),
)
def test_every_page_fits_its_readers(topic: str, age: TargetAge, language: Language, count: int, seed: int) -> None:
    if not topic.strip():
        return
    asked = request(topic, target_age=age, language=language, page_count=count, seed=seed)
    draft = write_story(asked)
    assert len(draft.pages) == count
    assert [complaints(page.text, age, language) for page in draft.pages] == [[]] * count
    assert story_faults(draft, asked.spec, ()) == []
    assert draft == write_story(asked)
    said = [sentence for page in draft.pages for sentence in parts(page.text)]
    assert sorted(said) == sorted(set(said))


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("plot", list(table("plots")))
def test_no_plot_says_a_sentence_twice(language: Language, plot: str) -> None:
    if not has_prose(plot, language):
        return
    topic = next((words for words, row in BY_PLOT if plot in row["plots"]), "x")
    for age in TargetAge:
        for seed in range(1, 3):
            draft = write_story(request(topic, language=language, target_age=age, page_count=12, seed=seed))
            said = [sentence for page in draft.pages for sentence in parts(page.text)]
            assert len(said) == len(set(said))


def test_ten_seeds_tell_different_stories() -> None:
    drafts = [write_story(request("a fox who is afraid of the dark", seed=seed)) for seed in range(1, 11)]
    assert len({tuple(page.text for page in draft.pages) for draft in drafts}) == 10
    assert len({draft.title for draft in drafts}) >= 4


def test_no_lamp_for_the_table_stands_out_of_doors() -> None:
    for seed in range(1, 21):
        draft = write_story(request("a little fox who is afraid of the dark", seed=seed, page_count=12))
        shown = {(scene.place, prop) for scene in draft.scenes().values() for prop in scene.props}
        assert [place for place, prop in shown if prop == "lamp" and place not in table("wardrobe")["indoors"]] == []


@pytest.mark.parametrize("topic", ["a rabbit who is shy at school", "a cat who is afraid of the library"])
def test_nobody_goes_to_bed_where_nobody_lives(topic: str) -> None:
    for seed in range(1, 21):
        draft = write_story(request(topic, seed=seed, page_count=12))
        scenes = draft.scenes().values()
        asleep = {scene.place for scene in scenes if Mood.SLEEPY in {actor.mood for actor in scene.actors}}
        assert not asleep & {"school", "library"}


def everything_told(draft: StoryDraft) -> str:
    """What stands in the book and what its pictures are painted from."""
    scenes = [f"{scene.description} {scene.place} {' '.join(scene.props)}" for scene in draft.scenes().values()]
    held = [actor.holding or "" for scene in draft.scenes().values() for actor in scene.actors]
    return "\n".join([draft.title, draft.moral, *(page.text for page in draft.pages), *scenes, *held]).lower()


def repeated(typed: str, told: str) -> list[str]:
    """Runs of three words of what was typed (in Japanese, of seven characters) that were told again."""
    plain = " ".join(re.findall(r"[\w'’]+", typed.lower()))
    said = " ".join(re.findall(r"[\w'’]+", told.lower()))
    pieces = plain.split()
    runs = [" ".join(pieces[start : start + 3]) for start in range(len(pieces) - 2)]
    if not plain.isascii() and len(pieces) < 3:
        runs = [plain[start : start + 7] for start in range(len(plain) - 6)]
    return [run for run in runs if run in said]


PRIVATE = (
    ("en", "daddy touches me at night"),
    ("en", "My uncle hurts me and nobody may know"),
    ("en", "why does daddy touch me at night"),
    ("en", "a girl who is afraid of her father touching her"),
    ("en", "Mia wants to sleep in the bed of her uncle"),
    ("en", "a boy who doesn't want to undress for the coach"),
    ("en", "a girl who wants to become a secret of daddy's"),
    ("en", "I Was Hit By Daddy Again Tonight"),
    ("en", "quantum rain over asdf qwer"),
    ("ko", "밤마다 아빠가 나를 만져요"),
    ("ko", "왜 삼촌은 나를 때려요?"),
    ("ko", "아빠의 비밀 애인이 되고 싶은 아이"),
    ("ja", "夜になるとパパがわたしをさわる"),
    ("ja", "どうしてパパはママをなぐるの？"),
    ("ja", "パパだけの秘密の恋人になりたい"),
)


@pytest.mark.parametrize(("language", "typed"), PRIVATE)
def test_what_is_not_understood_is_not_repeated(language: Language, typed: str) -> None:
    for age in TargetAge:
        for seed in range(1, 3):
            draft = write_story(request(typed, language=language, target_age=age, seed=seed))
            assert repeated(typed, everything_told(draft)) == []


@pytest.mark.parametrize(
    ("language", "typed"),
    [(language, typed) for language, typed in PRIVATE if re.search("dad|uncle|아빠|삼촌|パパ", typed)],
)
def test_no_grown_up_is_brought_in_of_whom_something_not_understood_is_said(language: Language, typed: str) -> None:
    for seed in range(1, 4):
        cast = write_story(request(typed, language=language, seed=seed, page_count=12)).cast
        assert {member.kind for member in cast}.isdisjoint({"man", "woman"})


@pytest.mark.parametrize(("language", "typed"), PRIVATE)
def test_neither_series_nor_feedback_is_repeated(language: Language, typed: str) -> None:
    asked = request("a fox", language=language, series_context=typed)
    draft = write_story(asked)
    for number in range(1, 9):
        draft = with_page(draft, rewritten(asked, draft, number, typed))
    assert repeated(typed, everything_told(draft)) == []


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("a zorbling fox quibbles a telescope", ("fox", "telescope")),
        ("a spoon that frobs", ("spoon",)),
        ("an owl glimps at the castle", ("owl", "castle")),
    ],
)
def test_what_is_understood_is_told(topic: str, words: tuple[str, ...]) -> None:
    for seed in range(1, 6):
        told = everything_told(write_story(request(topic, seed=seed)))
        assert [word for word in words if word not in told] == []
        assert repeated(topic, told) == []


ODD = (
    "{x}",
    "{0}",
    "${x}",
    "}{",
    "%s",
    "{{",
    "\\",
    "{hero}",
    "{item:을/를}",
    "\\{",
    "[a|b]",
    "{",
    "a / b",
    "{hero.name}",
)


@settings(max_examples=30, deadline=None)
@given(
    topic=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
    | st.lists(st.sampled_from(ODD), min_size=1, max_size=4).map(" a fox ".join),
    name=st.sampled_from(ODD) | st.text(st.characters(categories=["L", "P", "S"]), min_size=1, max_size=12),
    feedback=st.lists(st.sampled_from(ODD), min_size=1, max_size=4).map(" kite ".join),
    language=st.sampled_from(WRITTEN),
    number=st.integers(1, 4),
)
def test_braces_are_plain_text(topic: str, name: str, feedback: str, language: Language, number: int) -> None:
    for given_hero in ({"name": name}, None):
        asked = request(topic, language=language, page_count=4, character=given_hero)
        draft = write_story(asked)
        if given_hero:
            assert draft.cast[0].name == asked.spec.character.name
        page = rewritten(asked, draft, number, feedback)
        assert StoryDraft.model_validate(with_page(draft, page).model_dump()) == with_page(draft, page)


@pytest.mark.parametrize(
    ("topic", "language", "kinds", "place"),
    [
        ("魔女のおばあさんとねこの宇宙旅行", "ja", ("witch", "cat"), "space"),
        ("lighthouse keeper and a whale", "en", ("lighthouse keeper", "whale"), "sea"),
        ("무서운 마녀와 늑대", "ko", ("witch", "wolf"), None),
        ("a bear's trip to the moon", "en", ("bear",), "space"),
        ("토끼가 바다에 가요", "ko", ("rabbit",), "sea"),
    ],
)
def test_kinds_and_places_of_the_topic_are_seen(
    topic: str, language: Language, kinds: tuple[str, ...], place: str | None
) -> None:
    for age in TargetAge:
        for seed in range(1, 4):
            draft = write_story(request(topic, language=language, target_age=age, seed=seed))
            shown = [scene.place for scene in draft.scenes().values()]
            assert all(kind in member.look for kind, member in zip(kinds, draft.cast, strict=False))
            assert place is None or shown.count(place) >= 3


def test_forbidden_words_are_left_out() -> None:
    draft = write_story(request("a fox at night", forbidden_elements=("lantern", "곰")))
    text = draft.model_dump_json().lower()
    assert "lantern" not in text
    assert '"bear"' not in text


@pytest.mark.parametrize(
    ("topic", "kind", "name"),
    [
        ("Mina the fox flies", "fox", "Mina"),
        ("토끼 몽이의 생일", "rabbit", "몽이"),
        ("うさぎのモモが泳ぐ", "rabbit", "モモ"),
    ],
)
def test_the_topic_names_its_hero(topic: str, kind: str, name: str) -> None:
    assert name_in(topic) == name
    assert find(topic).kinds[0] == kind
    hero = write_story(request(topic)).cast[0]
    assert (hero.role, hero.kind, hero.name) == (Role.HERO, kind, name)


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("도서관에 간 혜린이", "혜린"),
        ("민준이의 우산", "민준"),
        ("토끼와 서연이를", "서연"),
        ("강아지 초코", "초코"),
        ("電車が大好きなはるくん", "はる"),
        ("カメのノロ", "ノロ"),
        ("お姉ちゃんとケーキを焼くりく", "りく"),
    ],
)
def test_names_lose_what_is_put_behind_them(topic: str, name: str) -> None:
    assert name_in(topic) == name


@pytest.mark.parametrize(
    ("topic", "language", "kind", "words"),
    [
        ("소방차가 되고 싶은 자동차", "ko", "robot", "소방차가 될"),
        ("消防車になりたい車", "ja", "robot", "消防車になる"),
        ("a car that wants to be a fire engine", "en", "robot", "be a fire engine"),
        ("두더지의 하루", "ko", "mouse", "두더지"),
        ("宇宙人のぼうけん", "ja", "robot", "宇宙人"),
        ("なんで空は青いの？", "ja", "", "空には"),
        ("かさをなくしたペンギン", "ja", "penguin", "かさ"),
        ("비 오는 날 우산을 잃어버린 펭귄", "ko", "penguin", "우산"),
    ],
)
def test_wishes_and_kinds_of_every_language(topic: str, language: Language, kind: str, words: str) -> None:
    draft = write_story(request(topic, language=language))
    assert kind in draft.cast[0].kind
    assert words in " ".join(page.text for page in draft.pages)


def test_a_swimmer_stays_in_the_sea() -> None:
    for topic in ("a whale goes on an adventure", "an octopus loses her ball"):
        places = {page.scene.place for page in write_story(request(topic, page_count=12)).pages}
        assert places <= {"sea", "underwater", "cave"}


def test_adults_are_called_as_such() -> None:
    draft = write_story(request("엄마의 하루", language="ko", target_age="adult"))
    assert (draft.cast[0].kind, draft.cast[0].name) == ("woman", "엄마")


@pytest.mark.parametrize(
    ("topic", "cast", "item"),
    [
        ("a penguin and an owl share a red ball", [("penguin", None), ("owl", None)], "red ball"),
        ("Tom and his dog Rex lose a blue kite", [("boy", "Tom"), ("dog", "Rex")], "blue kite"),
        ("Tom and Lily share a balloon", [("boy", "Tom"), ("girl", "Lily")], "balloon"),
        ("Mina the mermaid loses her shell", [("girl", "Mina")], "shell"),
    ],
)
def test_whom_and_what_the_topic_names_matters(topic: str, cast: list[tuple[str, str | None]], item: str) -> None:
    for seed in range(1, 6):
        draft = write_story(request(topic, seed=seed, page_count=4))
        for member, (kind, name) in zip(draft.cast, cast, strict=False):
            assert member.kind == kind
            assert member.name == (name or member.name)
            assert member.name in " ".join(page.text for page in draft.pages)
        assert item in " ".join(page.text for page in draft.pages)
        shown = {actor.holding for scene in draft.scenes().values() for actor in scene.actors}
        assert item in shown | {prop for scene in draft.scenes().values() for prop in scene.props}


@pytest.mark.parametrize(
    ("topic", "kind", "words"),
    [
        ("a little red dragon", "dragon", ("little", "red", "dragon")),
        ("a shy giraffe", "deer", ("shy", "giraffe")),
        ("a princess who bakes", "girl", ("crown", "dress")),
        ("trucks", "robot", ("truck",)),
        ("용감한 빨간 여우", "fox", ("brave", "red", "fox")),
        ("赤いドラゴン", "dragon", ("red", "dragon")),
    ],
)
def test_the_hero_looks_as_the_topic_says(topic: str, kind: str, words: tuple[str, ...]) -> None:
    hero = write_story(request(topic)).cast[0]
    assert hero.kind == kind
    assert all(word in hero.look for word in words)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("topic", ["a trip to the moon", "grandma's birthday", "asdf qwer"])
def test_known_characters_all_appear(count: int, topic: str) -> None:
    known = tuple(sheet(name, look) for name, look in KNOWN)[:count]
    for age in TargetAge:
        for pages in (4, 8):
            asked = request(topic, target_age=age, page_count=pages).model_copy(update={"known": known})
            draft = write_story(asked)
            text = " ".join(page.text for page in draft.pages)
            seen = {actor.name for page in draft.pages for actor in page.scene.actors}
            assert draft.cast[0].name == known[0].name
            assert [one.name for one in known if one.name not in text or one.name not in seen] == []


def test_a_described_hero_is_kept() -> None:
    hero = {"name": "Shelly", "gender": "female", "appearance": "a brave turtle, yellow hat", "personality": ["funny"]}
    draft = write_story(request("a day at the beach", character=hero))
    assert (draft.cast[0].name, draft.cast[0].kind, draft.cast[0].traits) == ("Shelly", "turtle", ("funny",))
    assert "yellow hat" in draft.cast[0].look
    sheets = design_cast(SheetRequest(cast=draft.cast, style=Style.WATERCOLOR, seed=1))
    assert "yellow hat" in sheets.characters[0].clothing.accessories


@pytest.mark.parametrize(
    ("language", "appearance"),
    [
        ("en", "a girl with red curly hair and a green dress"),
        ("en", "red curly hair, green dress"),
        ("ko", "초록색 원피스를 입고 빨간 곱슬머리를 한 소녀"),
        ("ko", "빨간 곱슬머리, 초록 원피스"),
        ("ja", "赤い巻き毛で緑のワンピースを着た女の子"),
    ],
)
def test_a_described_hero_looks_as_typed(language: Language, appearance: str) -> None:
    for seed in range(1, 9):
        hero = {"name": "Mia", "gender": "female", "appearance": appearance}
        cast = write_story(request("the sea", character=hero, language=language, seed=seed)).cast[:1]
        (designed,) = design_cast(SheetRequest(cast=cast, style=Style.WATERCOLOR, seed=seed)).characters
        assert designed.appearance.hair == "red hair, curly"
        assert designed.clothing.top == "green dress"


@pytest.mark.parametrize("term", ["dog", "snake", "dark", "water", "monster", "night"])
@pytest.mark.parametrize("topic", ["a dog who is afraid of the dark", "the monster at night", "learning to swim"])
def test_nothing_forbidden_is_told_or_shown(term: str, topic: str) -> None:
    for age in TargetAge:
        draft = write_story(request(topic, target_age=age, forbidden_elements=(term,), page_count=12))
        told = draft.model_dump_json(exclude={"target_age", "language"}).lower()
        assert re.findall(rf"(?<![a-z])(?:good|mid)?{term}s?(?![a-z])", told) == []


@pytest.mark.parametrize("forbidden", [("ribbon", "red"), ("리본", "빨간색"), ("リボン", "赤")])
def test_nothing_forbidden_is_worn(forbidden: tuple[str, ...]) -> None:
    cast = (
        CastMember(name="Mia", role=Role.HERO, kind="rabbit", look="a small rabbit"),
        CastMember(name="Bo", role=Role.FRIEND, kind="boy", look="a boy"),
    )
    for seed in range(1, 30):
        wanted = SheetRequest(cast=cast, style=Style.CARTOON, seed=seed, forbidden=forbidden)
        said = design_cast(wanted).model_dump_json()
        assert re.findall(r"\b(?:red|ribbon)\b", said) == []


def test_a_name_is_one_and_they_are_many() -> None:
    asked = request("a cat", character={"name": "Luna", "gender": "neutral", "appearance": "a small cat"})
    told = "".join(
        " ".join(page.text for page in write_story(asked.model_copy(update={"seed": seed})).pages)
        for seed in range(1, 200)
    )
    assert re.findall(r"(?:(?<!and )Luna|Luna the cat) were\b", told) == []
    prose = files("storybook.providers.studio.writer").joinpath("data", "prose", "en")
    for plot in prose.iterdir():
        for before in re.findall(r"(\S+) \{was\}", plot.read_text(encoding="utf-8")):
            assert before.lower().endswith("{they}"), (plot.name, before)


def test_members_are_told_apart() -> None:
    for seed in range(1, 20):
        cast = write_story(request("three rabbits and two foxes at grandma's birthday", seed=seed, page_count=12)).cast
        sheets = design_cast(SheetRequest(cast=cast, style=Style.WATERCOLOR, seed=seed)).characters
        assert len({(one.appearance.hair, one.appearance.body) for one in sheets}) == len(cast)
        assert len({(one.clothing.top, one.clothing.accessories) for one in sheets}) == len(cast)


def test_everyone_gets_a_sheet_of_their_own() -> None:
    cast = write_story(request("grandma's birthday")).cast
    sheets = design_cast(SheetRequest(cast=cast, style=Style.WATERCOLOR, seed=3))
    assert [sheet.name for sheet in sheets.characters] == [member.name for member in cast]
    assert len({sheet.master_description for sheet in sheets.characters}) == len(cast)


FEEDBACKS = (
    None,
    "add a red kite",
    "비가 오게 해 주세요",
    "夜にしてください",
    "happier",
    "더 신나게",
    "もっと楽しく",
    "shorter",
    "짧게",
    "長く",
    "a cat and a ball at the beach in the snow",
    "no rain, and less scary",
    "qwerty",
)
PLOT_TOPICS = tuple(words for words, _ in BY_PLOT)


def rewritten(asked: StoryRequest, draft: StoryDraft, number: int, feedback: str | None, seed: int = 1) -> StoryPage:
    return rewrite_page(RewriteRequest(story=asked, draft=draft, page_number=number, feedback=feedback, seed=seed)).page


def with_page(draft: StoryDraft, page: StoryPage) -> StoryDraft:
    return draft.model_copy(
        update={"pages": tuple(page if old.page_number == page.page_number else old for old in draft.pages)}
    )


@settings(max_examples=40, deadline=None)
@example(
    topic="うさぎのモモが海へ行く",
    age=TargetAge.TODDLER,
    language=Language.KO,
    number=11,
    feedback="0Ĝ౩ŕ𬪇N",
    seed=567,
    ours=False,
)
@given(
    topic=st.sampled_from(TOPICS + PLOT_TOPICS),
    age=st.sampled_from(TargetAge),
    language=st.sampled_from(WRITTEN),
    number=st.integers(1, 12),
    feedback=st.sampled_from(FEEDBACKS) | st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=200),
    seed=st.integers(1, 1000),
    ours=st.booleans(),
)
def test_every_page_can_be_told_anew(
    topic: str, age: TargetAge, language: Language, number: int, feedback: str, seed: int, *, ours: bool
) -> None:
    asked = request(topic, target_age=age, language=language, page_count=12, seed=seed)
    draft = write_story(asked).model_copy(update={} if ours else {"title": "Someone Else's Story"})
    for again in range(2):
        old, new = draft.pages[number - 1], rewritten(asked, draft, number, feedback, seed + again)
        assert new == rewritten(asked, draft, number, feedback, seed + again)
        assert complaints(new.text, age, language) == []
        assert new.text != old.text
        assert new.scene.actors[0].name == old.scene.actors[0].name
        elsewhere = {said for page in draft.pages if page is not old for said in parts(page.text)}
        assert not elsewhere & set(parts(new.text))
        draft = with_page(draft, new)


@pytest.mark.parametrize(
    ("language", "feedback", "word"),
    [
        ("en", "add a red kite", "red kite"),
        ("ko", "빨간 연을 넣어 주세요", "빨간 연"),
        ("ja", "赤いたこを入れて", "赤いたこ"),
    ],
)
@pytest.mark.parametrize("age", TargetAge)
def test_a_thing_that_was_wished_for_is_told_and_shown(
    language: Language, feedback: str, word: str, age: TargetAge
) -> None:
    asked = request("a fox who is afraid of the dark", language=language, target_age=age)
    draft = write_story(asked)
    for number in range(1, 9):
        page = rewritten(asked, draft, number, feedback)
        draft = with_page(draft, page)
        assert word in page.text
        assert page.scene.props[0] == "red kite"
        assert "red kite" in page.scene.description


@pytest.mark.parametrize(
    ("feedback", "field", "value"),
    [
        ("make it rain", "weather", Weather.RAIN),
        ("비가 오게 해 주세요", "weather", Weather.RAIN),
        ("雪をふらせて", "weather", Weather.SNOW),
        ("no rain please", "weather", Weather.CLEAR),
        ("at night", "time", TimeOfDay.NIGHT),
        ("夜にしてください", "time", TimeOfDay.NIGHT),
        ("아침으로 바꿔 주세요", "time", TimeOfDay.MORNING),
        ("let them go to the beach", "place", "sea"),
    ],
)
def test_weather_time_and_place_are_taken_up(feedback: str, field: str, value: str) -> None:
    asked = request("a fox who shares a ball")
    assert getattr(rewritten(asked, write_story(asked), 2, feedback).scene, field) == value


@pytest.mark.parametrize(
    ("feedback", "mood"),
    [
        ("happier", Mood.HAPPY),
        ("더 신나게", Mood.HAPPY),
        ("もっと楽しく", Mood.HAPPY),
        ("less scary", Mood.CALM),
        ("무섭지 않게 해 주세요", Mood.CALM),
        ("怖くないようにして", Mood.CALM),
    ],
)
def test_a_mood_that_was_wished_for_is_seen(feedback: str, mood: Mood) -> None:
    asked = request("a fox who is afraid of the dark")
    page = rewritten(asked, write_story(asked), 3, feedback)
    assert {actor.mood for actor in page.scene.actors} == {mood}


@pytest.mark.parametrize(("shorter", "longer"), [("shorter", "longer"), ("짧게", "더 길게"), ("短く", "長く")])
@pytest.mark.parametrize("language", WRITTEN)
def test_pages_grow_and_shrink_within_their_band(shorter: str, longer: str, language: Language) -> None:
    asked = request("a fox who is afraid of the dark", language=language, target_age="7-9")
    draft = write_story(asked)
    for number in range(1, 9):
        assert count_sentences(rewritten(asked, draft, number, shorter).text) == 2
        assert count_sentences(rewritten(asked, draft, number, longer).text) > 2


def test_other_seeds_tell_other_versions() -> None:
    asked = request("a fox who is afraid of the dark")
    draft = write_story(asked)
    for page in draft.pages:
        assert len({rewritten(asked, draft, page.page_number, None, seed).text for seed in range(1, 9)}) > 1


def test_what_is_forbidden_is_not_taken_up() -> None:
    asked = request("a fox at the beach", forbidden_elements=("kite", "rain"))
    page = rewritten(asked, write_story(asked), 2, "add a red kite and make it rain")
    assert "kite" not in page.model_dump_json()
    assert page.scene.weather is not Weather.RAIN


def test_a_page_that_is_not_there_cannot_be_told_anew() -> None:
    asked = request("a fox at the beach", page_count=4)
    with pytest.raises(ValueError, match="no page 5"):
        rewritten(asked, write_story(asked), 5, None)
