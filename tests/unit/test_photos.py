"""Photos that clients send: what is read, what is refused, and that nothing of the original is left."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from textwrap import indent

import pytest
from PIL import Image, ImageDraw

from storybook.core import photo_decoder, photos
from storybook.core.errors import Unavailable
from storybook.core.photo_processes import Decoder
from storybook.core.photos import MAX_BYTES, PhotoRefused, PhotoTooLarge, read_photo, read_picture
from tests.photos import EITHER, MARKER, READ, REFUSED, chunk, encoded, marked_jpeg, noise, png_header, scene
from tests.stalls import longest_stall

WITHIN_SECONDS = 6.0
PATIENT = 20.0
"""Seconds of a clock that other programs may be using up; the seconds of work that are allowed stay two."""
STARTED = "subprocess.Popen"
HANGS = "time.sleep(60)"
DEAF = "os.close(0); time.sleep(60)"
TALKS = "while True: sys.stdout.buffer.write(b'\\xff\\xd8\\xff' + b'x' * 65536)"
EATS = "x = bytearray(1)\nwhile True: x += x"
LEAVES_A_CHILD = "if child := os.fork(): open('child', 'w').write(str(child))\nelse: time.sleep(60)"
SAYS_PARENT = "print(os.getppid())"
LISTS = """
found = [f'/proc/self/fd/{number}' for number in range(64)]
said = ' '.join(os.readlink(path) for path in found if os.path.exists(path) or os.path.islink(path))
open(f'seen.{os.getpid()}', 'w').write(said)
"""
OWNER = "import sys; from storybook.core.photo_processes import Decoder; Decoder(sys.argv[1]).decode(b'', 60)"


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


Makes = Callable[[str], Decoder]


@pytest.fixture
def decoder_of(tmp_path: Path) -> Iterator[Makes]:
    """Makes decoders of the test's own, which leave their numbers in the folder before they do anything else."""
    with ExitStack() as stack:

        def make(program: str) -> Decoder:
            path = tmp_path / "decoder.py"
            note = "new = f'new.{os.getpid()}'; open(new, 'w').write(str(os.getpid())); os.replace(new, 'pid')"
            body = indent(f"os.chdir({str(tmp_path)!r}); {note}\n{program}\nreturn 0", "    ")
            path.write_text(f"import os, resource, sys, time\ndef main(width, height):\n{body}\n")
            decoder = Decoder(str(path))
            stack.callback(decoder.close)
            return decoder

        yield make


def gone(folder: Path, name: str = "pid") -> bool:
    """Whether no process has the number that a decoder left; what is dead and not yet buried has ended."""
    try:
        stat = Path(f"/proc/{int((folder / name).read_text())}/stat").read_text()
    except FileNotFoundError:
        return True
    return name != "pid" and stat.rpartition(")")[2].split()[0] == "Z"


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 40 for a, b in zip(found, colour, strict=True))


def red_corners(image: Image.Image) -> list[tuple[int, int]]:
    corners = [(10, 10), (image.width - 10, 10), (10, image.height - 10), (image.width - 10, image.height - 10)]
    return [at for at in corners if near(image, at, (220, 30, 30))]


@pytest.mark.parametrize("case", READ)
async def test_a_photo_becomes_a_small_bare_jpeg(case: str) -> None:
    assert_bare(await read_photo(READ[case](), seconds=PATIENT))


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
    assert red_corners(image) == [red_at]


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
    assert opened(await read_photo(data, seconds=PATIENT)).size == (1024, 1024)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ((896, 1152), (864, 1152)),
        ((1024, 1024), (768, 1024)),
        ((600, 1280), (600, 800)),
        ((960, 1280), (960, 1280)),
        ((1920, 1920), (960, 1280)),
        ((1000, 2000), (960, 1280)),
        ((4096, 1024), (768, 1024)),
        ((5000, 700), (525, 700)),
        ((800, 5000), (800, 1067)),
        ((4800, 3840), (960, 1280)),
        ((5000, 171), (128, 171)),
    ],
)
async def test_a_vendors_picture_is_cut_to_our_shape_and_reduced_but_never_enlarged(
    theirs: tuple[int, int], ours: tuple[int, int]
) -> None:
    half = Image.new("RGB", theirs, (220, 30, 30))
    half.paste((30, 60, 200), (theirs[0] // 2, 0, *theirs))
    image = opened(await read_picture(encoded(half, "PNG"), 960, 1280))
    assert image.size == ours
    middle, down = ours[0] // 2, ours[1] // 2
    assert near(image, (middle - 12, down), (220, 30, 30))
    assert near(image, (middle + 12, down), (30, 60, 200))


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(3, (240, 320), (230, 310)), (6, (180, 240), (170, 10)), (8, (180, 240), (10, 230))],
)
async def test_a_vendors_picture_is_turned_upright_before_it_is_cut(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    image = opened(await read_picture(marked_jpeg(orientation), 960, 1280))
    assert image.size == size
    assert red_corners(image) == [red_at]


@pytest.mark.parametrize("size", [(20_000, 70), (127, 1280), (5000, 168), (64, 64)])
async def test_a_vendors_picture_of_which_next_to_nothing_is_left_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoRefused):
        await read_picture(encoded(scene(*size), "PNG"), 960, 1280)


def night(star: int = 0, noise: int = 0) -> Image.Image:
    """A black picture with one white star of that many pixels across, or with noise of that many shades."""
    grain = Image.effect_noise((960, 1280), 99).point(lambda value: value % (noise + 1))
    image = Image.merge("RGB", (grain, grain, grain))
    image.paste((255, 255, 255), (500, 300, 500 + star, 300 + star))
    return image


def snow() -> Image.Image:
    image = Image.new("RGB", (960, 1280), (255, 255, 255))
    ImageDraw.Draw(image).ellipse((-300, 700, 1200, 1800), fill=(246, 249, 255))
    return image


PLAIN = [night(), night(noise=6), Image.new("L", (960, 1280), 255), Image.new("RGBA", (960, 1280), (200, 9, 9, 0))]


@pytest.mark.parametrize("image", PLAIN, ids=["black", "noise", "white", "transparent"])
async def test_a_vendors_picture_that_is_one_colour_all_over_is_none(image: Image.Image) -> None:
    for form in ("PNG", "WEBP"):
        with pytest.raises(PhotoRefused):
            await read_picture(encoded(image, form), 960, 1280)


@pytest.mark.parametrize("image", [night(star=5), snow()], ids=["star", "snow"])
async def test_a_vendors_picture_that_shows_next_to_nothing_is_still_one(image: Image.Image) -> None:
    assert opened(await read_picture(encoded(image, "PNG"), 960, 1280)).size == (960, 1280)


async def test_the_same_photo_is_always_the_same() -> None:
    assert await read_photo(encoded(scene())) == await read_photo(encoded(scene()))


async def test_more_than_ten_megabytes_are_not_even_looked_at() -> None:
    with pytest.raises(PhotoTooLarge) as refused:
        await read_photo(b"\xff\xd8\xff" + b"x" * MAX_BYTES)
    assert refused.value.status == 413


@pytest.mark.parametrize("program", [HANGS, DEAF, TALKS, EATS])
async def test_a_decoder_that_turns_bad_is_ended_and_gone(tmp_path: Path, decoder_of: Makes, program: str) -> None:
    decoder = decoder_of(f"resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))\n{program}")
    started = time.monotonic()
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()) + b"x" * 5_000_000, decoder, 1)
    assert time.monotonic() - started < PATIENT
    assert gone(tmp_path)


async def test_whoever_a_decoder_leaves_behind_is_ended_with_it(tmp_path: Path, decoder_of: Makes) -> None:
    with pytest.raises(PhotoRefused, match="broken"):
        await read_photo(encoded(scene()), decoder_of(LEAVES_A_CHILD), PATIENT)
    wait_until(lambda: gone(tmp_path, "child"))


async def test_a_decoder_whose_photo_nobody_waits_for_is_ended(tmp_path: Path, decoder_of: Makes) -> None:
    reading = asyncio.ensure_future(read_photo(encoded(scene()), decoder_of(HANGS), 1))
    async with asyncio.timeout(PATIENT):
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(PATIENT):
        while not gone(tmp_path):
            await asyncio.sleep(0.01)


async def test_a_decoder_knows_none_of_our_secrets(
    tmp_path: Path, decoder_of: Makes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "a secret")
    with pytest.raises(PhotoRefused):
        await read_photo(encoded(scene()), decoder_of("open('seen', 'w').write(repr(dict(os.environ)))"))
    assert "a secret" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize("opens", ["open('seen', 'w')", "__import__('socket').socket()", "os.pipe()"])
def test_our_decoder_can_open_nothing(decoder_of: Makes, opens: str) -> None:
    """Its limits are those of the real one, whatever else a photo makes it do."""
    limits = f"import runpy; runpy.run_path({photo_decoder.__file__!r})['_limit_itself']()"
    assert decoder_of(limits).decode(b"", PATIENT).status == 0
    assert decoder_of(f"{limits}\ntry: {opens}\nexcept OSError: return 77").decode(b"", PATIENT).status == 77


def test_a_decoder_has_nothing_open_but_its_own_photo(tmp_path: Path, decoder_of: Makes) -> None:
    decoder = decoder_of(LISTS)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda photo: decoder.decode(photo, PATIENT), [b"", b"", b""]))
    seen = [path.read_text().split() for path in tmp_path.glob("seen.*")]
    assert all(open_here == [open_here[0]] * 2 + ["/dev/null"] for open_here in seen)
    assert len({open_here[0] for open_here in seen}) == 3


def test_decoding_leaves_nothing_open_here_or_at_the_server(decoder_of: Makes) -> None:
    # The server may still be closing what was the last process's: each looks until there is no more than it was told.
    decoder = decoder_of(
        "most, ends = int(sys.stdin.read()), time.monotonic() + 2\n"
        "def open_there(): return len(os.listdir(f'/proc/{os.getppid()}/fd'))\n"
        "while open_there() > most and time.monotonic() < ends: time.sleep(0.01)\n"
        "print(open_there())"
    )
    at_server = int(decoder.decode(b"99", PATIENT).said)
    here = set(Path("/proc/self/fd").iterdir())
    assert [int(decoder.decode(b"%d" % at_server, PATIENT).said) for _ in range(10)] == [at_server] * 10
    assert set(Path("/proc/self/fd").iterdir()) == here


def test_a_server_that_was_killed_is_replaced(decoder_of: Makes) -> None:
    decoder = decoder_of(SAYS_PARENT)
    first = int(decoder.decode(b"", PATIENT).said)
    os.kill(first, signal.SIGKILL)
    assert int(decoder.decode(b"", PATIENT).said) != first


def test_after_a_crash_the_next_photos_are_decoded_at_other_addresses(decoder_of: Makes) -> None:
    decoder = decoder_of(f"if sys.stdin.read() == 'bad': os.kill(os.getpid(), 11)\n{SAYS_PARENT}")
    first = decoder.decode(b"good", PATIENT).said
    assert decoder.decode(b"good", PATIENT).said == first
    assert decoder.decode(b"bad", PATIENT).status == -signal.SIGSEGV
    assert decoder.decode(b"good", PATIENT).said != first


def test_decoders_and_their_server_end_with_a_service_that_was_killed(tmp_path: Path, decoder_of: Makes) -> None:
    decoder_of("open('server', 'w').write(str(os.getppid())); time.sleep(60)")
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path / "decoder.py")])
    wait_until((tmp_path / "server").exists)
    owner.kill()
    owner.wait()
    wait_until(lambda: gone(tmp_path) and gone(tmp_path, "server"))


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


async def test_the_loop_itself_starts_no_process(decoder_of: Makes) -> None:
    starters: list[threading.Thread] = []
    sys.addaudithook(lambda event, _: starters.append(threading.current_thread()) if event == STARTED else None)
    with suppress(PhotoRefused):
        await read_photo(encoded(scene()), decoder_of("pass"))
    assert len(starters) == 1
    assert starters[0] is not threading.current_thread()


def test_a_header_alone_is_judged_without_decoding() -> None:
    header = png_header(6000, 5000) + chunk(b"IDAT", b"")
    with Image.open(BytesIO(header), formats=("PNG",)) as image:
        assert photo_decoder.refusal_of(image) is photo_decoder.Refusal.TOO_MANY_PIXELS
