"""An author that asks a language model, and believes it nothing."""

from itertools import cycle
from typing import Any, TypeVar

from storybook.domain.book_spec import Language
from storybook.domain.characters import CastSheet
from storybook.domain.story import StoryDraft, StoryPage
from storybook.domain.wanted import cast_faults, page_faults, scene_faults, story_faults, unspoken
from storybook.providers import questions
from storybook.providers.asking import ask
from storybook.providers.base import Revision, RewriteRequest, SheetRequest, StoryRequest
from storybook.providers.language import LanguageModel
from storybook.providers.names import Names
from storybook.providers.schemas import Json, PageAnswer, SceneAnswer, Unfit, built, not_english, parsed, printed

T = TypeVar("T")

_MARKS = {Language.KO: "“”", Language.EN: "“”", Language.JA: "「」"}


class ModelAuthor:
    """Writes with a language model. What breaks a rule is sent back once, with the exact complaints."""

    def __init__(self, model: LanguageModel) -> None:
        self.name = model.name
        self._model = model

    async def write_story(self, request: StoryRequest) -> StoryDraft:
        question, names = questions.story(request)
        return await ask(self._model, question, lambda text: _story(_revealed(text, names), request))

    async def rewrite_page(self, request: RewriteRequest) -> Revision:
        question, names = questions.page(request)
        return await ask(self._model, question, lambda text: _page(_revealed(text, names), request))

    async def restage_page(self, request: RewriteRequest) -> Revision:
        question, names = questions.scene(request)
        return await ask(self._model, question, lambda text: _restaged(_revealed(text, names), request))

    async def design_cast(self, request: SheetRequest) -> CastSheet:
        question, names = questions.cast(request)
        return await ask(self._model, question, lambda text: _cast(_revealed(text, names), request))


def _revealed(text: str, names: Names) -> Json:
    """The answer with the names in their places; raises Unfit."""
    answer = parsed(text)
    found = list(not_english(answer))
    if names.strays(answer):
        found.append("a stand-in in double brackets is used that the data does not have")
    for path, words in printed(answer):
        if signs := unspoken(names.without_stand_ins(words)):
            found.append(f"{path} has {signs} that belong to no stand-in; nobody reads them aloud")
    if found:
        raise Unfit(found)
    revealed: Json = names.reveal_in(answer)
    return revealed


def _story(answer: Json, request: StoryRequest) -> StoryDraft:
    spec = request.spec
    pages = answer.get("pages")
    if isinstance(pages, list):
        numbered = [_numbered(page, number, spec.language) for number, page in enumerate(pages, start=1)]
        answer = answer | {"pages": numbered}
    draft = built(StoryDraft, answer | {"language": spec.language, "target_age": spec.target_age})
    heroes = {spec.character.name} if spec.character else {sheet.name for sheet in request.known[:1]}
    faults = story_faults(draft, spec, request.known)
    if heroes and draft.cast[0].name not in heroes:
        faults.append("the first of the cast must be the hero of the request, under the hero's stand-in")
    return _fit(draft, faults)


def _page(answer: Json, request: RewriteRequest) -> Revision:
    told = built(PageAnswer, _curled_in(answer, request.draft.language))
    page = StoryPage(page_number=request.page_number, text=told.text, scene=told.scene)
    return _fit(_revision(page, told, request), page_faults(page, request.page_number, request.draft))


def _restaged(answer: Json, request: RewriteRequest) -> Revision:
    staged = built(SceneAnswer, answer)
    page = request.draft.pages[request.page_number - 1].model_copy(update={"scene": staged.scene})
    return _fit(_revision(page, staged, request), scene_faults(staged.scene, request.draft))


def _revision(page: StoryPage, answer: SceneAnswer, request: RewriteRequest) -> Revision:
    return Revision(page=page, understood=answer.understood or not request.feedback)


def _cast(answer: Json, request: SheetRequest) -> CastSheet:
    sheets = built(CastSheet, answer)
    return _fit(sheets, cast_faults(sheets.characters, request.cast))


def _fit(value: T, faults: list[str]) -> T:
    if faults:
        raise Unfit(faults)
    return value


def _numbered(page: Any, number: int, language: Language) -> Any:
    return _curled_in(page, language) | {"page_number": number} if isinstance(page, dict) else page


def _curled_in(page: Json, language: Language) -> Json:
    """The page with quotation marks that say where they open and close."""
    text = page.get("text")
    return page | {"text": _curled(text, language)} if isinstance(text, str) else page


def _curled(text: str, language: Language) -> str:
    told, *rest = text.split('"')
    if len(rest) % 2:
        return text
    return told + "".join(mark + part for mark, part in zip(cycle(_MARKS[language]), rest, strict=False))
