"""Photos that clients send: what is read, what is refused, and that nothing of the original is left."""

import asyncio
import os
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from storybook.core import photo_decoder, photos
from storybook.core.errors import Unavailable
from storybook.core.photos import MAX_BYTES, PhotoRefused, PhotoTooLarge, read_photo
from tests.photos import EITHER, MARKER, READ, REFUSED, chunk, encoded, marked_jpeg, png_header, scene

WITHIN_SECONDS = photos.WALL_SECONDS + 0.5
HANGS = "import time; time.sleep(60)"
DEAF = "import os, time; os.close(0); time.sleep(60)"
TALKS = "import sys\nwhile True: sys.stdout.buffer.write(b'\\xff\\xd8\\xff' + b'x' * 65536)"
EATS = "x = bytearray(1)\nwhile True: x += x"


def opened(read: bytes) -> Image.Image:
    image = Image.open(BytesIO(read), formats=("JPEG",))
    image.load()
    return image


def assert_bare(read: bytes) -> None:
    """Nothing but a JPEG of pixels: no segment in which anything else could be carried."""
    image = opened(read)
    assert image.mode == "RGB"
    assert max(image.size) <= 1024
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    assert not image.getexif()
    assert read.endswith(b"\xff\xd9")
    assert MARKER not in read


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 40 for a, b in zip(found, colour, strict=True))


@pytest.mark.parametrize("case", READ)
async def test_a_photo_becomes_a_small_bare_jpeg(case: str) -> None:
    data = READ[case]()
    started = time.monotonic()
    assert_bare(await read_photo(data))
    assert time.monotonic() - started < WITHIN_SECONDS


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_sound_photo_is_refused_in_time(case: str) -> None:
    data = REFUSED[case]()
    started = time.monotonic()
    with pytest.raises(PhotoRefused) as refused:
        await read_photo(data)
    assert time.monotonic() - started < WITHIN_SECONDS
    assert refused.value.status == 400
    assert refused.value.message.startswith("This ")
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("case", EITHER)
async def test_what_may_be_a_photo_is_read_or_refused_in_time(case: str) -> None:
    data = EITHER[case]()
    started = time.monotonic()
    with suppress(PhotoRefused):
        assert_bare(await read_photo(data))
    assert time.monotonic() - started < WITHIN_SECONDS


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("text", "JPEG, PNG or WebP"),
        ("moving PNG", "moves"),
        ("moving WebP", "moves"),
        ("63x64", "too small"),
        ("just too many pixels", "25 million"),
        ("PNG cut at 5 tenths", "broken"),
    ],
)
async def test_a_refusal_says_what_is_wrong(case: str, words: str) -> None:
    with pytest.raises(PhotoRefused, match=words):
        await read_photo(REFUSED[case]())


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (10, 10)),
        (2, (230, 10)),
        (3, (230, 310)),
        (4, (10, 310)),
        (5, (10, 10)),
        (6, (310, 10)),
        (7, (310, 230)),
        (8, (10, 230)),
    ],
)
async def test_a_photo_is_turned_upright(orientation: int, red_at: tuple[int, int]) -> None:
    image = opened(await read_photo(marked_jpeg(orientation)))
    assert image.size == ((240, 320) if orientation < 5 else (320, 240))
    corners = [(10, 10), (image.width - 10, 10), (10, image.height - 10), (image.width - 10, image.height - 10)]
    assert [at for at in corners if near(image, at, (220, 30, 30))] == [red_at]


async def test_an_orientation_that_cannot_be_read_is_no_reason_to_refuse() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 40
    assert opened(await read_photo(encoded(scene(), exif=exif))).size == (240, 320)


async def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    for form in ("PNG", "WEBP"):
        assert near(opened(await read_photo(encoded(clear, form))), (50, 50), (255, 255, 255))


async def test_sixteen_bits_are_brought_to_eight() -> None:
    deep = Image.new("I;16", (100, 100), 128 * 256)
    assert near(opened(await read_photo(encoded(deep, "PNG"))), (50, 50), (128, 128, 128))


async def test_a_large_photo_is_made_small_and_keeps_its_shape() -> None:
    assert opened(await read_photo(encoded(scene(4000, 3000)))).size == (1024, 768)


async def test_the_same_photo_is_always_the_same() -> None:
    assert await read_photo(encoded(scene())) == await read_photo(encoded(scene()))


async def test_more_than_ten_megabytes_are_not_even_looked_at() -> None:
    with pytest.raises(PhotoTooLarge) as refused:
        await read_photo(b"\xff\xd8\xff" + b"x" * MAX_BYTES)
    assert refused.value.status == 413


@pytest.mark.parametrize("program", [HANGS, DEAF, TALKS, EATS])
async def test_a_decoder_that_turns_bad_is_ended_and_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    script = tmp_path / "decoder.py"
    limits = "import resource; resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))\n"
    script.write_text(f"{limits}open({str(tmp_path / 'pid')!r}, 'w').write(str(__import__('os').getpid()))\n{program}")
    monkeypatch.setattr(photo_decoder, "__file__", str(script))
    started = time.monotonic()
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()) + b"x" * 5_000_000)
    assert time.monotonic() - started < WITHIN_SECONDS
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_decoder_whose_photo_nobody_waits_for_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "decoder.py"
    script.write_text(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(__import__('os').getpid()) + '.')\n{HANGS}")
    monkeypatch.setattr(photo_decoder, "__file__", str(script))
    reading = asyncio.ensure_future(read_photo(encoded(scene())))
    async with asyncio.timeout(2):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("."):
            await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()[:-1]), 0)


async def test_a_decoder_knows_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "a secret")
    seen = tmp_path / "seen"
    script = tmp_path / "decoder.py"
    script.write_text(
        f"import os; open({str(seen)!r}, 'w').write(repr((dict(os.environ), os.listdir('/proc/self/fd'))))"
    )
    monkeypatch.setattr(photo_decoder, "__file__", str(script))
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()))
    assert "a secret" not in seen.read_text()


async def test_too_many_photos_at_once_are_turned_away_and_the_others_read() -> None:
    answers = await asyncio.gather(*(read_photo(encoded(scene())) for _ in range(12)), return_exceptions=True)
    turned_away = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(turned_away) == 12 - photos.AT_ONCE_WITH_WAITING
    assert all(isinstance(answer, bytes | Unavailable) for answer in answers)
    assert turned_away[0].retry_after
    assert await read_photo(encoded(scene()))


async def test_the_loop_goes_on_while_a_photo_is_read() -> None:
    reading = asyncio.ensure_future(read_photo(encoded(Image.new("RGB", (5000, 5000)), progressive=True)))
    beats = 0
    while not reading.done():
        await asyncio.sleep(0.005)
        beats += 1
    assert beats > 10
    assert await reading


def test_a_header_alone_is_judged_without_decoding() -> None:
    header = png_header(6000, 5000) + chunk(b"IDAT", b"")
    with Image.open(BytesIO(header), formats=("PNG",)) as image:
        assert photo_decoder.refusal_of(image) is photo_decoder.Refusal.TOO_MANY_PIXELS
