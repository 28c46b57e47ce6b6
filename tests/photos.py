"""Photos for tests: good ones, odd ones that people really have, and hostile ones. All are made here by code."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

from PIL import Image, ImageDraw, PngImagePlugin

MARKER = b"PLANTED-MARKER-4711"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def scene(width: int = 240, height: int = 320) -> Image.Image:
    """A picture whose top left quarter is red, the rest blue."""
    image = Image.new("RGB", (width, height), (30, 60, 200))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(220, 30, 30))
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 80).convert("RGB")


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    check = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def with_chunks(*chunks: bytes) -> bytes:
    """A good PNG with chunks of one's own behind its header."""
    good = encoded(scene(), "PNG")
    after_header = len(SIGNATURE) + 25
    return good[:after_header] + b"".join(chunks) + good[after_header:]


def with_segments(*segments: tuple[int, bytes]) -> bytes:
    """A good JPEG with segments of one's own behind its start."""
    good = encoded(scene())
    added = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    return good[:2] + added + good[2:]


def with_jpeg_size(width: int, height: int) -> bytes:
    """A JPEG that lies about its size."""
    good = bytearray(encoded(scene()))
    start = good.index(b"\xff\xc0")
    good[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(good)


def marked_jpeg(orientation: int = 6) -> bytes:
    """A JPEG with the marker in everything that can carry it: EXIF, GPS, XMP, ICC, a comment and behind its end."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = MARKER.decode()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + MARKER
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 59.0), 29: MARKER.decode()})
    xmp = b"<x:xmpmeta>" + MARKER + b"</x:xmpmeta>"
    return encoded(scene(), exif=exif, xmp=xmp, icc_profile=MARKER * 9, comment=MARKER) + MARKER


def marked_png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", MARKER.decode())
    info.add_itxt("XML:com.adobe.xmp", MARKER.decode(), zip=True)
    return encoded(scene(), "PNG", pnginfo=info, exif=b"Exif\0\0" + MARKER, icc_profile=MARKER * 9) + MARKER


def marked_webp() -> bytes:
    return encoded(scene(), "WEBP", exif=b"Exif\0\0" + MARKER, xmp=MARKER, icc_profile=MARKER * 9) + MARKER


def animated(form: str) -> bytes:
    return encoded(scene(), form, save_all=True, append_images=[noise(240, 320)], duration=100)


def zipped() -> bytes:
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr("payload.html", b"<script>" + MARKER + b"</script>")
    return held.getvalue()


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    good = encoded(noise(2000, 2000), progressive=True)
    last = good.rindex(b"\xff\xda")
    end = good.rindex(b"\xff\xd9")
    return (good[:end] + good[last:end] * scans)[: 9 * 1024 * 1024] + b"\xff\xd9"


def flipped(good: bytes, step: int) -> bytes:
    """One bit wrong in every `step` bytes behind the first hundred."""
    data = bytearray(good)
    for place in range(100, len(data), step):
        data[place] ^= 1 << (place % 8)
    return bytes(data)


def webp_of_size(width: int, height: int) -> bytes:
    head = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + head + encoded(scene(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def cut(data: bytes, tenths: int) -> bytes:
    return data[: len(data) * tenths // 10]


ZEROS = 60 * 1024 * 1024
LIE = "WebP of 16383x16383"

# Every one of these is refused.
REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"this is not a photo",
    "HTML": lambda: b"<!doctype html><img src=x onerror=alert(1)>",
    "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><script/></svg>',
    "program": lambda: b"MZ" + b"\x90\0" * 500,
    "program of Linux": lambda: b"\x7fELF" + b"\0" * 500,
    "PDF": lambda: b"%PDF-1.7\n" + encoded(scene()),
    "ZIP": zipped,
    "GIF": lambda: encoded(scene(), "GIF"),
    "BMP": lambda: encoded(scene(), "BMP"),
    "TIFF": lambda: encoded(scene(), "TIFF"),
    "ICO": lambda: encoded(scene(), "ICO"),
    "PPM": lambda: encoded(scene(), "PPM"),
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "start of a JPEG alone": lambda: b"\xff\xd8\xff",
    "start of a PNG alone": lambda: SIGNATURE,
    "start of a WebP alone": lambda: b"RIFF\x20\0\0\0WEBPVP8 ",
    "JPEG of noise": lambda: b"\xff\xd8\xff\xe0" + noise(64, 64).tobytes(),
    "moving WebP": lambda: animated("WEBP"),
    "moving PNG": lambda: animated("PNG"),
    "PNG of 30000x30000": lambda: png_header(30_000, 30_000) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)),
    "PNG of 2^31": lambda: png_header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b""),
    "PNG bomb": lambda: png_header(30_000, 30_000, 1, 0) + chunk(b"IDAT", zlib.compress(b"\0" * ZEROS, 9)),
    "JPEG of 65500x65500": lambda: with_jpeg_size(65_500, 65_500),
    "JPEG of 30000x30000": lambda: with_jpeg_size(30_000, 30_000),
    LIE: lambda: webp_of_size(16_383, 16_383),
    "WebP of 16777216x16777216": lambda: webp_of_size(2**24, 2**24),
    "just too many pixels": lambda: encoded(Image.new("L", (5001, 5000)), "PNG"),
    "1x30000": lambda: encoded(Image.new("RGB", (1, 30_000)), "PNG"),
    "63x64": lambda: encoded(scene(63, 64), "PNG"),
    "0x0": lambda: png_header(0, 0) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""),
    "JPEG of height 0": lambda: with_jpeg_size(240, 0),
    "PNG with a wrong sum": lambda: with_chunks(chunk(b"tRNS", b"\0" * 6, crc=1)),
    "zTXt bomb": lambda: with_chunks(chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * ZEROS, 9))),
    "iTXt bomb": lambda: with_chunks(chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"\0" * ZEROS, 9))),
    "iCCP bomb": lambda: with_chunks(chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * ZEROS, 9))),
    "many zTXt": lambda: with_chunks(*[chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 1_000_000, 9))] * 500),
    "PNG with too little in it": lambda: png_header(500, 500) + chunk(b"IDAT", zlib.compress(b"\0" * 100)),
    **{f"JPEG cut at {n} tenths": lambda n=n: cut(encoded(noise(300, 300)), n) for n in range(1, 10)},  # type: ignore[misc]
    **{f"PNG cut at {n} tenths": lambda n=n: cut(encoded(noise(300, 300), "PNG"), n) for n in (1, 3, 5, 7, 9)},  # type: ignore[misc]
    **{f"WebP cut at {n} tenths": lambda n=n: cut(encoded(noise(300, 300), "WEBP"), n) for n in (1, 3, 5, 7, 9)},  # type: ignore[misc]
}

# Every one of these is a photo, however odd.
READ: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(scene()),
    "PNG": lambda: encoded(scene(), "PNG"),
    "WebP": lambda: encoded(scene(), "WEBP"),
    "lossless WebP": lambda: encoded(scene(), "WEBP", lossless=True),
    "smallest": lambda: encoded(scene(64, 64)),
    "most pixels": lambda: encoded(Image.new("RGB", (5000, 5000))),
    "most pixels, progressive": lambda: encoded(Image.new("RGB", (5000, 5000)), progressive=True),
    "JPEG with metadata": marked_jpeg,
    "PNG with metadata": marked_png,
    "WebP with metadata": marked_webp,
    "JPEG and ZIP": lambda: encoded(scene()) + zipped(),
    "JPEG and PDF": lambda: with_segments((0xFE, b"%PDF-1.7 " + MARKER)) + b"%PDF-1.7\n%%EOF",
    "JPEG with HTML": lambda: with_segments((0xFE, b"<script>" + MARKER + b"</script>")),
    "JPEG with many comments": lambda: with_segments(*[(0xFE, MARKER * 3000)] * 150),
    "JPEG with much APP1": lambda: with_segments(*[(0xE1, b"Exif\0\0" + MARKER * 3000)] * 100),
    "CMYK JPEG": lambda: encoded(scene().convert("CMYK")),
    "grey JPEG": lambda: encoded(scene().convert("L")),
    "16-bit PNG": lambda: encoded(Image.new("I;16", (200, 200), 30_000), "PNG"),
    "palette PNG with alpha": lambda: encoded(scene().quantize(8), "PNG", transparency=0),
    "PNG with alpha": lambda: encoded(scene().convert("RGBA"), "PNG"),
    "grey PNG with alpha": lambda: encoded(scene().convert("LA"), "PNG"),
    "black and white PNG": lambda: encoded(scene().convert("1"), "PNG"),
    "MPO of a phone": lambda: encoded(scene(), "MPO", save_all=True, append_images=[noise(240, 320)]),
}

# These may be read or refused, but nothing else.
EITHER: dict[str, Callable[[], bytes]] = {
    "chunk that says 4 GB": lambda: png_header(100, 100) + b"\xff\xff\xff\xffIDAT" + b"x" * 100,
    "JPEG with 200 scans": lambda: many_scans(200),
    "WebP of most pixels": lambda: encoded(Image.new("RGBA", (5000, 5000), (1, 2, 3, 4)), "WEBP", lossless=True),
    "WebP of noise, most pixels and bytes": lambda: encoded(noise(5000, 5000), "WEBP", method=0, quality=26),
    "PNG with interlacing that lies": lambda: flipped(encoded(scene(), "PNG"), 400),
    "thin and long": lambda: encoded(Image.new("L", (64, 60_000)), "PNG"),
    **{f"JPEG with a wrong bit in {n}": lambda n=n: flipped(encoded(noise(300, 300)), n) for n in (7, 97, 997)},  # type: ignore[misc]
    **{f"PNG with a wrong bit in {n}": lambda n=n: flipped(encoded(noise(300, 300), "PNG"), n) for n in (7, 997)},  # type: ignore[misc]
    **{f"WebP with a wrong bit in {n}": lambda n=n: flipped(encoded(noise(300, 300), "WEBP"), n) for n in (7, 997)},  # type: ignore[misc]
}
