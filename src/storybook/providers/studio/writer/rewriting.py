"""One page of a finished story told anew, with what the reader wished for taken up."""

from random import Random

from storybook.domain.reading_level import count_sentences
from storybook.domain.story import StoryPage
from storybook.providers.base import Revision, RewriteRequest
from storybook.providers.studio.writer.feedback import Wishes, read
from storybook.providers.studio.writer.forbidden import widen
from storybook.providers.studio.writer.moments import Moments
from storybook.providers.studio.writer.paper import Paper, parts
from storybook.providers.studio.writer.restaging import apart_from, clashes, restaged, seen_in
from storybook.providers.studio.writer.retelling import Way, ways

# How far a version may be from the best one to be chosen as well, and what one is worth that tells nothing.
SLACK = 1
NOTHING_TOLD = -10


def restage_page(request: RewriteRequest) -> Revision:
    """The page with its words as they are, in the scene that the reader wishes for as far as it is understood.

    Raises ValueError where the draft has no page of that number.
    """
    page = _page(request)
    wishes = _wishes(request, page)
    scene = restaged(page.scene, wishes, request.draft.cast)
    return Revision(page=page.model_copy(update={"scene": scene}), understood=wishes.seen or not request.feedback)


def rewrite_page(request: RewriteRequest) -> Revision:
    """The page in other words, for the same readers and with the same actors; the same request gives the same page.

    What the feedback names and the writer knows is seen in the scene and told in the text. No sentence stands on
    another page of the draft. Raises ValueError where the draft has no page of that number.
    """
    draft, page = request.draft, _page(request)
    wishes = _wishes(request, page)
    scene = restaged(page.scene, wishes, draft.cast)
    wishes = seen_in(scene, page.scene, wishes)
    rng = Random(f"{request.seed}|{request.page_number}|{request.feedback}")
    moments = Moments(draft.language, draft.target_age, scene.actors[0].name, rng)
    paper = Paper(draft.language, draft.target_age, _banned(request))
    paper.write(other.text for other in draft.pages if other is not page)
    text = _Rewriter(page, paper, wishes, moments, rng).text(ways(request, page, rng), moments.about(scene))
    told = StoryPage(page_number=page.page_number, text=text, scene=scene)
    return Revision(page=told, understood=wishes.told or not request.feedback)


def _page(request: RewriteRequest) -> StoryPage:
    for page in request.draft.pages:
        if page.page_number == request.page_number:
            return page
    raise ValueError(f"the story has no page {request.page_number}")


def _wishes(request: RewriteRequest, page: StoryPage) -> Wishes:
    return apart_from(read(request.feedback or "", _banned(request)), page.scene, request.draft.cast)


def _banned(request: RewriteRequest) -> tuple[str, ...]:
    return widen(request.story.spec.forbidden_elements or ())


class _Rewriter:
    """Puts a page together; `wishes` decide what must stand on it and how long it may be."""

    def __init__(self, page: StoryPage, paper: Paper, wishes: Wishes, moments: Moments, rng: Random) -> None:
        self._page, self._paper, self._wishes, self._rng = page, paper, wishes, rng
        self._wished, self._anything = moments.wished(wishes, page.scene.actors[0].mood), moments.everything()
        self._now = set(parts(page.text))
        low, high = paper.band.min_sentences, paper.band.max_sentences
        self._most = low if wishes.length == "shorter" else high
        self._least = high if wishes.length == "longer" else low
        self._room = high

    def text(self, told: list[Way], about: list[str]) -> str:
        """One of the best versions; `about` are sentences that fill up what is too short."""
        tries = [one for one in (self._told(way, about) for way in told) if one[1] != self._page.text]
        tries = tries or [(0, text) for text in self._untold() if text != self._page.text]
        best = max(worth for worth, _ in tries)
        return self._rng.choice([text for worth, text in tries if worth >= best - SLACK])

    def _told(self, way: Way, about: list[str]) -> tuple[int, str]:
        """How well one version of the page tells it, and its text."""
        before, after = self._around(way)
        body: list[str] = []
        for sentence in way.body:
            if (way.own or self._is_fresh(sentence)) and self._fits(sentence, [*before, *body], after):
                body.append(sentence)
        stale = sum(not self._is_fresh(sentence) for sentence in way.body)
        wanted, told = self._least, len(body)
        if self._wishes.length is None:
            body = body[: max(1, told - self._rng.choice((0, 1)))]
            wanted = max(wanted, self._count([*before, *body, *after]) + self._rng.choice((0, 1)))
        more = self._filled([*before, *body], after, about, wanted)
        worth = way.worth + min(2, told) - (0 if way.own else 2 * stale) if body else NOTHING_TOLD
        return worth, self._paper.text([*more, *after])

    def _around(self, way: Way) -> tuple[list[str], list[str]]:
        """What stands before and after the body: what was wished for, and the lines of the page's frame."""
        before: list[str] = []
        after: list[str] = []
        self._room = max(1 if self._wishes.added else 0, self._most - 1)
        for line, leads in self._wished:
            self._place(line, before, after, before if leads else after)
            self._room = self._most - 1
        for line in way.closing:
            self._place(line, before, after, after)
        first: list[str] = []
        for line in way.opening:
            self._place(line, [*first, *before], after, first)
        return [*first, *before], after

    def _place(self, line: list[str], before: list[str], after: list[str], side: list[str]) -> None:
        """Puts the first of a line's alternatives that may stand there on one side, where there is room."""
        fresh = [one for one in line if self._is_fresh(one)]
        sentence = next((one for one in [*fresh, *line] if self._fits(one, before, after)), None)
        if sentence and len(before) + len(after) < self._room:
            side.append(sentence)

    def _filled(self, kept: list[str], ends: list[str], pool: list[str], wanted: int) -> list[str]:
        """`kept` with as many fresh sentences of the pool as are wanted."""
        for sentence in [*pool, *self._anything]:
            if self._count([*kept, *ends]) >= wanted:
                break
            if self._is_fresh(sentence) and self._fits(sentence, kept, ends):
                kept = [*kept, sentence]
        return kept

    def _untold(self) -> list[str]:
        """Pages that say little, for where nothing else can be said: there is always one that is new."""
        low, high = self._paper.band.min_sentences, self._paper.band.max_sentences
        starts = range(0, len(self._anything), low)
        little = [self._anything[start : start + low] for start in starts]
        return [self._paper.text(sentences) for sentences in little if self._count(sentences) <= high]

    def _count(self, sentences: list[str]) -> int:
        return count_sentences(self._paper.text(sentences))

    def _is_fresh(self, sentence: str) -> bool:
        return not self._now & set(parts(sentence))

    def _fits(self, sentence: str, kept: list[str], ends: list[str]) -> bool:
        if clashes(sentence, self._wishes, self._paper.language):
            return False
        return self._paper.takes(sentence, kept, ends) and self._count([*kept, sentence, *ends]) <= self._most
