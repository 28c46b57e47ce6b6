"""How good a story is, as far as that can be counted."""

import re
from statistics import fmean
from typing import NamedTuple

from storybook.domain.book_spec import BookSpec
from storybook.domain.reading_level import BANDS, complaints, count_sentences, count_words
from storybook.domain.story import StoryDraft
from storybook.domain.wanted import story_faults

_SENTENCE = re.compile(r"[^.!?。！？…]+[.!?。！？…]*")
_PLACES_OF_A_JOURNEY = 3
_THIN = 1 / 6


class Score(NamedTuple):
    """Each part is a share from 0 to 1, of pages unless it says otherwise.

    `structure`: 1 when the story is what was asked for. `limits`: within the age band. `hero`: the hero is in the
    picture. `level`: sentences no longer than the band's words over its sentences allow, and no page with less than a
    sixth of its words. `fresh`: sentences that are said only once. `places`: different places, of three.
    """

    structure: float = 0.0
    limits: float = 0.0
    hero: float = 0.0
    level: float = 0.0
    fresh: float = 0.0
    places: float = 0.0

    @property
    def mean(self) -> float:
        return fmean(self)


def score(draft: StoryDraft, spec: BookSpec) -> Score:
    """The score of a story that was written for this spec."""
    scenes, hero = list(draft.scenes().values()), draft.cast[0].name
    sentences = [sentence for page in draft.pages for sentence in _sentences(page.text)]
    return Score(
        structure=float(not story_faults(draft, spec, ())),
        limits=fmean(not complaints(page.text, spec.target_age, spec.language) for page in draft.pages),
        hero=fmean(hero in {actor.name for actor in scene.actors} for scene in scenes),
        level=fmean(_is_at_level(page.text, spec) for page in draft.pages),
        fresh=fmean(sentences.count(sentence) == 1 for sentence in sentences),
        places=min(len({scene.place.casefold() for scene in scenes}) / _PLACES_OF_A_JOURNEY, 1.0),
    )


def _is_at_level(text: str, spec: BookSpec) -> bool:
    most = BANDS[spec.target_age].max_words
    words, sentences = count_words(text, spec.language), max(count_sentences(text), 1)
    if most is None:
        return words > 0
    return most * _THIN <= words <= most and words / sentences <= most / BANDS[spec.target_age].min_sentences


def _sentences(text: str) -> list[str]:
    return [part.strip().casefold() for part in _SENTENCE.findall(text) if part.strip()]
