"""From takes to one sound file: trimming, softening, loudness and MP3."""

from typing import NamedTuple

import lameenc
import numpy as np
from numpy.typing import NDArray

from storybook.providers.studio.narrator.booth import SAMPLE_RATE

Sound = NDArray[np.float64]

KILOBITS = 64
ENCODER_DELAY = 1105
"""Samples by which a decoder hears everything later than it was encoded: LAME's 576 and a decoder's 529."""

_QUIET = 0.012
_MARGIN = SAMPLE_RATE // 100
_FADE = SAMPLE_RATE // 200
_LOUDNESS = 10 ** (-19 / 20)
_PEAK = 10 ** (-2 / 20)
_FRAME = SAMPLE_RATE // 20
_FREQUENCIES = (0.0, 60.0, 110.0, 350.0, 700.0, 1200.0, 2500.0, 4000.0, 8000.0, SAMPLE_RATE / 2)
_GAINS = (0.0, 0.2, 1.3, 1.3, 1.0, 0.85, 1.0, 0.9, 0.65, 0.5)
_BEST_QUALITY = 2


class Trimmed(NamedTuple):
    """A sound without the silence around it; `cut` samples were taken off its beginning."""

    sound: Sound
    cut: int


def trimmed(samples: NDArray[np.int16]) -> Trimmed:
    """The sound between -1 and 1, faded in and out where it was cut; empty where there is none."""
    sound = samples.astype(np.float64) / 32768
    audible = np.flatnonzero(np.abs(sound) > _QUIET)
    if not audible.size:
        return Trimmed(sound[:0], 0)
    start, end = max(0, int(audible[0]) - _MARGIN), int(audible[-1]) + 1 + _MARGIN
    cut = sound[start:end].copy()
    fade = np.linspace(0, 1, min(_FADE, len(cut)))
    cut[: len(fade)] *= fade
    cut[-len(fade) :] *= fade[::-1]
    return Trimmed(cut, start)


def mastered(sound: Sound) -> Sound:
    """The same sound as loud as every other, softer at the top, and nowhere clipped."""
    softened = _softened(sound)
    loudness, peak = _loudness(softened), float(np.abs(softened).max(initial=0))
    return softened * min(_LOUDNESS / loudness, _PEAK / peak) if loudness > 0 else sound


def mp3(sound: Sound) -> bytes:
    """Mono, 64 kbit/s at a constant rate, so that a player's clock is right wherever it starts."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(KILOBITS)
    encoder.set_in_sample_rate(SAMPLE_RATE)
    encoder.set_out_sample_rate(SAMPLE_RATE)
    encoder.set_channels(1)
    encoder.set_quality(_BEST_QUALITY)
    samples = np.rint(sound * 32767).astype("<i2").tobytes()
    return bytes(encoder.encode(samples)) + bytes(encoder.flush())


def silence(milliseconds: int) -> Sound:
    return np.zeros(round(milliseconds * SAMPLE_RATE / 1000))


def _softened(sound: Sound) -> Sound:
    # Whole seconds have only small prime factors, which the transform needs to be quick.
    length = -(-len(sound) // SAMPLE_RATE) * SAMPLE_RATE
    gains = np.interp(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), _FREQUENCIES, _GAINS)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, length) * gains, length)[: len(sound)])


def _loudness(sound: Sound) -> float:
    """The root mean square of what is spoken; the pauses do not count."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = np.sqrt((frames**2).mean(axis=1))
    if not levels.max(initial=0) > 0:
        return 0.0
    spoken = levels[levels > levels.max() * 0.1]
    return float(np.sqrt((spoken**2).mean()))
