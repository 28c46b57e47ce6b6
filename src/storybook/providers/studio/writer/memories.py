"""What a story of a series tells of the books before it."""

from storybook.domain.book_spec import Language
from storybook.domain.korean import with_particle
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.data import SLOT, words
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.lexicon import display, find
from storybook.providers.studio.writer.premise import Player

# A trouble that says little on its own gives way to a more particular one.
GENERAL = ("courage", "small", "friends", "family", "adventure", "different", "lost")
FEARS = ("dark", "thunder", "water", "heights", "monster", "school", "doctor", "shy")
# Where nothing happens that one would tell of later.
_EVERYDAY = ("bedroom", "kitchen")


def recalled(
    request: StoryRequest, players: tuple[Player, ...], trouble: str, banned: tuple[str, ...]
) -> dict[str, str]:
    """The slots that the earlier books fill: for the newest `past_thing` (what its hero feared and fears no more),
    `past_item` and `past_place`, where it led. `veteran` is the hero who was there, `comrade` whoever comes back too.
    `first_memory` and `past_memory` are the oldest and the newest in few words.

    Nothing that the parent typed is quoted, and nothing banned is told.
    """
    slots = _slots(request, players, trouble)
    return {slot: said for slot, said in slots.items() if not breaches(said, banned)}


def _slots(request: StoryRequest, players: tuple[Player, ...], trouble: str) -> dict[str, str]:
    spec, earlier = request.spec, request.earlier
    if not earlier:
        return _happened("past", spec.series_context or "", (), spec.language, trouble)
    hero, *others = players
    newest, oldest = earlier[-1], earlier[0]
    slots = _happened("past", newest.topic, newest.places, spec.language, trouble)
    if newest.hero == hero.name:
        slots["veteran"] = hero.spoken
    back = {newest.hero, *(sheet.name for sheet in newest.companions)}
    if comrade := next((player for player in others if player.name in back), None):
        slots["comrade"] = comrade.spoken
    if oldest != newest and oldest.hero == hero.name:
        first = _happened("first", oldest.topic, oldest.places, spec.language, trouble)
        slots |= {slot: said for slot, said in first.items() if said not in slots.values()}
    return slots


def _happened(when: str, topic: str, seen: tuple[str, ...], language: Language, trouble: str) -> dict[str, str]:
    found, vocabulary = find(topic), words(language)
    places = [name for name in (*found.places, *seen) if name in vocabulary["places"] and name not in _EVERYDAY]
    particular = [key for key in found.troubles if key not in GENERAL]
    feared = [key for key in particular[:1] if key in FEARS and key != trouble]
    things = [vocabulary["troubles"].get(key, {}).get("thing") for key in feared]
    told = [("thing", thing) for thing in things if thing]
    told += [("item", display("things", thing, language)) for thing in found.things[:1]]
    told += [("place", vocabulary["places"][name][1]) for name in places[:1]]
    slots = {f"{when}_{slot}": said for slot, said in told}
    return slots | {f"{when}_memory": _in_few_words(slot, said, language) for slot, said in told[:1]}


def _in_few_words(slot: str, said: str, language: Language) -> str:
    form: str = words(language)["memories"][slot]
    return SLOT.sub(lambda hit: with_particle(said, hit[2]) if hit[2] else said, form)


def lines_about(slots: dict[str, str], language: Language) -> list[str]:
    """The templates for a line about the earlier books: those that tell most of what is known of them."""
    for tier in words(language)["memories"]["series"]:
        known = [line for line in tier if {hit[1].lower() for hit in SLOT.finditer(line)} - {"hero"} <= slots.keys()]
        if known:
            return known
    return []
