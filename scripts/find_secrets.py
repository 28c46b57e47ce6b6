"""Looks for keys and passwords in the files of this checkout; prints the places, never what is there.

Those in `.secrets-known` were looked at and are none: examples, test keys, fingerprints. `--accept` writes it anew.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / ".secrets-known"
NOT_LOOKED_AT = r"(\.lock|\.secrets-known)$"
"""Hashes of packages, and of what is known."""


class Finding(NamedTuple):
    file: str
    sha1: str
    kind: str
    line: int


def scan() -> list[Finding]:
    listed = _said("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    found = json.loads(_said("detect-secrets", "scan", "--exclude-files", NOT_LOOKED_AT, *files))
    return [
        Finding(file, one["hashed_secret"], one["type"], one["line_number"])
        for file, places in found["results"].items()
        for one in places
    ]


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603


def main() -> int:
    found = scan()
    if "--accept" in sys.argv[1:]:
        KNOWN.write_text("".join(sorted({f"{one.sha1} {one.file}\n" for one in found})))
        return 0
    known = set(KNOWN.read_text().splitlines())
    new = [one for one in found if f"{one.sha1} {one.file}" not in known]
    for one in new:
        print(f"FAIL {one.file}:{one.line}: {one.kind}")
    print(f"{len(found)} places looked at, {len(new)} of them new")
    return int(bool(new))


if __name__ == "__main__":
    sys.exit(main())
