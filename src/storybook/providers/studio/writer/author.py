"""The studio's author: whole stories from a parent's sentence, without a network."""

from dataclasses import dataclass, replace
from random import Random

from storybook.domain.book_spec import TargetAge
from storybook.domain.story import StoryDraft, StoryPage
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.lexicon import display
from storybook.providers.studio.writer.naming import ELDERS
from storybook.providers.studio.writer.pages import Pages
from storybook.providers.studio.writer.plots import Beat, beats
from storybook.providers.studio.writer.premise import Player, Premise
from storybook.providers.studio.writer.stage import MAX_ACTORS, Stage, cast_of
from storybook.providers.studio.writer.understand import staged, understand
from storybook.providers.studio.writer.voice import known_words

ATTEMPTS = 12
# What every story tells a little of, or what its plot shows.
_ALWAYS_TOLD = ("courage", "small", "friends", "lost", "adventure", "family")


@dataclass(frozen=True)
class Telling:
    """A story with what it was told from: `named` says that its first page names what the topic names."""

    premise: Premise
    plot: str
    named: bool
    draft: StoryDraft


def write_story(request: StoryRequest) -> StoryDraft:
    """A whole story about the request's topic, in its language, for its age and of its length.

    The same request gives the same story. Words that the parent forbids are left out, if need be by telling another
    plot; of several attempts the one that keeps to that best is returned.
    """
    return tell(request).draft


def tell(request: StoryRequest) -> Telling:
    """The story that `write_story` returns, with its premise and plot."""
    best: tuple[int, Telling] | None = None
    for attempt in range(ATTEMPTS):
        rng = Random(f"{request.seed}|{request.spec.topic}|{attempt}")
        premise = understand(request, rng)
        telling = _compose(premise, premise.plots[attempt % len(premise.plots)], rng)
        faults = breaches(_everything(telling.draft), premise.forbidden)
        if best is None or faults < best[0]:
            best = (faults, telling)
        if faults == 0:
            break
    if best is None:
        raise AssertionError("no attempt was made")
    return best[1]


def _everything(draft: StoryDraft) -> str:
    seen = [f"{scene.description} {scene.place} {' '.join(scene.props)}" for scene in draft.scenes().values()]
    held = [actor.holding or "" for scene in draft.scenes().values() for actor in scene.actors]
    looks = [f"{member.kind} {member.look}" for member in draft.cast]
    return "\n".join([draft.title, draft.moral, *(page.text for page in draft.pages), *seen, *held, *looks])


def _compose(premise: Premise, plot: str, rng: Random) -> Telling:
    """One story. Where it says too little of what was typed, it is told again with the known words in its first
    line, and where it never names the friend, with a line that does.
    """
    state = rng.getstate()
    telling = _tell(premise, plot, rng, named=False)
    missing = premise.friend.spoken not in " ".join(page.text for page in telling.draft.pages)
    about = _is_about_the_topic(premise, telling.draft)
    if about and not missing:
        return telling
    rng.setstate(state)
    company = (premise.friend, *premise.others) if missing else premise.company
    return _tell(replace(premise, company=company), plot, rng, named=not about)


def _is_about_the_topic(premise: Premise, draft: StoryDraft) -> bool:
    early = " ".join(page.text for page in draft.pages[:-1])
    if premise.trouble in ("question", "dream") or any(phrase in early for phrase in premise.phrases.values()):
        return True
    text = " ".join([draft.title, *(page.text for page in draft.pages)]).lower()
    found = premise.findings
    named = [("kinds", found.kinds), ("things", found.things), ("places", found.places)]
    words = [display(section, key, premise.language) for section, keys in named for key in keys]
    silent = {display("kinds", kind, premise.language) for kind in ("girl", "boy", *ELDERS)}
    shown = {scene.place for scene in draft.scenes().values()}
    seen = {display("places", place, premise.language) for place in found.places if place in shown}
    known = all(word.lower() in text for word in words if word not in silent | seen)
    row = table("troubles")[premise.trouble]
    told = {premise.trouble, row.get("like"), *_ALWAYS_TOLD}
    scenes = [page.scene for page in draft.pages]
    held = [actor.holding or "" for scene in scenes for actor in scene.actors]
    things = " ".join([*held, *(prop for scene in scenes for prop in scene.props)])
    known = known and all(thing in things for thing in found.things)
    return known and not found.unknown_words and set(found.troubles) <= told


def _tell(premise: Premise, plot: str, rng: Random, *, named: bool) -> Telling:
    premise = staged(premise, plot)
    steps = beats(plot, premise.page_count)
    pages, stage = Pages(premise, plot, rng), Stage(premise)
    title, moral, cover = pages.title(), pages.moral(), stage.cover()
    told: list[StoryPage] = []
    gatherings = _gatherings(premise, steps)
    for number, beat in enumerate(steps, start=1):
        gathered = number in gatherings
        opening, closing = _frame(premise, number, named=named, gathered=gathered)
        text = pages.page(beat.key, [pages.line(name) for name in opening], [pages.line(name) for name in closing])
        scene = stage.scene(beat, everyone=gathered)
        told.append(StoryPage(page_number=number, text=text, scene=scene))
    draft = StoryDraft(
        title=title,
        moral=moral,
        language=premise.language,
        target_age=premise.age,
        cast=tuple(player.member() for player in _distinct(premise, steps)),
        cover=cover,
        pages=tuple(told),
    )
    return Telling(premise=premise, plot=plot, named=named, draft=draft)


def frame_of(telling: Telling, number: int) -> tuple[list[str], list[str]]:
    """The names of the lines that open and close a page beside the text of its beat."""
    gathered = number in _gatherings(telling.premise, beats(telling.plot, telling.premise.page_count))
    return _frame(telling.premise, number, named=telling.named, gathered=gathered)


def _gatherings(premise: Premise, steps: list[Beat]) -> set[int]:
    """The pages on which the whole company appears: the first and the last that it suits and that have room."""
    casts = {number: set(beat.parts) for number, beat in enumerate(steps, start=1)}
    suited = [number for number, roles in casts.items() if roles == {"hero", "friend"}]
    roomy = suited or [number for number, roles in casts.items() if len(roles) + len(premise.others) <= MAX_ACTORS]
    return {roomy[0], roomy[-1]} if premise.company and roomy else set()


def _frame(premise: Premise, number: int, *, named: bool, gathered: bool) -> tuple[list[str], list[str]]:
    """The lines around a page's own text: what the topic names, what happened before, further friends at the end."""
    about = named and bool(known_words(premise))
    # The first page for the youngest has no room for both.
    looks_back = 2 if about and premise.age is TargetAge.TODDLER else 1
    opening = ["about"] if number == 1 and about else []
    closing = ["series"] if number == looks_back and premise.follows_another else []
    return opening, [*closing, *(["others"] if gathered else [])]


def _distinct(premise: Premise, steps: list[Beat]) -> list[Player]:
    return list({player.name: player for player in cast_of(premise, steps)}.values())
