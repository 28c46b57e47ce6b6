"""The studio's author: whole stories from a parent's sentence, without a network."""

from random import Random

from storybook.domain.story import StoryDraft, StoryPage
from storybook.providers.base import StoryRequest
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.lexicon import display
from storybook.providers.studio.writer.pages import Pages
from storybook.providers.studio.writer.plots import Beat, beats
from storybook.providers.studio.writer.premise import Player, Premise
from storybook.providers.studio.writer.stage import Stage, cast_of
from storybook.providers.studio.writer.understand import understand

ATTEMPTS = 8


def write_story(request: StoryRequest) -> StoryDraft:
    """A whole story about the request's topic, in its language, for its age and of its length.

    The same request gives the same story. Words that the parent forbids are left out; of several attempts the
    one that keeps to that best is returned.
    """
    best: tuple[int, StoryDraft] | None = None
    for attempt in range(ATTEMPTS):
        rng = Random(f"{request.seed}|{request.spec.topic}|{attempt}")
        premise = understand(request, rng)
        draft = _compose(premise, premise.plots[attempt % len(premise.plots)], rng)
        faults = breaches(_everything(draft), premise.forbidden)
        if best is None or faults < best[0]:
            best = (faults, draft)
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


def _compose(premise: Premise, plot: str, rng: Random) -> StoryDraft:
    """One story. Where it says too little of what was typed, it is told again with the topic in its first line."""
    state = rng.getstate()
    draft = _tell(premise, plot, rng, name_the_topic=False)
    if _is_about_the_topic(premise, draft):
        return draft
    rng.setstate(state)
    return _tell(premise, plot, rng, name_the_topic=True)


def _is_about_the_topic(premise: Premise, draft: StoryDraft) -> bool:
    text = " ".join([draft.title, *(page.text for page in draft.pages)]).lower()
    if premise.topic.lower() in text:
        return True
    found = premise.findings
    named = [("kinds", found.kinds), ("things", found.things), ("places", found.places)]
    words = [display(section, key, premise.language) for section, keys in named for key in keys]
    silent = {display("kinds", kind, premise.language) for kind in ("girl", "boy")}
    known = all(word.lower() in text for word in words if word not in silent)
    return known and not found.unknown_words and set(found.troubles) <= {premise.trouble, "courage", "small"}


def _tell(premise: Premise, plot: str, rng: Random, *, name_the_topic: bool) -> StoryDraft:
    steps = beats(plot, premise.page_count)
    pages, stage = Pages(premise, plot, rng), Stage(premise)
    title, moral, cover = pages.title(), pages.moral(), stage.cover()
    told: list[StoryPage] = []
    for number, beat in enumerate(steps, start=1):
        text = pages.page(beat.key, *_frame(premise, pages, number, name_the_topic=name_the_topic))
        scene = stage.scene(beat, everyone=number == premise.page_count)
        told.append(StoryPage(page_number=number, text=text, scene=scene))
    return StoryDraft(
        title=title,
        moral=moral,
        language=premise.language,
        target_age=premise.age,
        cast=tuple(player.member() for player in _distinct(premise, steps)),
        cover=cover,
        pages=tuple(told),
    )


def _frame(premise: Premise, pages: Pages, number: int, *, name_the_topic: bool) -> tuple[list[str], list[str]]:
    """The lines around a page's own text: the topic first, what happened before, further friends at the end."""
    opening: list[str] = []
    closing: list[str] = []
    if number == 1 and name_the_topic and not breaches(premise.topic, premise.forbidden):
        opening.append(pages.line("topic"))
    if number == 1 and premise.follows_another:
        closing.append(pages.line("series"))
    if number == premise.page_count and premise.others:
        closing.append(pages.line("others"))
    return opening, closing


def _distinct(premise: Premise, steps: list[Beat]) -> list[Player]:
    return list({player.name: player for player in cast_of(premise, steps)}.values())
