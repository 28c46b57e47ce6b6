"""Is a text fit for a child's book? Rules in three languages, read from word files; no network, no model."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.moderation import Category
from storybook.providers.studio.screen.forbidden import holds_any
from storybook.providers.studio.screen.personal import holds_address_in_short, holds_contact, holds_personal_data
from storybook.providers.studio.screen.readings import in_hiragana, readings
from storybook.providers.studio.screen.rulebook import Pair, Rulebook, rulebook

MAX_CHARS = 20_000
_BLANK = " ○ "
_MAY_BE_UNDONE = frozenset({Category.VIOLENCE, Category.WEAPONS, Category.HORROR, Category.DRUGS})
_FIRST_WORD = re.compile(r"\W*\w+")
_MOST_UNDONE = 8
"""What takes out more is not read to its end."""

Patterns = Mapping[Category, re.Pattern[str]]
Matcher = Callable[[Rulebook, Patterns, str], Iterator[Category]]


def judge(texts: Sequence[str], *, forbidden: Sequence[str] = (), target_age: TargetAge) -> tuple[Category, ...]:
    """What no child's book should hold, sorted; empty when every text is fit.

    Every text is read in Korean, English and Japanese, and with the usual disguises of words taken off. One of
    more than `MAX_CHARS` characters is not read but flagged `unseen`. Words of `forbidden` are found as words,
    with plural or particle.
    """
    return _judged(texts, forbidden, target_age, _matching)


def _judged(texts: Sequence[str], forbidden: Sequence[str], age: TargetAge, match: Matcher) -> tuple[Category, ...]:
    found = {category for text in texts for category in _flagged(text, age, match)}
    if holds_any([text for text in texts if len(text) <= MAX_CHARS], forbidden):
        found.add(Category.FORBIDDEN_ELEMENT)
    return tuple(sorted(found))


def judge_request(
    texts: Sequence[str], *, forbidden: Sequence[str] = (), target_age: TargetAge
) -> tuple[Category, ...]:
    """As `judge`, for what a parent types: also flags home addresses, and orders to a model as dangerous acts.

    Harm that a wish takes out of the book ("remove the gun", "do not kill the spider") is none. What is not to be in
    the book may be called by its name, unless that is personal data, an order, or sexual and about children.
    """
    found = set(_judged(texts, forbidden, target_age, _wished))
    for text in texts:
        if len(text) <= MAX_CHARS:
            found |= set(_ordering(text))
            found |= {Category.PERSONAL_DATA} if holds_personal_data(text) else set()
    return tuple(sorted(found.union(*map(_unfit_to_name, forbidden))))


def _unfit_to_name(unwanted: str) -> Iterator[Category]:
    """What is wrong with words for what is not to be in the book: vendors read them, too."""
    if holds_personal_data(unwanted) or holds_address_in_short(unwanted):
        yield Category.PERSONAL_DATA
    is_sexual = Category.SEXUAL in _flagged(unwanted, TargetAge.TODDLER, _matching)
    yield from _ordering(unwanted)
    if is_sexual and any(book.minors.search(reading) for book, reading in _as_read(unwanted)):
        yield Category.SEXUAL


def _ordering(text: str) -> Iterator[Category]:
    for book, reading in _as_read(text):
        yield from _matching(book, book.requests, reading)


def _flagged(text: str, age: TargetAge, match: Matcher) -> Iterator[Category]:
    if len(text) > MAX_CHARS:
        yield Category.UNSEEN
        return
    if holds_contact(text):
        yield Category.PERSONAL_DATA
    for book, reading in _as_read(text):
        yield from match(book, book.always, reading)
        yield from _unwarned(book, reading)
        yield from _together(book, reading)
        if age is not TargetAge.ADULT:
            yield from match(book, book.children, reading)


def _as_read(text: str) -> Iterator[tuple[Rulebook, str]]:
    """Each reading of the text without its harmless phrases, with the rules of a language that it is written in."""
    for reading in readings(text):
        for language in Language:
            book = rulebook(language)
            if book.script.search(reading):
                for variant in _in_kana(reading) if language is Language.JA else (reading,):
                    yield book, book.harmless.sub(_BLANK, variant)


def _in_kana(reading: str) -> tuple[str, ...]:
    """The Japanese reading as it stands and, where that differs, in hiragana."""
    return tuple(dict.fromkeys((reading, in_hiragana(reading))))


def _matching(_book: Rulebook, patterns: Patterns, reading: str) -> Iterator[Category]:
    return (category for category, pattern in patterns.items() if pattern.search(reading))


def _wished(book: Rulebook, patterns: Patterns, reading: str) -> Iterator[Category]:
    """The same without harm that is undone where it stands."""
    for category in _matching(book, patterns, reading):
        if category not in _MAY_BE_UNDONE or not _is_undone(book, patterns[category], reading):
            yield category


def _is_undone(book: Rulebook, harm: re.Pattern[str], reading: str) -> bool:
    """Whether each match has the negation right before its first word, or right behind its last letters: only these
    are taken out, so that whatever else the match has swallowed is found again.
    """
    for _ in range(_MOST_UNDONE):
        found = harm.search(reading)
        if found is None:
            return True
        before, after = reading[: found.start()], reading[found.end() :]
        if book.undone_before.search(before):
            reading = before + _FIRST_WORD.sub(_BLANK, reading[found.start() :], count=1)
        elif book.undone_after.search(after):
            reading = reading[: max(found.start(), found.end() - 2)] + _BLANK + after
        else:
            return False
    return False


def _unwarned(book: Rulebook, reading: str) -> Iterator[Category]:
    """Dangerous acts, except where the same clause says not to do them."""
    for category in _matching(book, book.acts, reading):
        clauses = book.clause_ends.split(reading)
        if any(_is_advised(book, book.acts[category], clause) for clause in clauses):
            yield category


def _is_advised(book: Rulebook, acts: re.Pattern[str], clause: str) -> bool:
    act = acts.search(clause)
    if act is None:
        return False
    before, after = clause[: act.start()], clause[act.end() : act.end() + book.warning_reach]
    return not book.warning_before.search(before) and not book.warning_after.search(after)


def _together(book: Rulebook, reading: str) -> Iterator[Category]:
    """Categories of which one clause holds both things of a pair."""
    pairs = [pair for pair in book.together if pair.one.search(reading) and pair.other.search(reading)]
    clauses = book.clause_ends.split(reading) if pairs else []
    return (pair.category for pair in pairs if any(_holds(book, pair, clause) for clause in clauses))


def _holds(book: Rulebook, pair: Pair, clause: str) -> bool:
    one, other = pair.one.search(clause), pair.other.search(clause)
    if one is None or other is None:
        return False
    if pair.category is not Category.DANGEROUS_ACTS:
        return True
    before, after = clause[: max(one.start(), other.start())], clause[one.end() :]
    return not book.warning_before.search(before) and not book.warning_after.search(after)
