"""Photos that clients send: what is read, what is refused, and that nothing of the original is left."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from storybook.core import photo_decoder, photos
from storybook.core.errors import Unavailable
from storybook.core.photos import MAX_BYTES, Decoder, PhotoRefused, PhotoTooLarge, read_photo
from tests.photos import EITHER, MARKER, READ, REFUSED, chunk, encoded, marked_jpeg, noise, png_header, scene
from tests.stalls import longest_stall

WITHIN_SECONDS = 2.0
PATIENT = 20.0
"""Seconds of a clock that other programs may be using up; the seconds of work that are allowed stay two."""
STARTED = "subprocess.Popen"
HANGS = "import time; time.sleep(60)"
DEAF = "import os, time; os.close(0); time.sleep(60)"
TALKS = "import sys\nwhile True: sys.stdout.buffer.write(b'\\xff\\xd8\\xff' + b'x' * 65536)"
EATS = "x = bytearray(1)\nwhile True: x += x"
LEAVES_A_CHILD = "import os, time\nif os.fork() == 0: time.sleep(3)"


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


def script(folder: Path, program: str) -> str:
    """A decoder of the test's own, which leaves its number in the folder before it does anything else."""
    path = folder / "decoder.py"
    note = "import os; open('pid.new', 'w').write(str(os.getpid())); os.replace('pid.new', 'pid')"
    path.write_text(f"import os; os.chdir({str(folder)!r}); {note}\n{program}")
    return str(path)


def gone(folder: Path) -> bool:
    """Whether no process has the number that a decoder left."""
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except ProcessLookupError:
        return True
    return False


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


async def test_a_photo_of_most_pixels_is_read_whatever_it_shows() -> None:
    data = encoded(noise(5000, 5000), "WEBP", method=0, quality=20)
    assert MAX_BYTES / 2 < len(data) <= MAX_BYTES
    assert opened(await read_photo(data, Decoder(seconds=PATIENT))).size == (1024, 1024)


async def test_the_same_photo_is_always_the_same() -> None:
    assert await read_photo(encoded(scene())) == await read_photo(encoded(scene()))


async def test_more_than_ten_megabytes_are_not_even_looked_at() -> None:
    with pytest.raises(PhotoTooLarge) as refused:
        await read_photo(b"\xff\xd8\xff" + b"x" * MAX_BYTES)
    assert refused.value.status == 413


@pytest.mark.parametrize("program", [HANGS, DEAF, TALKS, EATS])
async def test_a_decoder_that_turns_bad_is_ended_and_gone(tmp_path: Path, program: str) -> None:
    limits = "import resource; resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))\n"
    decoder = Decoder(script(tmp_path, limits + program), seconds=1)
    started = time.monotonic()
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()) + b"x" * 5_000_000, decoder)
    assert time.monotonic() - started < 1.5
    assert gone(tmp_path)


async def test_a_decoder_that_leaves_somebody_behind_with_its_pipes_holds_nobody_up(tmp_path: Path) -> None:
    decoder = Decoder(script(tmp_path, LEAVES_A_CHILD), seconds=1)
    started = time.monotonic()
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()), decoder)
    assert time.monotonic() - started < 1.5


async def test_a_decoder_whose_photo_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    reading = asyncio.ensure_future(read_photo(encoded(scene()), Decoder(script(tmp_path, HANGS), seconds=1)))
    async with asyncio.timeout(1):
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(1.5):
        while not gone(tmp_path):
            await asyncio.sleep(0.01)


async def test_a_decoder_knows_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "a secret")
    seen = tmp_path / "seen"
    tells = f"import os; open({str(seen)!r}, 'w').write(repr((dict(os.environ), os.listdir('/proc/self/fd'))))"
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()), Decoder(script(tmp_path, tells)))
    assert "a secret" not in seen.read_text()


async def test_too_many_photos_at_once_are_turned_away_and_the_others_read() -> None:
    answers = await asyncio.gather(*(read_photo(encoded(scene())) for _ in range(12)), return_exceptions=True)
    turned_away = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(turned_away) == 12 - photos.AT_ONCE_WITH_WAITING
    assert all(isinstance(answer, bytes | Unavailable) for answer in answers)
    assert turned_away[0].retry_after
    assert await read_photo(encoded(scene()))


async def test_the_loop_never_stands_still_while_photos_are_read() -> None:
    large = encoded(Image.new("RGB", (5000, 5000)), progressive=True)
    sent = [large, READ["lossless WebP"](), REFUSED["PNG bomb"](), REFUSED["zTXt bomb"](), large]

    async def read_all() -> None:
        await asyncio.gather(*(read_photo(photo) for photo in sent), return_exceptions=True)

    assert await longest_stall(read_all) < 0.05


@pytest.mark.parametrize("work", [lambda: time.sleep(0.1), lambda: sum(n * n for n in range(2_000_000))])
async def test_a_loop_that_stands_still_is_noticed(work: Callable[[], object]) -> None:
    async def stand_still() -> None:
        await asyncio.sleep(0)
        work()

    assert await longest_stall(stand_still) > 0.05


async def test_the_loop_itself_starts_no_process() -> None:
    starters: list[threading.Thread] = []
    sys.addaudithook(lambda event, _: starters.append(threading.current_thread()) if event == STARTED else None)
    assert await read_photo(encoded(scene()))
    assert len(starters) == 1
    assert starters[0] is not threading.current_thread()


def test_a_header_alone_is_judged_without_decoding() -> None:
    header = png_header(6000, 5000) + chunk(b"IDAT", b"")
    with Image.open(BytesIO(header), formats=("PNG",)) as image:
        assert photo_decoder.refusal_of(image) is photo_decoder.Refusal.TOO_MANY_PIXELS
