"""The text of each page: alternatives chosen, slots filled, and no more than its readers can take."""

from collections.abc import Sequence
from random import Random

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.reading_level import BANDS, count_sentences, count_words
from storybook.providers.studio.writer.data import prose, words
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.premise import Premise
from storybook.providers.studio.writer.voice import Voice

MAX_PAGE_CHARS = 600
BETWEEN_SENTENCES = " / "
_SIZES = {
    TargetAge.TODDLER: "small",
    TargetAge.EARLY_READER: "middle",
    TargetAge.READER: "middle",
    TargetAge.ADULT: "large",
}


class Pages:
    """Writes one story page by page. No sentence is written twice."""

    def __init__(self, premise: Premise, plot: str, rng: Random) -> None:
        self._premise = premise
        self._texts = prose(plot, premise.language)
        self._rng = rng
        self._voice = Voice(premise, rng)
        self._written: set[str] = set()
        self._band = BANDS[premise.age]

    def page(self, beat: str, opening: list[str], closing: list[str]) -> str:
        """The text for a beat, led in by as many of the `opening` lines and followed by as many of the
        `closing` ones as there is room for.
        """
        versions = [text.split(BETWEEN_SENTENCES) for text in self._texts[beat][_SIZES[self._premise.age]]]
        body, *spare = self._rng.sample(versions, len(versions))
        core = max(1, self._band.min_sentences - len(opening) - len(closing))
        kept = self._keep([], [*opening, *body[:core]])
        ends = self._keep(kept, closing)[len(kept) :]
        kept = self._keep(kept, body[core:], ends)
        for version in spare:
            if count_sentences(self._join([*kept, *ends])) < self._band.min_sentences:
                kept = self._keep(kept, version, ends)
        self._written |= {*kept, *ends}
        return self._join([*kept, *ends])

    def _keep(self, kept: list[str], templates: list[str], ends: Sequence[str] = ()) -> list[str]:
        """`kept` and every sentence of `templates` that still has room between it and `ends`."""
        for template in templates:
            before = self._voice.introduced()
            sentence = self._voice.say(self._voice.choose(template))
            if self._may_stand(sentence) and self._has_room([*kept, sentence, *ends]):
                kept = [*kept, sentence]
            else:
                self._voice.forget(before)
        return kept

    def _may_stand(self, sentence: str) -> bool:
        return sentence not in self._written and not breaches(sentence, self._premise.forbidden)

    def _has_room(self, sentences: list[str]) -> bool:
        text, band = self._join(sentences), self._band
        words_fit = band.max_words is None or count_words(text, self._premise.language) <= band.max_words
        return words_fit and count_sentences(text) <= band.max_sentences and len(text) <= MAX_PAGE_CHARS

    def _join(self, sentences: Sequence[str]) -> str:
        return ("" if self._premise.language is Language.JA else " ").join(sentences)

    def title(self) -> str:
        """A title; at most 80 characters."""
        return self._line(self._texts["titles"], 80)

    def moral(self) -> str:
        """The moral; at most 120 characters."""
        return self._line(self._texts["morals"], 120)

    def line(self, name: str) -> str:
        """One of the language's single lines, as a template."""
        return str(self._rng.choice(words(self._premise.language)["lines"][name]))

    def _line(self, templates: list[str], longest: int) -> str:
        fitting = [
            text
            for template in self._rng.sample(templates, len(templates))
            if len(text := self._voice.say(self._voice.choose(template), introduce=False)) <= longest
        ]
        clean = [text for text in fitting if not breaches(text, self._premise.forbidden)]
        return next(iter(clean + fitting), self._premise.hero.name)
