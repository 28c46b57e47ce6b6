"""From what a parent typed to a premise: who the story is about, what troubles them, and where."""

import re
from random import Random

from storybook.domain.book_spec import BookSpec, Gender, HeroSpec, Language, TargetAge
from storybook.domain.characters import CharacterSheet
from storybook.domain.reading_level import count_words
from storybook.domain.story import Role
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.data import has_prose, table
from storybook.providers.studio.writer.forbidden import breaches, widen
from storybook.providers.studio.writer.lexicon import Findings, display, find
from storybook.providers.studio.writer.looks import invent_look, look_of_hero
from storybook.providers.studio.writer.naming import ELDERS, choose_name, gender_of, name_in, spoken
from storybook.providers.studio.writer.premise import Player, Premise, Setting

MAX_OTHERS = 3
MAX_TOPIC_WORDS = 9
MAX_TOPIC_CHARS = 60

# A trouble that says little on its own gives way to a more particular one.
_GENERAL = ("courage", "small", "friends", "family", "adventure", "different", "lost")
_COMPANIONS = ("rabbit", "fox", "bear", "owl", "cat", "dog", "mouse", "turtle", "squirrel", "hedgehog", "duck", "frog")
_ELDER_KINDS = ("grandmother", "grandfather", "owl", "turtle", "elephant")
_GENDERED = {
    "girl": Gender.FEMALE,
    "woman": Gender.FEMALE,
    "grandmother": Gender.FEMALE,
    "boy": Gender.MALE,
    "man": Gender.MALE,
    "grandfather": Gender.MALE,
}


def quoted_topic(topic: str, language: Language) -> str:
    """The topic as a quotation: without marks that would end it, cut where it grows too long."""
    plain = " ".join(re.sub(r"[“”「」『』\"‘’]", " ", topic).split()).rstrip(".!?。！？… ") or topic.strip()
    cut = plain[:MAX_TOPIC_CHARS]
    if len(plain) > MAX_TOPIC_CHARS and " " in cut:
        cut = cut.rsplit(" ", 1)[0]
    while count_words(cut, language) > MAX_TOPIC_WORDS:
        cut = cut.rsplit(" ", 1)[0] if " " in cut else cut[:-3]
    return cut if cut == plain else cut.rstrip(" ,、") + "…"


def understand(request: StoryRequest, rng: Random) -> Premise:
    """The premise of the story that was asked for; `rng` settles what the request leaves open."""
    spec = request.spec
    banned = widen(spec.forbidden_elements or ())
    named = name_in(spec.topic)
    found = _allowed(find(spec.topic, (named,) if named else ()), banned)
    hero = _hero(request, found, named, rng)
    friend = _friend(request, found, hero, rng, banned)
    taken = {hero.name, friend.name}
    elder = _elder(spec, found, taken, rng, banned)
    others = tuple(
        _known_player(sheet, Role.FRIEND, spec.language)
        for sheet in request.known[2 : 2 + MAX_OTHERS]
        if sheet.name not in taken
    )
    trouble = _trouble(spec, found, rng)
    return Premise(
        language=spec.language,
        age=spec.target_age,
        page_count=spec.page_count,
        topic=quoted_topic(spec.topic, spec.language),
        findings=found,
        trouble=trouble,
        hero=hero,
        friend=friend,
        elder=elder,
        others=others,
        setting=_setting(trouble, found, banned),
        plots=_plots(trouble, found, spec.language, rng),
        follows_another=spec.series_context is not None,
        forbidden=banned,
    )


def _allowed(found: Findings, banned: tuple[str, ...]) -> Findings:
    def keep(section: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        words = {key: [key, *(display(section, key, language) for language in Language)] for key in keys}
        return tuple(key for key in keys if not any(breaches(word, banned) for word in words[key]))

    return Findings(
        kinds=keep("kinds", found.kinds),
        things=keep("things", found.things),
        places=keep("places", found.places),
        troubles=keep("troubles", found.troubles),
        unknown_words=found.unknown_words,
    )


def _player(name: str, kind: str, gender: Gender, role: Role, look: str, language: Language) -> Player:
    return Player(name=name, spoken=spoken(name, language), kind=kind, gender=gender, role=role, look=look)


def _known_player(sheet: CharacterSheet, role: Role, language: Language) -> Player:
    words = f"{sheet.master_description} {sheet.appearance.body} {sheet.appearance.age_visual}"
    kind = next(iter(find(words).kinds), "girl")
    gender = _GENDERED.get(kind) or _told_gender(words)
    look = sheet.master_description[:200].strip()
    player = _player(sheet.name, kind, gender, role, look, language)
    return Player(**{**vars(player), "traits": sheet.personality_traits[:8]})


def _told_gender(words: str) -> Gender:
    lowered = f" {words.lower()} "
    for gender, pattern in ((Gender.FEMALE, r"\b(she|her|female|girl)\b"), (Gender.MALE, r"\b(he|his|male|boy)\b")):
        if re.search(pattern, lowered):
            return gender
    return Gender.NEUTRAL


def _hero_kind(found: Findings, gender: Gender | None, age: TargetAge, rng: Random) -> str:
    kinds = [kind for kind in found.kinds if kind not in ELDERS or age is TargetAge.ADULT]
    if kinds:
        return kinds[0]
    if gender is Gender.FEMALE:
        return "girl"
    return "boy" if gender is Gender.MALE else rng.choice(("girl", "boy"))


def _hero(request: StoryRequest, found: Findings, named: str | None, rng: Random) -> Player:
    spec = request.spec
    if spec.character is None and request.known:
        return _known_player(request.known[0], Role.HERO, spec.language)
    given = spec.character
    name = given.name if given else named
    gender = given.gender if given else None
    kind = _told_kind(given) or _hero_kind(found, gender or (gender_of(name) if name else None), spec.target_age, rng)
    settled = gender or _GENDERED.get(kind) or rng.choice((Gender.FEMALE, Gender.MALE))
    look = look_of_hero(kind, given.appearance if given else None, rng)
    name = name or choose_name(kind, spec.language, set(), rng)
    player = _player(name, kind, settled, Role.HERO, look, spec.language)
    traits = tuple(term for term in (given.personality if given and given.personality else ()) if term.strip())
    return Player(**{**vars(player), "traits": traits})


def _told_kind(given: HeroSpec | None) -> str | None:
    if given is None or given.appearance is None:
        return None
    return next(iter(find(given.appearance).kinds), None)


def _friend(request: StoryRequest, found: Findings, hero: Player, rng: Random, banned: tuple[str, ...]) -> Player:
    language = request.spec.language
    sheets = [sheet for sheet in request.known if sheet.name != hero.name]
    if sheets:
        return _known_player(sheets[0], Role.FRIEND, language)
    fitting = [kind for kind in found.kinds if kind != hero.kind and kind not in ELDERS]
    free = [kind for kind in _COMPANIONS if kind != hero.kind and not _is_banned(kind, banned)]
    kind = fitting[0] if fitting else rng.choice(free or ["girl"])
    name = choose_name(kind, language, {hero.name}, rng)
    gender = _GENDERED.get(kind, rng.choice((Gender.FEMALE, Gender.MALE)))
    return _player(name, kind, gender, Role.FRIEND, invent_look(kind, rng), language)


def _elder(spec: BookSpec, found: Findings, taken: set[str], rng: Random, banned: tuple[str, ...]) -> Player:
    told = [kind for kind in found.kinds if kind in ELDERS]
    free = [kind for kind in _ELDER_KINDS if not _is_banned(kind, banned)]
    kind = told[0] if told else rng.choice(free or ["girl"])
    name = choose_name(kind, spec.language, taken, rng, elder=True)
    gender = _GENDERED.get(kind, Gender.FEMALE)
    return _player(name, kind, gender, Role.ELDER, invent_look(kind, rng), spec.language)


def _is_banned(kind: str, banned: tuple[str, ...]) -> bool:
    return any(breaches(word, banned) for word in [kind, *(display("kinds", kind, lang) for lang in Language)])


def _trouble(spec: BookSpec, found: Findings, rng: Random) -> str:
    particular = [trouble for trouble in found.troubles if trouble not in _GENERAL]
    if "lost" in found.troubles and found.things:
        return "lost"
    if found.troubles:
        return next(iter(particular or found.troubles))
    if spec.theme is not None:
        return str(rng.choice(table("troubles")["themes"][spec.theme]))
    if found.things:
        return "item"
    if found.unknown_words:
        return "dream"
    return str(rng.choice(("dark", "moon", "friends", "adventure", "plant", "thunder", "sea", "star", "shy", "fly")))


def _setting(trouble: str, found: Findings, banned: tuple[str, ...]) -> Setting:
    row = table("troubles")[trouble]
    places = [place for place in found.places if place != row["away"]]
    item = found.things[0] if found.things else row["item"]
    return Setting(
        home=places[0] if places else row["home"],
        away=row["away"],
        item="gift box" if breaches(item, banned) else item,
        props=tuple(prop for prop in row["props"] if not breaches(prop, banned)),
        weather=row["weather"],
    )


def _plots(trouble: str, found: Findings, language: Language, rng: Random) -> tuple[str, ...]:
    """The trouble's plots in an order drawn by lot; an elder in the topic asks for a plot that has one."""
    names: list[str] = [name for name in table("troubles")[trouble]["plots"] if has_prose(name, language)]
    rng.shuffle(names)
    if any(kind in ELDERS for kind in found.kinds) and "gift" in names:
        names.sort(key=lambda name: name != "gift")
    return tuple(names)
