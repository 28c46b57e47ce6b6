"""Whether what was written is what was asked for; each complaint is a sentence for the writer."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from storybook.domain.alt_text import MAX_SENTENCES, AltText
from storybook.domain.book_spec import ENGLISH_NAMES, BookSpec, Language
from storybook.domain.characters import CharacterSheet
from storybook.domain.reading_level import complaints, count_sentences
from storybook.domain.story import CastMember, Scene, StoryDraft, StoryPage

_SCRIPTS = {
    Language.KO: re.compile(r"[가-힣]"),
    Language.EN: re.compile(r"[A-Za-zÀ-ɏ]"),
    Language.JA: re.compile(r"[\u3041-\u30ff\u3400-\u9fff]"),
}
_KANA = re.compile(r"[ぁ-ヺ]")
_SOMEBODY = {Language.KO: "루나", Language.EN: "Luna", Language.JA: "ルナ"}
_NOT_SPOKEN = frozenset("<>[]{}⟦⟧\\|`")


def story_faults(draft: StoryDraft, spec: BookSpec, known: Sequence[CharacterSheet]) -> list[str]:
    """What about the story is not as its request wants it."""
    found = []
    if (draft.language, draft.target_age) != (spec.language, spec.target_age):
        found.append(f"the story must be in {spec.language} for age {spec.target_age}")
    if len(draft.pages) != spec.page_count:
        found.append(f"the story has {len(draft.pages)} pages; it must have {spec.page_count}")
    missing = {sheet.name for sheet in known} - {member.name for member in draft.cast}
    if missing:
        found.append(f"the story must have all of its chosen characters; {len(missing)} are missing")
    if len({member.name for member in draft.cast}) < len(draft.cast):
        found.append("two of the cast have the same name")
    for page in draft.pages:
        found += [f"page {page.page_number} {what}" for what in _text_faults(page.text, draft)]
    return found + _heading_faults(draft) + _repetitions(draft.pages)


def page_faults(page: StoryPage, page_number: int, draft: StoryDraft) -> list[str]:
    """What about a page that was told anew is not as it should be."""
    found = _text_faults(page.text, draft)
    if page.page_number != page_number:
        found.append(f"page {page_number} was asked for")
    found += scene_faults(page.scene, draft)
    if page.text == draft.pages[page_number - 1].text:
        found.append("the words are the same as before")
    return found


def scene_faults(scene: Scene, draft: StoryDraft) -> list[str]:
    """What about a picture that was staged anew is not as it should be."""
    strangers = {actor.name for actor in scene.actors} - {member.name for member in draft.cast}
    return ["the picture shows someone who is not in the cast"] if strangers else []


def cast_faults(sheets: Iterable[CharacterSheet], cast: Sequence[CastMember]) -> list[str]:
    """Whether there is one sheet for each of the cast, in its order."""
    if [sheet.name for sheet in sheets] == [member.name for member in cast]:
        return []
    return [f"there must be {len(cast)} characters: those of the cast, in its order and with its names"]


def alt_text_faults(said: AltText, language: Language) -> list[str]:
    """What about a picture's description is not as it should be."""
    found = []
    if not 1 <= (sentences := count_sentences(said.text)) <= MAX_SENTENCES:
        found.append(f"text has {sentences} sentences; 1 to {MAX_SENTENCES} are allowed")
    if len(said.text.splitlines()) > 1:
        found.append("text has a line break; it must be one line")
    if signs := unspoken(said.text):
        found.append(f"text has {signs}, which nobody reads aloud")
    return found + [f"text {what}" for what in _language_faults(said.text, language)]


def unspoken(text: str) -> str:
    """The signs of a text that nobody reads aloud, in whichever width; empty where it has none."""
    return " ".join(sorted(set(unicodedata.normalize("NFKC", text)) & _NOT_SPOKEN))


def _text_faults(text: str, draft: StoryDraft) -> list[str]:
    too_long_or_short = complaints(_with_plain_names(text, draft), draft.target_age, draft.language)
    return too_long_or_short + _language_faults(_without_names(text, draft), draft.language)


def _heading_faults(draft: StoryDraft) -> list[str]:
    """Of what stands in one line, where a foreign name or a sound may be most of it."""
    lines = {key: _without_names(text, draft) for key, text in (("title", draft.title), ("moral", draft.moral))}
    foreign = (key for key, line in lines.items() if _letters(line) and not _SCRIPTS[draft.language].search(line))
    return [f"{key} {_not_in(draft.language)}" for key in foreign]


def _repetitions(pages: Sequence[StoryPage]) -> list[str]:
    first: dict[str, int] = {}
    for page in pages:
        first.setdefault(_words(page), page.page_number)
    again = ((page.page_number, first[_words(page)]) for page in pages)
    return [f"page {number} has the same words as page {other}" for number, other in again if other < number]


def _words(page: StoryPage) -> str:
    return " ".join(page.text.casefold().split())


def _language_faults(text: str, language: Language) -> list[str]:
    letters = _letters(text)
    is_in_it = len(_SCRIPTS[language].findall(text)) * 2 >= letters
    is_chinese = language is Language.JA and letters > 0 and not _KANA.search(text)
    return [] if is_in_it and not is_chinese else [_not_in(language)]


def _not_in(language: Language) -> str:
    return f"is not in {ENGLISH_NAMES[language]}"


def _letters(text: str) -> int:
    return sum(char.isalpha() for char in text)


def _with_plain_names(text: str, draft: StoryDraft) -> str:
    """With one word for each name, since its writer never sees the dots and blanks that are part of it."""
    names = sorted((member.name for member in draft.cast if len(member.name) > 1), key=len, reverse=True)
    named = "|".join(re.escape(name) for name in names if any(map(str.isalnum, name)))
    return re.sub(named, _SOMEBODY[draft.language], text) if named else text


def _without_names(text: str, draft: StoryDraft) -> str:
    """A name is written as its owner writes it, whatever the language around it."""
    names = {name for member in draft.cast for name in member.name.split()}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return text
