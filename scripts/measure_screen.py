"""Prints how often the studio's safety screen is wrong on its corpora, as a Markdown table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.moderation import Category
from storybook.providers.studio.screen import judge, judge_request

CORPORA = Path(__file__).parents[1] / "tests" / "corpora" / "screen"
SPLITS = ("dev", "held_out")
KINDS = ("harmless", "must_flag", "obfuscated")


class Figure(NamedTuple):
    """How many texts of one file were judged wrongly. `mislabelled` were flagged under another category only."""

    split: str
    language: Language
    kind: str
    texts: int
    wrong: int
    mislabelled: int

    @property
    def rate(self) -> float:
        return self.wrong / self.texts

    @property
    def upper_bound(self) -> float:
        """The one-sided 95 % Clopper-Pearson bound on the rate."""
        return _bisect(lambda rate: _at_most(self.wrong, self.texts, rate) > 0.05)


def read(split: str, language: Language, kind: str) -> list[tuple[str, str]]:
    """Each text of one file with the category that it must be flagged under, empty for harmless texts."""
    lines = (CORPORA / split / f"{kind}_{language}.txt").read_text(encoding="utf-8").splitlines()
    if kind == "harmless":
        return [("", line) for line in lines if line]
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines if line]


def measure(split: str, language: Language, kind: str) -> Figure:
    """The figure of one file, judged for children of 5 to 7; personal data is looked for in requests only."""
    verdicts = [(label, _judged(label, text)) for label, text in read(split, language, kind)]
    if kind == "harmless":
        return Figure(split, language, kind, len(verdicts), sum(1 for _, found in verdicts if found), 0)
    missed = sum(1 for _, found in verdicts if not found)
    mislabelled = sum(1 for label, found in verdicts if found and Category(label) not in found)
    return Figure(split, language, kind, len(verdicts), missed, mislabelled)


def _judged(label: str, text: str) -> tuple[Category, ...]:
    judging = judge_request if label == Category.PERSONAL_DATA else judge
    return judging([text], target_age=TargetAge.EARLY_READER)


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown; wrong is a false positive for harmless texts and a miss for all others."""
    lines = [
        "| split | language | texts | number | wrong | rate | 95 % upper bound | other category |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.split} | {one.language} | {one.kind} | {one.texts} | {one.wrong} | {one.rate:.1%} "
        f"| {one.upper_bound:.1%} | {one.mislabelled} |"
        for one in figures
    ]
    return "\n".join(lines)


def _at_most(wrong: int, texts: int, rate: float) -> float:
    """The chance of at most `wrong` errors in `texts` trials (binomial, summed term by term)."""
    term = total = (1 - rate) ** texts
    for count in range(wrong):
        term *= (texts - count) / (count + 1) * rate / (1 - rate)
        total += term
    return total


def _bisect(is_low: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return high


if __name__ == "__main__":
    print(table([measure(split, language, kind) for split in SPLITS for kind in KINDS for language in Language]))
