"""Jobs: their kinds, states and allowed moves, and the steps of a book."""

from enum import StrEnum


class JobKind(StrEnum):
    BOOK = "book"
    PAGE = "page"
    AUDIO = "audio"
    PORTRAIT = "portrait"
    DESCRIPTION = "description"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


MOVES = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED}),
    JobState.RUNNING: frozenset({JobState.RUNNING, JobState.QUEUED, JobState.DONE, JobState.FAILED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset(),
}
"""From each state the states that may follow.

`running` follows itself when another runner takes over, and `queued` follows it when a runner hands the job back.
"""

SHORT_KINDS = frozenset({JobKind.PAGE, JobKind.AUDIO, JobKind.PORTRAIT, JobKind.DESCRIPTION})
"""What takes seconds, and somebody waits for; a book takes a minute or more."""


class Lane(StrEnum):
    """Where jobs stand in line. What is short never waits behind books."""

    BOOKS = "books"
    SHORT = "short"


KINDS_IN = {Lane.BOOKS: frozenset({JobKind.BOOK}), Lane.SHORT: SHORT_KINDS}

MAX_RECOVERIES = 3
"""How often in a row a job may be taken over without a new artifact before it is given up."""
LAST_TRY = MAX_RECOVERIES - 1
"""After so many it is worked on once more, alone in its process: what it kills may be others' last try, too."""
LONGEST_SECONDS = 1800.0
"""So long a job that comes no further waits in the queue for the same, and no longer."""


def states_before(state: JobState) -> tuple[JobState, ...]:
    """The states that a job may come from into this one."""
    return tuple(before for before in JobState if state in MOVES[before])


UNFINISHED = states_before(JobState.FAILED)
"""The states of jobs that go on."""


class Step(StrEnum):
    """The steps of a book in their order, of its voice and of its pictures in words; the value is the slug that
    clients know.
    """

    NORMALIZE = "normalize"
    MODERATE_INPUT = "moderate_input"
    GENERATE_STORY = "generate_story"
    GENERATE_CHARACTER_SHEET = "generate_character_sheet"
    GENERATE_IMAGE_PROMPTS = "generate_image_prompts"
    GENERATE_IMAGES = "generate_images"
    MODERATE_OUTPUT = "moderate_output"
    PACKAGE = "package"
    NARRATE = "narrate"
    DESCRIBE_PICTURES = "describe_pictures"


QUEUED_SLUG = "queued"
DONE_SLUG = "done"

PROGRESS_AT_START = {
    Step.NORMALIZE: 5,
    Step.MODERATE_INPUT: 10,
    Step.GENERATE_STORY: 30,
    Step.GENERATE_CHARACTER_SHEET: 40,
    Step.GENERATE_IMAGE_PROMPTS: 55,
    Step.GENERATE_IMAGES: 55,
    Step.MODERATE_OUTPUT: 95,
    Step.PACKAGE: 98,
    Step.NARRATE: 30,
    Step.DESCRIBE_PICTURES: 10,
}
PROGRESS_DONE = 100


def progress_of_pictures(ready: int, total: int) -> int:
    """Percent while pictures are drawn: from 55 with none ready to 95 with all."""
    return _progress_between(Step.GENERATE_IMAGES, Step.MODERATE_OUTPUT, ready, total)


def progress_of_voices(ready: int, total: int) -> int:
    """Percent while pages are read aloud: from 30 with none ready to 98 with all."""
    return _progress_between(Step.NARRATE, Step.PACKAGE, ready, total)


def progress_of_descriptions(ready: int, total: int) -> int:
    """Percent while pictures are described: from 10 with none ready to 98 with all."""
    return _progress_between(Step.DESCRIBE_PICTURES, Step.PACKAGE, ready, total)


def _progress_between(begin: Step, end: Step, ready: int, total: int) -> int:
    first, last = PROGRESS_AT_START[begin], PROGRESS_AT_START[end]
    return first + ready * (last - first) // total
