"""The text of each page: alternatives chosen, slots filled, and no more than its readers can take."""

from collections.abc import Sequence
from random import Random

from storybook.domain.book_spec import Language, TargetAge
from storybook.providers.studio.writer.data import prose
from storybook.providers.studio.writer.english import headline
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.paper import Paper
from storybook.providers.studio.writer.premise import Premise
from storybook.providers.studio.writer.voice import Voice, lines_of

BETWEEN_SENTENCES = " / "
_SIZES = {
    TargetAge.TODDLER: ("small", "middle"),
    TargetAge.EARLY_READER: ("early", "middle", "small"),
    TargetAge.READER: ("middle", "small", "large"),
    TargetAge.ADULT: ("large", "middle", "small"),
}


def versions(texts: dict[str, list[str]], age: TargetAge) -> list[list[list[str]]]:
    """A beat's texts as lists of sentences, in groups: first those for readers of that age, then those for others."""
    sizes = [size for size in _SIZES[age] if size in texts]
    return [[text.split(BETWEEN_SENTENCES) for text in texts[size]] for size in sizes]


class Pages:
    """Writes one story page by page. No sentence is written twice."""

    def __init__(self, premise: Premise, plot: str, rng: Random) -> None:
        self._premise = premise
        self._texts = prose(plot, premise.language)
        self._rng = rng
        self._voice = Voice(premise, rng)
        self._paper = Paper(premise.language, premise.age, premise.forbidden)

    def page(self, beat: str, opening: list[list[str]], closing: list[list[str]]) -> str:
        """The text for a beat, led in by as many of the `opening` lines and followed by as many of the
        `closing` ones as there is room for. Each line is a list of alternatives.
        """
        body, *spare = self._versions(beat, crowded=bool(opening or closing))
        core = max(1, self._paper.band.min_sentences - len(opening) - len(closing))
        kept = self._keep(self._keep_lines([], opening), body[:core])
        ends = self._keep_lines(kept, closing)[len(kept) :]
        kept = self._keep(kept, body[core:], ends)
        for version in spare:
            if self._paper.lacks([*kept, *ends]):
                kept = self._keep(kept, version, ends)
        if not [*kept, *ends]:
            kept = [self._voice.say(self._voice.choose(body[0]))]
        self._paper.write([*kept, *ends])
        return self._paper.text([*kept, *ends])

    def _versions(self, beat: str, *, crowded: bool) -> list[list[str]]:
        """The beat's texts: those for these readers in an order drawn by lot, then those for others. A page that
        holds other lines as well is told in fewer sentences.
        """
        short = crowded and self._premise.age is TargetAge.READER
        own, *others = versions(self._texts[beat], TargetAge.EARLY_READER if short else self._premise.age)
        return self._rng.sample(own, len(own)) + [text for group in others for text in group]

    def _keep_lines(self, kept: list[str], lines: list[list[str]]) -> list[str]:
        """`kept` and of every line the first alternative for which there is room."""
        for alternatives in lines:
            more = (self._keep(kept, [template]) for template in alternatives)
            kept = next((longer for longer in more if len(longer) > len(kept)), kept)
        return kept

    def _keep(self, kept: list[str], templates: list[str], ends: Sequence[str] = ()) -> list[str]:
        """`kept` and every sentence of `templates` that still has room between it and `ends`."""
        for template in templates:
            before = self._voice.introduced()
            sentence = self._voice.say(self._voice.choose(template))
            if self._paper.takes(sentence, kept, ends):
                kept = [*kept, sentence]
            else:
                self._voice.forget(before)
        return kept

    def title(self) -> str:
        """A title; at most 80 characters."""
        title = self._line(self._texts["titles"], 80)
        return headline(title) if self._premise.language is Language.EN else title

    def moral(self) -> str:
        """The moral; at most 120 characters."""
        return self._line(self._texts["morals"], 120)

    def line(self, name: str) -> list[str]:
        """The alternatives for one of the single lines, as templates in an order drawn by lot."""
        lines = lines_of(self._premise, name)
        return self._rng.sample(lines, len(lines))

    def _line(self, templates: list[str], longest: int) -> str:
        fitting = [
            text
            for template in self._rng.sample(templates, len(templates))
            if len(text := self._voice.say(self._voice.choose(template), introduce=False)) <= longest
        ]
        clean = [text for text in fitting if not breaches(text, self._premise.forbidden)]
        return next(iter(clean + fitting), self._premise.hero.name)
