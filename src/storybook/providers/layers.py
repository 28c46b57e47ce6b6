"""Judges in layers: all of them are asked, the strictest verdict counts, and one that is missing lets nothing pass."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from storybook.core.errors import Charged, ProviderError, SetupError
from storybook.core.settings import STUDIO
from storybook.domain.calls import Kind, code_of
from storybook.domain.moderation import Category, Verdict
from storybook.providers import about
from storybook.providers.base import Judge, PictureCheck, TextCheck


class Layer(Judge, Protocol):
    def sees_pictures_of(self, painter: str) -> bool:
        """Whether it can judge what this provider draws."""
        ...


Ask = Callable[[Layer], Awaitable[Verdict]]
Check = tuple[str, TextCheck | PictureCheck]
"""What is judged, and as what."""
MAX_KEPT = 64


class Layers:
    """Our own rules judge texts first, so that no vendor reads what they flag. The others are asked side by side.

    Where one has no verdict, those of the others are kept: whoever asks again pays only for what is missing.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        if not layers:
            raise SetupError("MODERATION_PROVIDER names nobody; name one or more of studio, openai, judge.")
        self.name = ",".join(layer.name for layer in layers)
        self._layers = layers
        self._own = [layer for layer in layers if layer.name == STUDIO]
        others = [layer for layer in layers if layer.name != STUDIO]
        self._tiers = [tier for tier in (self._own, others) if tier]
        self._kept: dict[tuple[str, Check], Verdict] = {}

    def sees_pictures_of(self, painter: str) -> bool:
        return any(layer.sees_pictures_of(painter) for layer in self._layers)

    async def screen_request(self, check: TextCheck) -> Verdict:
        return await self._strictest(self._own, ("request", check), lambda layer: layer.judge_request(check))

    async def judge_request(self, check: TextCheck) -> Verdict:
        return await self._judge_texts(("request", check), lambda layer: layer.judge_request(check))

    async def judge_story(self, check: TextCheck) -> Verdict:
        return await self._judge_texts(("story", check), lambda layer: layer.judge_story(check))

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        able = [layer for layer in self._layers if layer.sees_pictures_of(check.picture.made_by)]
        if not able:
            return Verdict(judged_by=self.name, flagged=(Category.UNSEEN,))
        return await self._strictest(able, ("picture", check), lambda layer: layer.judge_picture(check))

    async def _judge_texts(self, check: Check, ask: Ask) -> Verdict:
        verdicts = []
        for tier in self._tiers:
            verdicts.append(await self._strictest(tier, check, ask))
            if not verdicts[-1].allowed:
                break
        return _union(verdicts)

    async def _strictest(self, layers: Sequence[Layer], check: Check, ask: Ask) -> Verdict:
        """What the layers flag, all together. Where they flag nothing and one has no verdict, raises its error."""
        given = {layer.name: kept for layer in layers if (kept := self._kept.pop((layer.name, check), None))}
        about.stop_the_clock()
        async with asyncio.TaskGroup() as group:
            asked = {
                layer.name: group.create_task(_verdict_of(layer, ask)) for layer in layers if layer.name not in given
            }
        said = given | {name: task.result() for name, task in asked.items()}
        verdicts = {layer.name: one for layer in layers if isinstance(one := said[layer.name], Verdict)}
        verdict = _union(list(verdicts.values()))
        failures = [one for one in said.values() if isinstance(one, ProviderError)]
        if failures and verdict.allowed:
            self._keep(verdicts, check)
            raise max(failures, key=_hopeless)
        return verdict

    def _keep(self, verdicts: Mapping[str, Verdict], check: Check) -> None:
        self._kept |= {(name, check): verdict for name, verdict in verdicts.items()}
        for key in list(self._kept)[:-MAX_KEPT]:
            del self._kept[key]


async def _verdict_of(layer: Layer, ask: Ask) -> Verdict | ProviderError:
    try:
        async with about.beside_others():
            return await ask(layer)
    except ProviderError as error:
        return error
    except TimeoutError:
        return ProviderError(
            f"{layer.name} took too long", code=code_of(Kind.MODERATION), retryable=True, charged=Charged.MAYBE
        )


def _union(verdicts: Sequence[Verdict]) -> Verdict:
    flagged = {category for verdict in verdicts for category in verdict.flagged}
    return Verdict(judged_by=",".join(verdict.judged_by for verdict in verdicts), flagged=tuple(sorted(flagged)))


def _hopeless(error: ProviderError) -> tuple[bool, float]:
    """The failure that leaves the least hope, or the longest wait, decides what is done about it."""
    return not error.retryable, error.retry_after or 0.0
