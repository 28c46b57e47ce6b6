"""Names that are also words of any text: a hero called Fox, Rose or 토끼."""

from functools import cache

from storybook.domain.calling import people_in
from storybook.providers.studio.writer.lexicon import words_of

_WORDS = frozenset(
    """
    amber apple apricot aqua ash aspen autumn azure basil beech berry birch blossom blue bluebell breeze brook brown
    bud buttercup cedar cherry clementine cloudy clover coral crimson crystal daffodil daisy dawn diamond dusty elm
    emerald faith fern flower forest frost frosty garnet ginger gold golden grace green grey hazel heather holly honey
    hope indigo iris ivory ivy jade jasmine joy juniper lake laurel lavender leaf lemon lilac lily lotus magnolia maple
    marigold meadow melody mint misty moss nutmeg ocean olive onyx opal orange orchid peach pearl pebble peony pepper
    petal petunia pine pink plum poppy primrose purple rain rainbow red river rose rosemary rosy rowan ruby rusty
    saffron sage sandy sapphire scarlet shadow silver sky snow snowdrop snowflake snowy sorrel spring stone storm stormy
    summer sunflower sunny sunshine thistle topaz tulip turquoise violet white willow winter wren yellow zinnia
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_ALSO_GIVEN = frozenset(
    (
        "joey",
        "robin",
        "구름",
        "달",
        "용",
        "りゅう",
        "竜",
        "龍",
        "とら",
        "トラ",
        "虎",
        "ことり",
        "小鳥",
        "すずめ",
        "つばめ",
        "蝶",
    )
)
"""Kinds of creatures that children are called as well."""


@cache
def _kinds() -> frozenset[str]:
    return words_of("kinds") - _ALSO_GIVEN


def is_also_a_word(name: str) -> bool:
    """Whether a name is a kind of creature, a colour, a plant or the like, also with `little` before it."""
    return _said(name) in _WORDS | _kinds() | _ALSO_GIVEN


def is_only_a_word(name: str) -> bool:
    """Whether it is a kind of creature without a capital, as all are in Korean and Japanese: nobody's secret."""
    return name == name.lower() and _said(name) in _kinds()


def _said(name: str) -> str:
    people = people_in(name)
    return (people[0] if len(people) == 1 else name).casefold()
