"""The ways in which a page of a finished story can be told: those of its plot, or its own words once more."""

from dataclasses import dataclass
from random import Random

from storybook.domain.story import StoryDraft, StoryPage
from storybook.providers.base import RewriteRequest
from storybook.providers.studio.writer.author import Telling, frame_of, tell
from storybook.providers.studio.writer.data import prose
from storybook.providers.studio.writer.pages import versions
from storybook.providers.studio.writer.paper import sentences_of
from storybook.providers.studio.writer.plots import beats
from storybook.providers.studio.writer.voice import Voice, lines_of


@dataclass(frozen=True)
class Way:
    """One way to tell a page. `opening` and `closing` hold alternatives for each line around its body; `worth` is
    higher for what is meant for these readers, and `own` says that the body consists of the page's present words.
    """

    body: list[str]
    opening: list[list[str]]
    closing: list[list[str]]
    worth: int
    own: bool = False


def ways(request: RewriteRequest, page: StoryPage, rng: Random) -> list[Way]:
    """Every way to tell the page, in an order drawn by lot."""
    telling = tell(request.story)
    found = _planned(telling, request.draft, page, rng) if _is_same(telling.draft, request.draft) else []
    found = found or _own(page, request.draft)
    return rng.sample(found, len(found))


def _is_same(told: StoryDraft, draft: StoryDraft) -> bool:
    def marks(story: StoryDraft) -> tuple[object, ...]:
        return story.title, story.cast, story.language, story.target_age, len(story.pages)

    return marks(told) == marks(draft)


def _planned(telling: Telling, draft: StoryDraft, page: StoryPage, rng: Random) -> list[Way]:
    """The texts that the plot has for the page, filled for this story."""
    premise, number = telling.premise, page.page_number
    beat = beats(telling.plot, premise.page_count)[number - 1]
    voice = Voice(premise, rng)
    voice.meet(" ".join(earlier.text for earlier in draft.pages[: number - 1]))
    met = voice.introduced()
    opening, closing = frame_of(telling, number)
    found = []
    for rank, group in enumerate(versions(prose(telling.plot, premise.language)[beat.key], premise.age)):
        for templates in group:
            voice.forget(met)
            leads = [[voice.say(voice.choose(line)) for line in lines_of(premise, name)] for name in opening]
            body = [voice.say(voice.choose(template)) for template in templates]
            ends = [[voice.say(voice.choose(line)) for line in lines_of(premise, name)] for name in closing]
            found.append(Way(body=body, opening=leads, closing=ends, worth=-4 * rank))
    return found


def _own(page: StoryPage, draft: StoryDraft) -> list[Way]:
    """The page's own sentences, each time without one of them."""
    sentences = sentences_of(page.text, draft.language)
    shorter = [sentences[:place] + sentences[place + 1 :] for place in range(len(sentences))]
    bodies = [body for body in reversed(shorter) if body] or [sentences]
    return [Way(body=body, opening=[], closing=[], worth=1, own=True) for body in bodies]
