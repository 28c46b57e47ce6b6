"""From what a parent typed to a premise: who the story is about, what troubles them, and where."""

from dataclasses import replace
from random import Random

from storybook.domain.book_spec import BookSpec, Language
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.casting import asks, unwelcome
from storybook.providers.studio.writer.data import has_prose, table, words
from storybook.providers.studio.writer.forbidden import breaches, widen
from storybook.providers.studio.writer.lexicon import Findings, display, find, matches, told_before
from storybook.providers.studio.writer.looks import needs_to_be_alone
from storybook.providers.studio.writer.memories import FEARS, GENERAL, recalled
from storybook.providers.studio.writer.naming import ELDERS, PEOPLE, names_in
from storybook.providers.studio.writer.players import Troupe
from storybook.providers.studio.writer.premise import Player, Premise, Setting
from storybook.providers.studio.writer.wishes import Wish, wish_in

# Plots that read well whatever the trouble is, for where its own cannot be told.
_ANY_TROUBLE = ("sharing", "different_friend", "storm", "gift", "seed_promise", "third_try", "high_quest", "riddle")
_OPEN = ("dark", "moon", "friends", "adventure", "plant", "thunder", "sea", "star", "shy", "fly", "magic", "snow")
# What siblings do together rather than quarrel over it.
_MADE = ("baking", "cookies")
# Where those troubles lead that are places as well.
_GOALS = {"space": "space", "moon": "space", "star": "sky", "sea": "sea"}
_SEAS = {"sea", "underwater"}
# What a topic is about only because of who is in it, where it also says where they go.
_CALLED_FOR = ("magic", "treasure")
_UNNAMED_HOMES = ("town", "meadow", "garden", "forest", "playground")


def understand(request: StoryRequest, rng: Random) -> Premise:
    """The premise of the story that was asked for; `rng` settles what the request leaves open."""
    spec = request.spec
    banned = widen(spec.forbidden_elements or ())
    names = tuple(name for _, name in names_in(spec.topic))
    found = _allowed(find(spec.topic, names), banned)
    wish = None if breaches(spec.topic, banned) else wish_in(spec.topic, spec.language)
    found = replace(found, kinds=tuple(kind for kind in found.kinds if kind not in unwelcome(spec.topic)))
    hero, friend, elder, others = Troupe(request, banned, rng).players(siblings="sibling" in found.troubles)
    found = _without_players(found, (hero, friend))
    trouble, wish = _trouble(spec, found, wish, banned, rng)
    return Premise(
        language=spec.language,
        age=spec.target_age,
        page_count=spec.page_count,
        findings=found,
        trouble=trouble,
        hero=hero,
        friend=friend,
        elder=elder,
        others=others,
        setting=_setting(spec.topic, trouble, found, hero, banned),
        plots=_plots(trouble, found, hero, spec.language, rng),
        follows_another=spec.series_context is not None,
        forbidden=banned,
        company=others,
        past=recalled(request, (hero, friend, *others), trouble, banned),
        phrases=wish.slots() if wish else {},
    )


def _allowed(found: Findings, banned: tuple[str, ...]) -> Findings:
    def keep(section: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        named = {key: [key, *(display(section, key, language) for language in Language)] for key in keys}
        return tuple(key for key in keys if not any(breaches(word, banned) for word in named[key]))

    return replace(
        found,
        kinds=keep("kinds", found.kinds),
        things=keep("things", found.things),
        places=keep("places", found.places),
        troubles=keep("troubles", found.troubles),
    )


def _without_players(found: Findings, players: tuple[Player, ...]) -> Findings:
    """What is left where someone in the story is what would else be a thing or a goal (a truck, the moon)."""
    kinds = {player.kind for player in players if needs_to_be_alone(player.kind)}
    if not kinds:
        return found
    things = tuple(thing for thing in found.things if thing not in {*kinds, "toy car", "train"})
    return replace(found, things=things, troubles=tuple(key for key in found.troubles if key not in kinds))


def _trouble(
    spec: BookSpec, found: Findings, wish: Wish | None, banned: tuple[str, ...], rng: Random
) -> tuple[str, Wish | None]:
    """What the story is about, and the topic's own act where the story is about that."""
    spoken = [trouble for trouble in found.troubles if _can_be_told(trouble, spec.language)]
    broader = {table("troubles")[trouble].get("like") for trouble in spoken}
    particular = [trouble for trouble in spoken if trouble not in (*GENERAL, *broader)]
    if asks(spec.topic) and has_prose("question", spec.language):
        return "question", None
    afraid = [trouble for trouble in particular if trouble in FEARS and "courage" in spoken]
    lost = ["lost"] if "lost" in spoken and found.things else []
    if lost or afraid:
        return [*lost, *afraid][0], None
    if wish and (not particular or _is_more_particular(wish, particular[0])):
        return wish.trouble, wish
    if particular:
        made = [trouble for trouble in particular if trouble in _MADE and particular[0] == "sibling"]
        goals = [key for key in particular if key in _GOALS and particular[0] in _CALLED_FOR]
        return next(iter([*made, *goals]), particular[0]), None
    return _unspoken(spec, found, spoken, banned, rng), None


def _is_more_particular(wish: Wish, trouble: str) -> bool:
    """Whether what the topic says in so many words is more to the point than the trouble that a word of it names."""
    row = table("troubles")[trouble]
    if wish.trouble == "calling":
        return trouble not in FEARS or trouble == "doctor"
    if wish.trouble == "fear":
        return trouble not in FEARS and row.get("like") not in FEARS
    return (
        wish.trouble == "refusal" and trouble not in FEARS and not {"habit", "copycat", "sharing"} & set(row["plots"])
    )


def _unspoken(spec: BookSpec, found: Findings, spoken: list[str], banned: tuple[str, ...], rng: Random) -> str:
    """A trouble for a topic that names none in particular."""
    if found.things and "lost" not in spoken:
        return "item"
    if spoken and not (spoken == ["lost"] and found.places):
        return spoken[0]
    if spec.theme is not None:
        return _one_of(table("troubles")["themes"][spec.theme], spec.language, banned, rng)
    rows = table("hints")
    hinted = [rows["places"][place] for place in found.places if place in rows["places"]]
    hinted += [rows["callings"][kind] for kind in found.kinds if kind in rows["callings"]]
    if hinted:
        return _one_of(hinted[:1], spec.language, banned, rng)
    if found.unknown_words and not set(found.kinds) - set(PEOPLE):
        return "dream"
    return _one_of(_OPEN, spec.language, banned, rng)


def _one_of(troubles: list[str] | tuple[str, ...], language: Language, banned: tuple[str, ...], rng: Random) -> str:
    free = [key for key in troubles if not breaches(f"{key} {display('troubles', key, language)}", banned)]
    return str(rng.choice(free or ["friends"]))


def _can_be_told(trouble: str, language: Language) -> bool:
    like = table("troubles")[trouble].get("like")
    return like is None or trouble in words(language)["troubles"] or like in words(language)["troubles"]


def _setting(topic: str, trouble: str, found: Findings, hero: Player, banned: tuple[str, ...]) -> Setting:
    row = table("troubles")[trouble]
    shown = row["props"]
    if trouble == "question" and found.troubles:
        shown = table("troubles")[found.troubles[0]]["props"]
    item = found.things[0] if found.things else row["item"]
    item = "gift box" if breaches(item, banned) else item
    starts, leads = table("wardrobe")["habitat"].get(hero.kind, ("", ""))
    goals = [_GOALS[key] for key in found.troubles if key in _GOALS]
    named = next((place for place in [*found.places, *goals] if place != row.get("spot")), None)
    wet = hero.kind in table("wardrobe")["swimmers"]
    named = None if wet and named not in _SEAS else named
    home = starts if starts and (row["home"] in _UNNAMED_HOMES or wet or needs_to_be_alone(hero.kind)) else row["home"]
    away = leads if leads and (row["away"] in _UNNAMED_HOMES or wet) else row["away"]
    span = next((match for match in matches(topic) if match.section == "things" and match.key == item), None)
    tints = told_before(topic, span.start, "tints") if span else ()
    return Setting(
        home=home,
        away=away if away != home else "garden",
        item=item,
        props=tuple(prop for prop in shown if not breaches(prop, banned)),
        weather=row["weather"],
        tint=next((tint for tint in tints[-1:] if not breaches(tint, banned)), None),
        named=named,
        time=row.get("time"),
        spot=row.get("spot"),
        light=row.get("light"),
        wet=wet or "underwater" in found.places,
    )


def staged(premise: Premise, plot: str) -> Premise:
    """The premise with its places as this plot needs them: a place that the topic names is where the story leads or
    where it starts, and a home is indoors or outdoors as the plot's events ask for.
    """
    row, setting = table("plots")[plot], premise.setting
    home, away = setting.home, setting.away
    if setting.named is not None and setting.named != home:
        home, away = (home, setting.named) if row.get("leads") else (setting.named, away)
    indoors = home in table("wardrobe")["indoors"]
    if home != "sky" and row.get("set", "") and (row["set"] == "indoors") != indoors:
        home = row["ground"]
    if "underwater" in (home, away) and not {home, away} <= _SEAS:
        home, away = "sea", "underwater"
    if home == away:
        away = setting.away if setting.away != home else "garden" if home != "garden" else "forest"
    return replace(premise, setting=replace(setting, home=home, away=away))


def _plots(trouble: str, found: Findings, hero: Player, language: Language, rng: Random) -> tuple[str, ...]:
    """The trouble's plots in an order drawn by lot, then those that serve where none of them can be told; an elder in
    the topic asks for a plot that has one.
    """
    row = table("troubles")[trouble]
    names: list[str] = [name for name in row["plots"] if has_prose(name, language)]
    spare = [name for name in row.get("spare", ()) if has_prose(name, language)]
    names = names or spare
    rng.shuffle(names)
    if trouble in found.troubles and hero.kind not in table("wardrobe")["swimmers"]:
        names.sort(key=lambda name: name != row.get("first"))
    like = row.get("like", trouble)
    told = words(language)["troubles"]
    giving = ["gift"] if "present" in (told.get(trouble) or told.get(like, {})) and has_prose("gift", language) else []
    elders = [name for name in names if table("plots")[name].get("elder")] or giving
    if any(kind in ELDERS for kind in found.kinds):
        names = elders + [name for name in names if name not in elders]
    rest = [name for name in _ANY_TROUBLE if name not in names and has_prose(name, language)]
    return tuple(names + rest)
