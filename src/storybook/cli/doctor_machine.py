"""What the doctor looks at on this machine: folders, room, what was installed, secrets."""

import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import espeakng_loader
from reportlab.pdfbase.ttfonts import TTFError

from storybook.cli.finding import Finding
from storybook.core.paths import bundled
from storybook.core.settings import Settings
from storybook.domain.book_spec import Language
from storybook.editions.typefaces import text_face, title_face

TIGHT_BYTES, FULL_BYTES = 2 * 1024**3, 256 * 1024**2
GIB = 1024**3
OWN_SECRETS = ("user_key_pepper", "access_token_secret")
INSTALL_AGAIN = "pip install --force-reinstall ai-story-book"


def look_at_machine(settings: Settings) -> Iterator[Finding]:
    yield folder(settings.storybook_data_dir)
    yield room(settings.storybook_data_dir)
    yield installed()
    yield secrets(settings)


def folder(path: Path) -> Finding:
    """The data directory; where it is still to be made, the folder that it is made in."""
    there = _nearest(path)
    where = shlex.quote(str(path))
    try:
        with tempfile.TemporaryFile(dir=there):
            return Finding("data folder", f"{path}, can be written")
    except OSError as error:
        said = f"STORYBOOK_DATA_DIR: {there} cannot be written ({error.strerror})"
        return Finding("data folder", str(path), said, mend=f"mkdir -p {where} && chown -R $(id -un) {where}")


def room(path: Path) -> Finding:
    """How much the disk of the data directory has left."""
    there = _nearest(path)
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("disk", str(there), doubt=f"nobody knows how much room it has ({error.strerror})")
    return room_of(free, there)


def room_of(free: int, path: Path) -> Finding:
    left = f"{free / GIB:.1f} GiB free at {path}"
    mend = f"du -xh --max-depth=2 {shlex.quote(str(path))} | sort -h | tail"
    if free < FULL_BYTES:
        return Finding("disk", left, "The disk is full, or will be in a moment: make room", mend=mend)
    if free < TIGHT_BYTES:
        return Finding("disk", left, doubt="There is not much room any more", mend=mend)
    return Finding("disk", left)


def installed() -> Finding:
    """What came with the package: prompts, migrations, fonts, and the program that speaks."""
    configured = "prompts, migrations, fonts, espeak-ng"
    folders = {"prompts": bundled("prompts"), "migrations": bundled("alembic") / "versions"}
    missing = [name for name, path in folders.items() if not path.is_dir() or not any(path.iterdir())]
    try:
        for language in Language:
            _ = text_face(language).leading_font, title_face(language).leading_font
    except (OSError, TTFError):
        missing.append("fonts")
    if not Path(espeakng_loader.get_library_path()).is_file():
        missing.append("espeak-ng")
    if missing:
        return Finding("installed", configured, f"Not there, or not whole: {', '.join(missing)}", mend=INSTALL_AGAIN)
    return Finding("installed", f"{configured} are there")


def secrets(settings: Settings) -> Finding:
    """Where the secrets are that were made here; nobody else may read them."""
    files = {name: settings.storybook_data_dir / name for name in OWN_SECRETS}
    given = {name.upper() for name in OWN_SECRETS if getattr(settings, name).get_secret_value()}
    kept = [f"{name.upper()} {'is set' if name.upper() in given else f'is kept in {files[name]}'}" for name in files]
    configured = ", ".join(kept) + (", OPS_TOKEN is set" if settings.ops_token.get_secret_value() else "")
    if open_files := [file for name, file in files.items() if name.upper() not in given and _others_read(file)]:
        names = " ".join(shlex.quote(str(file)) for file in open_files)
        return Finding("secrets", configured, "Other accounts of this machine can read them", mend=f"chmod 600 {names}")
    return Finding("secrets", configured)


def _others_read(file: Path) -> bool:
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)
    except OSError:
        return False


def _nearest(path: Path) -> Path:
    """The path, or the first above it that is there."""
    absolute = path.expanduser().absolute()
    return next((each for each in (absolute, *absolute.parents) if each.exists()), Path("/"))
