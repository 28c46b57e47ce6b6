"""Is it an MP3, and how long does it sound? The frames of MPEG audio layer III (ISO 11172-3, 13818-3) are counted."""

from typing import NamedTuple

MIN_MILLISECONDS = 100
MAX_MILLISECONDS = 600_000
"""Several times as long as the longest page sounds."""
_MAX_PARTS = 30_000
"""Tags and frames; more than that sound for longer, or not at all."""
_MAX_REST = 2048
"""Bytes behind the last frame: a tag, padding, or a frame that was cut off."""

_KILOBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""By the two bits of the version: MPEG-1, MPEG-2 and MPEG-2.5."""
_SUMMARIES = (b"Xing", b"Info", b"VBRI")
_SUMMARY_WITHIN = 60


class NotAnMp3(ValueError):
    """These bytes are no MP3 that a player would play."""


class _Frame(NamedTuple):
    length: int
    samples: int
    rate: int


def milliseconds(data: bytes) -> int:
    """How long the sound is; raises NotAnMp3, also for less than a tenth of a second or more than ten minutes."""
    at, heard, parts = 0, 0.0, 0
    while at < len(data) and parts < _MAX_PARTS:
        parts += 1
        if tag := _tag(data, at):
            at += tag
        elif (frame := _frame(data, at)) and at + frame.length <= len(data):
            if not _is_summary(data[at : at + _SUMMARY_WITHIN]):
                heard += frame.samples * 1000 / frame.rate
            at += frame.length
        elif len(data) - at <= _MAX_REST:
            break
        else:
            raise NotAnMp3("there is something else than sound in it")
    if parts == _MAX_PARTS or not MIN_MILLISECONDS <= heard <= MAX_MILLISECONDS:
        raise NotAnMp3("there is hardly any sound in it, or much more than a page takes")
    return int(heard)


def _tag(data: bytes, at: int) -> int:
    """The length of an ID3v2 tag that begins here, else 0."""
    head = data[at : at + 10]
    if len(head) < 10 or not head.startswith(b"ID3"):
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))


def _frame(data: bytes, at: int) -> _Frame | None:
    head = int.from_bytes(data[at : at + 4]) if at + 4 <= len(data) else 0
    version, layer, bits, rate_index = head >> 19 & 3, head >> 17 & 3, head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version not in _RATES or layer != 1 or bits in {0, 15} or rate_index == 3:
        return None
    first = version == 3
    rate = _RATES[version][rate_index]
    length = (144_000 if first else 72_000) * _KILOBITS[1 if first else 2][bits] // rate + (head >> 9 & 1)
    return _Frame(length, 1152 if first else 576, rate)


def _is_summary(frame: bytes) -> bool:
    """The first frame of many files holds no sound, but says how much follows."""
    return any(word in frame for word in _SUMMARIES)
