"""The scenes of the studio's painter: places, props, weather and how everyone stands in them."""

import random

import pytest
import resvg_py

from storybook.domain.book_spec import Style
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import Actor, Mood, Pose, Scene, TimeOfDay, Weather
from storybook.providers.base import PictureRequest
from storybook.providers.studio.painter import berths
from storybook.providers.studio.painter.blocking import block, stature
from storybook.providers.studio.painter.characters import look_of
from storybook.providers.studio.painter.composition import compose
from storybook.providers.studio.painter.light import light_of
from storybook.providers.studio.painter.pen import HEIGHT, WIDTH, Pen
from storybook.providers.studio.painter.places import PLACES, place_of
from storybook.providers.studio.painter.props import PROPS, draw_prop, prop_of
from storybook.providers.studio.painter.props.setting import Room, arrange, overlap

PNG = b"\x89PNG"
MAX_ELEMENTS = 1500


def sheet(name: str, description: str) -> CharacterSheet:
    return CharacterSheet(
        name=name,
        master_description=description,
        appearance=Appearance(age_visual="young", face="round", hair="short brown hair", skin="warm", body="small"),
        clothing=Clothing(top="green sweater", bottom="blue trousers", shoes="brown boots", accessories="none"),
        personality_traits=("kind",),
        visual_style_notes="soft colours",
    )


SHEETS = (
    sheet("Mia", "a small girl with brown hair"),
    sheet("Finn", "a small red fox with a bushy tail"),
    sheet("Bruno", "a big brown bear"),
    sheet("Pip", "a tiny grey mouse"),
    sheet("Nemo", "a little orange fish"),
)


def prompt_of(scene: Scene, *, page: int = 1, seed: int = 7) -> PicturePrompt:
    return PicturePrompt(
        page_number=page, scene=scene, positive="a picture for a book", negative="nothing frightening", seed=seed
    )


def request_of(scene: Scene, *, page: int = 1, seed: int = 7, style: Style = Style.WATERCOLOR) -> PictureRequest:
    return PictureRequest(
        prompt=prompt_of(scene, page=page, seed=seed), style=style, sheets=SHEETS, width=WIDTH, height=HEIGHT
    )


def scene_of(place: str = "forest", names: tuple[str, ...] = ("Mia",), **parts: object) -> Scene:
    return Scene.model_validate(
        {
            "description": "a scene",
            "place": place,
            "actors": tuple(Actor(name=name) for name in names),
            **parts,
        }
    )


def rendered(svg: str) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=48))


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_drawn_at_every_time_and_in_every_weather(place: str) -> None:
    drawings = [
        compose(request_of(scene_of(place, time=time, weather=weather))) for time in TimeOfDay for weather in Weather
    ]
    assert len(set(drawings)) > 1
    for svg in drawings:
        assert "<text" not in svg
        assert svg.count("<path") + svg.count("<ellipse") < MAX_ELEMENTS
    for svg in random.Random(place).sample(drawings, 3):
        assert rendered(svg).startswith(PNG)


@pytest.mark.parametrize("style", Style)
def test_every_style_draws_a_whole_scene(style: Style) -> None:
    scene = scene_of("sea", ("Mia", "Finn"), props=("boat", "shell", "kite"), weather=Weather.WIND)
    assert rendered(compose(request_of(scene, style=style))).startswith(PNG)


@pytest.mark.parametrize("name", PROPS)
def test_every_known_prop_is_drawn(name: str) -> None:
    pen = Pen(Style.CARTOON, random.Random(1))
    empty = pen.svg()
    draw_prop(pen, name, 480, 900, 300, random.Random(2))
    assert pen.svg() != empty
    assert "<text" not in pen.svg()
    assert rendered(pen.svg()).startswith(PNG)


def test_many_props_are_known_and_each_by_its_own_name() -> None:
    assert len(PROPS) >= 70
    assert all(prop_of(name) is prop for name, prop in PROPS.items())


def test_an_unknown_prop_draws_nothing() -> None:
    pen = Pen(Style.CARTOON, random.Random(1))
    empty = pen.svg()
    draw_prop(pen, "quux", 480, 900, 300, random.Random(2))
    assert pen.svg() == empty


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("an old brass key", "key"),
        ("two red apples", "apple"),
        ("a picnic basket", "basket"),
        ("the teddy", "teddy bear"),
        ("keyboard", None),
    ],
)
def test_props_are_found_by_whole_words(words: str, name: str | None) -> None:
    found = prop_of(words)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("the deep woods", "forest"),
        ("a sunny beach", "sea"),
        ("a cosy living room", "living_room"),
        ("on the Moon", "space"),
        ("classroom", "school"),
        ("lake shore path", "sea"),
        ("a quiet lake", "river"),
        ("city street", "town"),
        ("the park", "playground"),
        ("an old barn", "farm"),
        ("attic", "bedroom"),
        ("nowhere at all", "meadow"),
    ],
)
def test_free_words_find_the_nearest_place(words: str, name: str) -> None:
    assert place_of(words).name == name


def test_the_same_request_gives_the_same_picture_and_another_seed_another() -> None:
    scene = scene_of("garden", ("Mia", "Pip"), props=("carrot", "wagon"))
    assert compose(request_of(scene)) == compose(request_of(scene))
    assert compose(request_of(scene)) != compose(request_of(scene, seed=8))


def test_unknown_words_do_not_fail() -> None:
    actor = Actor(name="Mia", holding="a frobnicator")
    scene = scene_of("zzyzx", props=("a gadget of no name",), actors=(actor,))
    assert rendered(compose(request_of(scene))).startswith(PNG)


def test_someone_without_a_sheet_is_refused() -> None:
    with pytest.raises(KeyError):
        compose(request_of(scene_of(names=("Nobody",))))


@pytest.mark.parametrize("pose", Pose)
@pytest.mark.parametrize("page", [0, 3])
def test_everyone_is_inside_the_picture_and_large_enough(pose: Pose, page: int) -> None:
    looks = {one.name: look_of(one) for one in SHEETS}
    for count in (1, 2, 3, 4):
        actors = tuple(Actor(name=one.name, pose=pose) for one in SHEETS[:count])
        for seed in range(1, 9):
            standing = block(
                prompt_of(scene_of(actors=actors), page=page), looks, PLACES["meadow"], random.Random(seed)
            )
            assert len(standing) == count
            assert all(one.x - one.width * 0.4 > -20 and one.x + one.width * 0.4 < WIDTH + 20 for one in standing)
            assert all(one.feet <= HEIGHT * 0.95 and one.feet - one.height > HEIGHT * 0.12 for one in standing)
            assert all(one.height > HEIGHT * 0.16 for one in standing)


def test_a_mouse_is_smaller_than_a_bear_but_not_tiny() -> None:
    mouse, bear = look_of(SHEETS[3]), look_of(SHEETS[2])
    assert 0.7 <= stature(mouse) < 1 < stature(bear) <= 1.3


def test_a_hero_alone_on_the_cover_stands_large_and_in_the_middle() -> None:
    looks = {"Mia": look_of(SHEETS[0])}
    (hero,) = block(prompt_of(scene_of(), page=0), looks, PLACES["meadow"], random.Random(3))
    assert 0.45 * HEIGHT <= hero.height <= 0.6 * HEIGHT
    assert abs(hero.x - WIDTH / 2) < WIDTH / 6
    assert hero.feet - hero.height > HEIGHT / 3


def test_groups_look_at_one_another() -> None:
    looks = {one.name: look_of(one) for one in SHEETS}
    scene = scene_of(names=("Mia", "Finn"))
    left, right = sorted(
        block(prompt_of(scene), looks, PLACES["meadow"], random.Random(5)), key=lambda standing: standing.x
    )
    assert (left.facing, right.facing) == (1, -1)


def test_no_prop_covers_a_face() -> None:
    face = (300.0, 500.0, 660.0, 800.0)
    room = Room(
        faces=(face,),
        bodies=((340.0, 800.0, 620.0, 1150.0),),
        horizon=740,
        ground=1150,
        child=600,
        wall=0.0,
        open_air=True,
        wet=False,
    )
    for seed in range(12):
        placed = arrange(random.Random(seed).sample(list(PROPS.values()), 5), room, random.Random(seed))
        assert placed
        assert all(overlap(face, one.rect) < 0.2 for one in placed)


def test_a_fish_on_land_gets_water_and_what_is_held_is_drawn() -> None:
    fish = compose(request_of(scene_of("meadow", ("Nemo",))))
    assert rendered(fish).startswith(PNG)
    plain = compose(request_of(scene_of(actors=(Actor(name="Mia"),))))
    holding = compose(request_of(scene_of(actors=(Actor(name="Mia", holding="lantern"),))))
    assert holding.count("<path") > plain.count("<path")


def test_things_have_the_colour_that_their_words_name() -> None:
    red, blue = prop_of("a red ball"), prop_of("blue kite")
    assert red is not None
    assert blue is not None
    assert (red.name, red.colours) == ("ball", ("#d9453f",))
    assert (blue.name, blue.colours) == ("kite", ("#3f7fc4",))
    drawings = {compose(request_of(scene_of(props=(words,)))) for words in ("red ball", "green ball", "blue ball")}
    assert len(drawings) == 3


def test_who_lies_in_a_bedroom_lies_in_the_bed() -> None:
    looks = {one.name: look_of(one) for one in SHEETS}
    actors = tuple(Actor(name=name, pose=pose) for name, pose in (("Mia", Pose.LYING), ("Pip", Pose.LYING)))
    scene = scene_of("bedroom", actors=(*actors, Actor(name="Finn", pose=Pose.SITTING)))
    standing = {one.actor.name: one for one in block(prompt_of(scene), looks, PLACES["bedroom"], random.Random(3))}
    assert [name for name, one in standing.items() if one.tucked] == [name for name in standing if name != "Finn"]
    assert standing["Finn"].x > max(standing["Mia"].x, standing["Pip"].x)
    assert rendered(compose(request_of(scene))).startswith(PNG)
    assert not any(
        one.tucked for one in block(prompt_of(scene_of(actors=actors)), looks, PLACES["meadow"], random.Random(3))
    )


@pytest.mark.parametrize("place", ["sea", "river", "sky", "space"])
def test_who_sits_by_a_boat_sits_in_it(place: str) -> None:
    sitting = tuple(Actor(name=name, pose=Pose.SITTING) for name in ("Mia", "Finn"))
    afloat = scene_of(place, actors=sitting, props=("boat",))
    assert berths.sails(afloat, PLACES[place])
    assert not berths.sails(scene_of(place, ("Mia",), props=("boat",)), PLACES[place])
    assert not berths.sails(afloat, PLACES["meadow"])
    assert rendered(compose(request_of(afloat))).startswith(PNG)


def test_fish_swim_where_there_is_water() -> None:
    looks = {one.name: look_of(one) for one in SHEETS}
    assert berths.swims(scene_of("sea", ("Nemo",)), PLACES["sea"], looks)
    assert not berths.swims(scene_of("sea", ("Nemo", "Mia")), PLACES["sea"], looks)
    assert not berths.swims(scene_of("meadow", ("Nemo",)), PLACES["meadow"], looks)
    assert rendered(compose(request_of(scene_of("sea", ("Nemo",))))).startswith(PNG)


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_upper_part_of_a_cover_is_free_of_things(seed: int) -> None:
    room = Room(
        faces=(), bodies=(), horizon=740, ground=1150, child=600, wall=0.0, open_air=True, wet=False, top=0.3 * HEIGHT
    )
    placed = arrange([PROPS["moon"], PROPS["balloon"], PROPS["kite"]], room, random.Random(seed))
    assert all(one.rect[1] >= 0.25 * HEIGHT for one in placed)


def test_night_is_darker_than_day_and_sadness_is_cooler_than_joy() -> None:
    day = light_of(TimeOfDay.DAY, Weather.CLEAR, Mood.HAPPY).on("#c0c0c0")
    night = light_of(TimeOfDay.NIGHT, Weather.CLEAR, Mood.HAPPY).on("#c0c0c0")
    sad = light_of(TimeOfDay.DAY, Weather.CLEAR, Mood.SAD).on("#c0c0c0")
    assert int(night[1:3], 16) < int(day[1:3], 16)
    assert int(sad[1:3], 16) - int(sad[5:7], 16) < int(day[1:3], 16) - int(day[5:7], 16)


def test_things_that_shine_keep_their_colour_at_night() -> None:
    night = light_of(TimeOfDay.NIGHT, Weather.CLEAR, Mood.CALM)
    assert night.on("#ffe28a") == "#ffe28a"
    assert night.far("#ffe28a", 1.0) == night.haze
