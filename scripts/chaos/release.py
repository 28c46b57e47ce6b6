"""All forms in which a release is tried, one after another."""

import subprocess
import sys
import time

FORMS = (
    "--kills 200 --books 100",
    "--kills 50 --books 25 --painter openai --seed 2",
    "--kills 50 --books 25 --painter fal --seed 3",
    "--points",
    "--stops 200",
    "--stops 50 --painter openai --seed 2",
    "--leave",
    "--leave --painter openai",
    "--real-lease 6",
    "--postgres 20 --redis 20 --books 50",
    "--celery --kills 100",
    "--controls",
)


def release() -> bool:
    """Each in a process of its own; whether all were kept."""
    table = []
    for form in FORMS:
        print(f"\n# scripts/chaos.sh {form}\n", flush=True)
        began = time.monotonic()
        code = subprocess.call([sys.executable, "-m", "scripts.chaos", *form.split()])  # noqa: S603 - ourselves
        table.append((form, (time.monotonic() - began) / 60, code))
    print("\n| scripts/chaos.sh | Minutes | |\n| --- | --- | --- |")
    for form, minutes, code in table:
        print(f"| {form} | {minutes:.1f} | {'PASS' if code == 0 else 'FAIL'} |")
    return all(code == 0 for *_, code in table)
