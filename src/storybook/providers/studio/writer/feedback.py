"""What a reader wishes for a page, read from what they typed in English, Korean or Japanese."""

import re
from dataclasses import dataclass, replace
from functools import cache

from storybook.domain.book_spec import Language
from storybook.domain.story import Mood, Pose, TimeOfDay, Weather
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.forbidden import breaches
from storybook.providers.studio.writer.lexicon import Match, display, matches, pattern_of, told, told_before
from storybook.providers.studio.writer.looks import needs_to_be_alone
from storybook.providers.studio.writer.naming import PEOPLE

MAX_ADDED = 2
_ORDER = (Language.EN, Language.KO, Language.JA)
_CLAUSE = re.compile(r"[,.;!?。、！？]| but | instead |(?<=지) 말고")


@dataclass(frozen=True)
class Added:
    """Something to see on the page: `key` in English, `living` for animals."""

    key: str
    section: str
    tint: str | None = None
    living: bool = False

    @property
    def look(self) -> str:
        """The thing in English, with its colour."""
        return f"{self.tint} {self.key}" if self.tint else self.key

    def bare(self, language: Language) -> str:
        """The thing without its colour, as prose of that language calls it."""
        if self.section != "more":
            return display(self.section, self.key, language)
        column: str = table("feedback")["things"][self.key][_ORDER.index(language)]
        return column.split(", ", maxsplit=1)[0]

    def word(self, language: Language) -> str:
        """The thing as prose of that language calls it."""
        noun = self.bare(language)
        if self.tint is None:
            return noun
        return f"{display('tints', self.tint, language)}{'' if language is Language.JA else ' '}{noun}"


@dataclass(frozen=True)
class Wishes:
    """What was understood. `gone` is what the reader does not want to see, and `joined` are names of the story's cast
    who shall be there too. The hero `holds` what is added; `everyone` takes the pose, or the hero alone; `sunny` says
    that the sun was asked for, `more` that one more of a kind was.
    """

    added: tuple[Added, ...] = ()
    gone: tuple[Added, ...] = ()
    place: str | None = None
    weather: Weather | None = None
    time: TimeOfDay | None = None
    mood: Mood | None = None
    pose: Pose | None = None
    joined: tuple[str, ...] = ()
    holds: bool = False
    everyone: bool = False
    more: bool = False
    sunny: bool = False
    tint: str | None = None
    length: str | None = None

    @property
    def seen(self) -> bool:
        """Whether a picture can show any of it."""
        told = (self.place, self.weather, self.time, self.mood, self.pose)
        return bool(self.added or self.gone or self.joined) or any(told)

    @property
    def told(self) -> bool:
        """Whether a text or its picture can take up any of it."""
        return self.seen or bool(self.tint or self.length)


def read(text: str, banned: tuple[str, ...]) -> Wishes:
    """The wishes in `text`; what it does not want is turned round, and what is banned is not taken up."""
    lowered = text.lower()
    things = [found for found in _things(lowered) if not _is_banned(found[1], banned)]
    added = [thing for span, thing in things if not _unwanted(lowered, *span)]
    tint = _loose_tint(lowered, things, banned)
    if tint and added and added[0].tint is None:
        added[0], tint = replace(added[0], tint=tint), None
    weather, time, pose, length = (_one(lowered, section, banned) for section in ("weather", "time", "pose", "length"))
    place = _place(lowered, [span for span, _ in things], banned)
    return Wishes(
        added=tuple(dict.fromkeys(added))[:MAX_ADDED],
        gone=tuple(thing for span, thing in things if _unwanted(lowered, *span)),
        # Where something else of the sky is wished for, the sky is only where it is seen.
        place=None if place == "sky" and (added or time) else place,
        weather=Weather(weather) if weather else _instead_of_rain(lowered),
        time=TimeOfDay(time) if time else None,
        mood=_mood(lowered),
        pose=Pose(pose) if pose else None,
        holds=_says(lowered, "held"),
        everyone=_says(lowered, "all"),
        more=_says(lowered, "more"),
        sunny=weather == Weather.CLEAR,
        tint=tint,
        length=length,
    )


def _says(text: str, what: str) -> bool:
    return any(re.search(pattern, text) for pattern in table("feedback")["said"][what])


def _loose_tint(text: str, things: list[tuple[tuple[int, int], Added]], banned: tuple[str, ...]) -> str | None:
    """A colour that stands before none of the things."""
    for (start, end), _ in reversed(things):
        text = text[:start] + " " * (end - start) + text[end:]
    used = {thing.tint for _, thing in things}
    return next((tint for tint in told(text, "tints") if tint not in used and not breaches(tint, banned)), None)


def words_of(section: str, key: str) -> re.Pattern[str]:
    """How a weather, a time of day or a mood is named."""
    return re.compile("|".join(table("feedback")[section][key]))


@cache
def _more() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(rf"(?<![가-힣]){pattern_of(word, language)}"), key)
        for key, columns in table("feedback")["things"].items()
        for language, column in zip(_ORDER, columns, strict=True)
        for word in column.split(", ")
    ]


def _things(text: str) -> list[tuple[tuple[int, int], Added]]:
    """Things and animals with their places in the text, a shorter word inside a longer one not counted."""
    known = [match for match in matches(text) if match.section in ("things", "kinds") and match.key not in PEOPLE]
    more = [Match(hit.start(), hit.end(), "more", key) for pattern, key in _more() for hit in pattern.finditer(text)]
    found = [one for one in [*known, *more] if not any(other.holds(one) for other in [*known, *more])]
    rank = {"more": 0, "things": 1, "kinds": 2}
    first: dict[int, Match] = {}
    end = 0
    for match in sorted(found, key=lambda match: (match.start, rank[match.section])):
        if match.start >= end:
            first[match.start], end = match, match.end
    return [((match.start, match.end), _added(text, match)) for match in first.values()]


def _added(text: str, match: Match) -> Added:
    tints = told_before(text, match.start, "tints")
    living = match.section == "kinds" and not needs_to_be_alone(match.key)
    return Added(match.key, match.section, next(iter(tints[-1:]), None), living)


def _is_banned(added: Added, banned: tuple[str, ...]) -> bool:
    return bool(breaches(" / ".join([added.look, *(added.word(language) for language in Language)]), banned))


def _unwanted(text: str, start: int, end: int) -> bool:
    """Whether the clause around a place in the text says that the reader does not want it."""
    row = table("feedback")["unwanted"]
    before = _CLAUSE.split(text[:start])[-1]
    cues = ((row["before"], before), (row["inside"], before), (row["behind"], text[end:]))
    return any(re.search(pattern, around) for pattern, around in cues)


def _one(text: str, section: str, banned: tuple[str, ...]) -> str | None:
    """The first that is named and wanted."""
    found = [
        (hit.start(), key)
        for key in table("feedback")[section]
        for hit in words_of(section, key).finditer(text)
        if not _unwanted(text, *hit.span()) and not breaches(key, banned)
    ]
    return min(found)[1] if found else None


def _instead_of_rain(text: str) -> Weather | None:
    """Clear skies where some other weather is named only to be rid of it."""
    named = [key for key in table("feedback")["weather"] if words_of("weather", key).search(text)]
    return Weather.CLEAR if named and named != ["clear"] else None


def _mood(text: str) -> Mood | None:
    mood = _one(text, "mood", ())
    if mood:
        return Mood(mood)
    named = [key for key in table("feedback")["mood"] if words_of("mood", key).search(text)]
    return Mood.CALM if {"scared", "angry", "worried", "surprised"} & set(named) else Mood.HAPPY if named else None


def _place(text: str, taken: list[tuple[int, int]], banned: tuple[str, ...]) -> str | None:
    """The place that is named by a word which names no thing or weather as well."""
    meant = table("feedback")["places"]
    skies = [words_of("weather", key) for key in table("feedback")["weather"]]
    for match in matches(text):
        place = (
            match.key if match.section == "places" else meant.get(match.key) if match.section == "troubles" else None
        )
        word = text[match.start : match.end]
        free = match.start not in {start for start, _ in taken} and not any(sky.fullmatch(word) for sky in skies)
        if place and free and not _unwanted(text, match.start, match.end) and not breaches(place, banned):
            return str(place)
    return None
