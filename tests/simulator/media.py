"""Real pictures and real sound, small and quick to make."""

import math
import struct
from functools import lru_cache
from io import BytesIO

import lameenc
from PIL import Image, ImageDraw

RATE = 22_050
SECONDS_PER_CHARACTER = 0.07


@lru_cache(maxsize=256)
def picture(width: int, height: int, shade: int, kind: str = "PNG") -> bytes:
    """A hill and a sun; `shade` 0 to 7 tells pictures apart."""
    written = BytesIO()
    _picture(width, height, shade).save(written, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": 80}))
    return written.getvalue()


@lru_cache(maxsize=256)
def _picture(width: int, height: int, shade: int) -> Image.Image:
    sky = (90 + 20 * shade, 150, 250 - 20 * shade)
    image = Image.new("RGB", (width, height), sky)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.6, height * 0.1, width * 0.85, height * 0.3), fill=(250, 220, 90))
    draw.ellipse((-width * 0.3, height * 0.6, width * 1.3, height * 1.6), fill=(90, 160, 20 * shade + 40))
    return image


def marked(width: int, height: int, mark: str) -> bytes:
    """A picture that no other mark has: the hexadecimal digits are grey tiles in its upper row."""
    image = _picture(width, height, int(mark[0], 16) % 8).copy()
    draw, side = ImageDraw.Draw(image), width / len(mark)
    for number, digit in enumerate(mark):
        shade = int(digit, 16) * 17
        draw.rectangle((number * side, 0, (number + 1) * side - 1, side), fill=(shade, shade, shade))
    written = BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()


def spoken(text: str) -> bytes:
    """An MP3 about as long as it takes to say the text."""
    return _tone(max(1, math.ceil(len(text) * SECONDS_PER_CHARACTER * 2)))


@lru_cache(maxsize=64)
def _tone(half_seconds: int) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(48)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    samples = (round(8000 * math.sin(0.06 * number)) for number in range(RATE // 2 * half_seconds))
    sound = struct.pack(f"<{RATE // 2 * half_seconds}h", *samples)
    return bytes(encoder.encode(sound) + encoder.flush())
