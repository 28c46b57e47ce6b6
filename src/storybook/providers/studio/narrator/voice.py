"""The voice: espeak-ng, in a process of its own that knows nothing of the rest of the product.

Run as a program. Standard input is one JSON object: `library` and `data` (paths of espeak-ng), `voice` (its name)
and `lines`, each with `text`, `rate` (espeak's words per minute), `pitch` and `range` (0 to 100). Standard output is
one line of JSON, `{"sample_rate": 22050, "takes": [{"samples": n, "words": [[position, sample], ...]}, ...]}`, then
all samples of all takes, 16 bit, mono, little endian. A position counts the characters of its line from 0, a sample
those of its take. Ends with code 1 and a sentence on standard error where espeak-ng refuses.

It is a program, and not a module that the others import, because espeak-ng is under the GPL.
"""

import ctypes
import json
import sys
from typing import Any, NamedTuple

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_BY_CHARACTER = 1
_END_OF_EVENTS = 0
_WORD_EVENT = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_UNCLIPPED = 75


class _Event(ctypes.Structure):
    """`espeak_EVENT` of espeak-ng's speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class _Take(NamedTuple):
    pcm: bytearray
    words: list[tuple[int, int]]


class _Espeak:
    def __init__(self, library: str, data: str, voice: str) -> None:
        self._espeak = ctypes.CDLL(library)
        self.sample_rate = int(self._espeak.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DO_NOT_EXIT))
        if self.sample_rate <= 0:
            raise RuntimeError("espeak-ng finds no data")
        if self._espeak.espeak_SetVoiceByName(voice.encode()):
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        self._espeak.espeak_SetParameter(_VOLUME, _UNCLIPPED, 0)
        self._take = _Take(bytearray(), [])
        self._callback = _Callback(self._collect)
        self._espeak.espeak_SetSynthCallback(self._callback)

    def say(self, line: dict[str, Any]) -> _Take:
        self._take = _Take(bytearray(), [])
        for parameter, value in ((_RATE, line["rate"]), (_PITCH, line["pitch"]), (_RANGE, line["range"])):
            self._espeak.espeak_SetParameter(parameter, value, 0)
        text = line["text"].encode() + b"\0"
        if self._espeak.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, _BY_CHARACTER, 0, _UTF8, None, None):
            raise RuntimeError("espeak-ng refuses a line")
        return self._take

    def _collect(self, samples: int | None, count: int, events: Any) -> int:
        if samples and count > 0:
            self._take.pcm.extend(ctypes.string_at(samples, count * 2))
        index = 0
        while events[index].type != _END_OF_EVENTS:
            if events[index].type == _WORD_EVENT:
                self._take.words.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return 0


def _perform() -> None:
    script = json.load(sys.stdin.buffer)
    espeak = _Espeak(script["library"], script["data"], script["voice"])
    takes = [espeak.say(line) for line in script["lines"]]
    head = {
        "sample_rate": espeak.sample_rate,
        "takes": [{"samples": len(take.pcm) // 2, "words": take.words} for take in takes],
    }
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
    for take in takes:
        sys.stdout.buffer.write(take.pcm)


if __name__ == "__main__":
    try:
        _perform()
    except (OSError, RuntimeError) as error:
        sys.exit(str(error))
