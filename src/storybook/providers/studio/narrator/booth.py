"""The recording booth: has the voice's process say lines, and hands back what it recorded."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from storybook.core.errors import ErrorCode, ProviderError

SAMPLE_RATE = 22_050


class Voice(NamedTuple):
    """The program that speaks, and for how many seconds it may."""

    program: Path = Path(__file__).with_name("voice.py")
    seconds: float = 30.0


class Line(NamedTuple):
    """What to say in one breath: `rate` in espeak's words per minute, `pitch` and `range` from 0 to 100."""

    text: str
    rate: int
    pitch: int
    range: int


class Take(NamedTuple):
    """One line, recorded: samples at SAMPLE_RATE, and at which sample the word at a position of the line begins."""

    samples: NDArray[np.int16]
    words: tuple[tuple[int, int], ...]


def record(lines: Sequence[Line], voice: str, by: Voice = Voice()) -> list[Take]:  # noqa: B008 - a value
    """One take for each line. Raises ProviderError where the voice fails or takes too long."""
    script = {
        "library": espeakng_loader.get_library_path(),
        "data": espeakng_loader.get_data_path(),
        "voice": voice,
        "lines": [line._asdict() for line in lines],
    }
    head, _, sound = _perform(json.dumps(script).encode(), by).partition(b"\n")
    try:
        return _takes(json.loads(head), np.frombuffer(sound, dtype="<i2").astype(np.int16))
    except (ValueError, KeyError, TypeError):
        raise _failed("The narrator's voice gave an answer that makes no sense.") from None


def _perform(script: bytes, by: Voice) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", str(by.program)],
            input=script,
            capture_output=True,
            timeout=by.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed("The narrator took too long over this text.", retryable=True) from None
    except OSError as error:
        raise _failed(f"The narrator's voice cannot be started: {error}.", retryable=True) from None
    if done.returncode:
        raise _failed("The narrator's voice failed: " + (done.stderr.decode(errors="replace").strip() or "no reason"))
    return done.stdout


def _takes(head: dict[str, Any], sound: NDArray[np.int16]) -> list[Take]:
    if head["sample_rate"] != SAMPLE_RATE or sum(take["samples"] for take in head["takes"]) != len(sound):
        raise ValueError("the recording is not what was announced")
    takes, start = [], 0
    for take in head["takes"]:
        end = start + take["samples"]
        takes.append(Take(sound[start:end], tuple((position, sample) for position, sample in take["words"])))
        start = end
    return takes


def _failed(reason: str, *, retryable: bool = False) -> ProviderError:
    return ProviderError(reason, code=ErrorCode.UNKNOWN, retryable=retryable)
