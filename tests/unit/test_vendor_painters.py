"""Painters of vendors: one POST a picture, its id before anything else, and nothing paid for twice."""

import asyncio
import base64
import datetime as dt
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from typing import Any, NamedTuple

import httpx
import pytest
from PIL import Image

from storybook.core.cpu import CpuPool
from storybook.core.errors import Charged, SetupError
from storybook.domain.book_spec import Style
from storybook.domain.calls import Bill, Kind, Outcome, PaidCall, Purpose
from storybook.domain.jobs import Step
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import Actor, Scene
from storybook.providers import fal, openai_images, replicate
from storybook.providers.about import About, calling_about
from storybook.providers.base import PictureRequest, Region, RegionRequest
from storybook.providers.choices import Choice
from storybook.providers.http import MAX_ANSWER_BYTES, CallFailed, make_client
from storybook.providers.line import Line
from storybook.providers.painting import Easel, finished, words_of
from storybook.providers.prices import price_of
from storybook.providers.queued import PATIENCE, QueuedPainter
from storybook.providers.vendors import VENDORS
from tests.fakes import png, sheet
from tests.fixtures_http import serving
from tests.photos import encoded, scene

SIZE = (960, 1280)
JOB = "job-1"
PURPOSE = Purpose("job", "user", Step.GENERATE_IMAGES, 3, 1)
HALF = (("content-length", "900"),)
DEEP = b"[" * 100_000 + b"]" * 100_000
SDXL = "stability-ai/sdxl"


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


TOO_DEEP = Answer(200, DEEP)


def says(value: Any, status: int = 200, **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Answer(status, json.dumps(value).encode(), named)


class Sent(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Double:
    """A vendor on loopback. It answers with what a test has put in, and with a finished picture otherwise."""

    vendor: str
    events: list[str]
    posts: list[Answer] = field(default_factory=list)
    looks: list[Answer] = field(default_factory=list)
    results: list[Answer] = field(default_factory=list)
    files: list[Answer] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    base: str = ""

    @property
    def posted(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.method == "POST"]

    def answer(self, sent: Sent) -> Answer:
        self.sent.append(sent)
        if sent.path.startswith("/files/"):
            return self.files.pop(0) if self.files else Answer(200, png(900, 1200, 90))
        if sent.method == "POST":
            self.events.append("post")
            return self.posts.pop(0) if self.posts else says({"id": JOB, "request_id": JOB}, 201)
        self.events.append("look")
        if sent.path.endswith("/status") or self.vendor == "replicate":
            return self.looks.pop(0) if self.looks else self.finished()
        return self.results.pop(0) if self.results else says({"images": [{"url": self.url}]})

    @property
    def url(self) -> str:
        return f"{self.base}/files/picture.png"

    def finished(self) -> Answer:
        if self.vendor == "fal":
            return says({"status": "COMPLETED"})
        return says({"status": "succeeded", "output": [self.url]})

    def going_on(self) -> Answer:
        return says({"status": "IN_PROGRESS" if self.vendor == "fal" else "processing"})


def handler_for(double: Double) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"] or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = double.answer(Sent(self.command, self.path, headers, self.rfile.read(length)))
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.headers != HALF:
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@dataclass
class FakeMeter:
    events: list[str]
    before: tuple[int, str] | None = None
    calls: list[PaidCall] = field(default_factory=list)
    ends: list[tuple[int, Outcome, int]] = field(default_factory=list)

    async def start(self, call: PaidCall) -> int:
        self.calls.append(call)
        return len(self.calls)

    async def note_id(self, number: int, vendor_id: str) -> None:
        self.events.append("noted")
        self.before = number, vendor_id

    async def end(self, number: int, outcome: Outcome, bill: Bill, _milliseconds: int) -> None:
        self.ends.append((number, outcome, bill.micro_dollars))

    async def accepted_before(self, _about: Purpose, _vendor: str, _kind: Kind) -> tuple[int, str] | None:
        return self.before

    async def lost_before(self, _about: Purpose, _vendor: str, _kind: Kind) -> None:
        return None

    async def heard_of(self, _vendor: str, _ids: list[str], _since: dt.datetime) -> set[str]:
        return set()

    async def note_breaker(self, _line: str, _vendor: str, _kind: Kind, _rest: float | None) -> None:
        pass


class Bench(NamedTuple):
    double: Double
    meter: FakeMeter
    easel: Easel

    def painter(self, model: str = "", *, hides_names: bool = True, patience: float = PATIENCE) -> QueuedPainter:
        choice = self.easel.choice._replace(model=model)
        make = {"replicate": replicate.make, "fal": fal.make}[self.double.vendor]
        easel = self.easel._replace(choice=choice, hides_names=hides_names)
        return make(easel, wait=lambda _: 0.01, patience=patience)

    @property
    def price(self) -> int:
        return price_of(self.double.vendor, self.easel.choice.model or self.default).picture

    @property
    def default(self) -> str:
        defaults = {"replicate": replicate.DEFAULT_MODEL, "fal": fal.DEFAULT_MODEL}
        return defaults[self.double.vendor]


@pytest.fixture(scope="module")
def cpu() -> Iterator[CpuPool]:
    pool = CpuPool(1)
    yield pool
    pool.close()


async def bench_for(vendor: str, cpu: CpuPool, stack: ExitStack, client: httpx.AsyncClient) -> Bench:
    events: list[str] = []
    double, meter = Double(vendor, events), FakeMeter(events)
    double.base = stack.enter_context(serving(handler_for(double)))
    row = VENDORS[vendor]._replace(base_url=double.base)
    choice = Choice("IMAGE_PROVIDER", vendor, api_key="a-key", base_url=double.base)
    return Bench(double, meter, Easel(Line(row, Kind.IMAGE, meter), client, cpu, choice, hides_names=True))


@pytest.fixture(params=["replicate", "fal"])
async def bench(request: pytest.FixtureRequest, cpu: CpuPool) -> AsyncIterator[Bench]:
    with ExitStack() as stack:
        async with make_client() as client:
            yield await bench_for(request.param, cpu, stack, client)


async def named(vendor: str, cpu: CpuPool) -> AsyncIterator[Bench]:
    with ExitStack() as stack:
        async with make_client() as client:
            yield await bench_for(vendor, cpu, stack, client)


@pytest.fixture
async def at_replicate(cpu: CpuPool) -> AsyncIterator[Bench]:
    async for bench in named("replicate", cpu):
        yield bench


@pytest.fixture
async def at_fal(cpu: CpuPool) -> AsyncIterator[Bench]:
    async for bench in named("fal", cpu):
        yield bench


@pytest.fixture
async def at_openai(cpu: CpuPool) -> AsyncIterator[Bench]:
    async for bench in named("openai", cpu):
        yield bench


def request_for(reference: Picture | None = None) -> PictureRequest:
    scene = Scene(description="Mina waves to Bo", place="meadow", actors=(Actor(name="Mina"),))
    return PictureRequest(
        prompt=PicturePrompt(
            page_number=3,
            scene=scene,
            positive="Mina waves to Bo. Mina: Mina, a small red fox.",
            negative="text, Bo without a hat",
            seed=77,
        ),
        style=Style.WATERCOLOR,
        sheets=(sheet("Mina"),),
        width=SIZE[0],
        height=SIZE[1],
        reference=reference,
        names=("Mina", "Bo"),
    )


def portrait() -> Picture:
    data = png(*SIZE, 40)
    return Picture(data=data, media_type="image/png", width=SIZE[0], height=SIZE[1], made_by="fal")


async def drawn(painter: Any, request: PictureRequest | None = None, *, seconds: float = 30) -> Picture:
    clock = asyncio.timeout(seconds)
    async with clock:
        with calling_about(About(PURPOSE, clock, seconds)):
            picture: Picture = await painter.draw(request or request_for())
            return picture


async def failure_of(painter: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await drawn(painter)
    return failed.value


async def test_a_picture_is_one_post_and_its_id_is_kept_before_the_first_look(bench: Bench) -> None:
    bench.double.looks = [bench.double.going_on()]
    picture = await drawn(bench.painter())
    with Image.open(BytesIO(picture.data)) as image:
        assert (image.format, image.size) == ("JPEG", (picture.width, picture.height))
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 900, 1200)
    assert picture.made_by == bench.double.vendor
    assert bench.double.events[:3] == ["post", "noted", "look"]
    assert bench.double.events.count("post") == 1
    [call] = bench.meter.calls
    assert call[:5] == (PURPOSE, bench.double.vendor, Kind.IMAGE, bench.default, bench.price)
    assert call.seconds
    assert bench.meter.ends == [(1, Outcome.OK, bench.price)]


async def test_a_job_that_was_accepted_before_is_not_paid_for_again(bench: Bench) -> None:
    bench.meter.before = 7, JOB
    assert (await drawn(bench.painter())).made_by == bench.double.vendor
    assert bench.double.posted == []
    assert bench.meter.ends == [(7, Outcome.OK, bench.price)]


async def test_a_try_that_ran_out_of_time_is_unknown_and_the_next_one_goes_on_with_it(bench: Bench) -> None:
    bench.double.looks = [bench.double.going_on()] * 1000
    with pytest.raises(TimeoutError):
        await drawn(bench.painter(), seconds=0.5)
    bench.double.looks.clear()
    assert await drawn(bench.painter())
    assert len(bench.double.posted) == 1
    assert bench.meter.ends == [(1, Outcome.UNKNOWN, bench.price), (1, Outcome.OK, bench.price)]


async def test_looks_that_fail_are_repeated_and_cost_nothing(bench: Bench) -> None:
    half = Answer(200, b'{"sta', HALF)
    bench.double.looks = [Answer(503), Answer(429), Answer(200, b"no json"), half, TOO_DEEP, Answer(502)]
    assert await drawn(bench.painter())
    assert len(bench.double.posted) == 1
    assert bench.meter.ends == [(1, Outcome.OK, bench.price)]


async def test_a_look_with_too_large_an_answer_is_the_last(bench: Bench) -> None:
    bench.double.looks = [Answer(200, gzip.compress(bytes(2 * MAX_ANSWER_BYTES)), (("content-encoding", "gzip"),))] * 2
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNUSABLE, Charged.YES, False)
    assert len(bench.double.looks) == 1
    assert bench.meter.ends == [(1, Outcome.UNUSABLE, bench.price)]


async def test_a_busy_vendor_is_left_alone_for_as_long_as_it_wants(bench: Bench) -> None:
    bench.double.posts = [says({}, 429, retry_after="7")]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.BUSY, Charged.NO, True)
    assert failure.retry_after == 7
    assert len(bench.double.posted) == 1
    assert bench.meter.ends == [(1, Outcome.BUSY, 0)]


@pytest.mark.parametrize("told", ["Thu, 01 Jan 99999999999 00:00:00 GMT", "soon", "Thu, 32 Jan 2026 00:00:00 GMT"])
async def test_a_busy_vendor_that_does_not_say_for_how_long_is_still_busy(bench: Bench, told: str) -> None:
    bench.double.posts = [says({}, 429, retry_after=told)]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.BUSY, Charged.NO, True)


async def test_a_refused_key_is_not_tried_again(bench: Bench) -> None:
    bench.double.posts = [says({}, 401)]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.REFUSED, Charged.NO, False)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(201, b"no json"),
        Answer(201, DEEP),
        says({}, 201),
        says({"id": "../x"}, 201),
        says([1], 201),
        says(None, 201),
    ],
)
async def test_a_job_without_an_id_may_have_been_charged(bench: Bench, answer: Answer) -> None:
    bench.double.posts = [answer]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged) == (Outcome.UNKNOWN, Charged.MAYBE)
    assert len(bench.double.posted) == 1
    assert bench.meter.ends == [(1, Outcome.UNKNOWN, bench.price)]


async def test_a_model_paid_by_picture_costs_nothing_where_it_makes_none(at_replicate: Bench) -> None:
    at_replicate.double.looks = [says({"status": "failed", "error": "secret words"})]
    failure = await failure_of(at_replicate.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.FAILED, Charged.NO, True)
    assert "secret" not in str(failure)
    assert at_replicate.meter.ends == [(1, Outcome.FAILED, 0)]


@pytest.mark.parametrize("told", ["NSFW content", "It was flagged as sensitive. (E005)", "flagged as sensitive"])
async def test_words_that_replicate_will_not_have_are_not_sent_to_it_again(at_replicate: Bench, told: str) -> None:
    at_replicate.double.looks = [says({"status": "failed", "error": told})]
    failure = await failure_of(at_replicate.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.REFUSED, Charged.NO, False)


@pytest.mark.parametrize(
    ("status", "charged"), [("failed", Charged.YES), ("canceled", Charged.YES), ("aborted", Charged.NO)]
)
async def test_a_model_paid_by_time_costs_its_time(at_replicate: Bench, status: str, charged: Charged) -> None:
    at_replicate.double.looks = [says({"status": status})]
    assert (await failure_of(at_replicate.painter(SDXL))).charged is charged


async def test_what_fal_paints_over_is_no_picture(at_fal: Bench) -> None:
    at_fal.double.results = [says({"images": [{"url": at_fal.double.url}], "has_nsfw_concepts": [True]})]
    failure = await failure_of(at_fal.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.REFUSED, Charged.YES, False)


BROKEN = {"error": "secret words", "error_type": "runner_server_error"}


@pytest.mark.parametrize(
    ("look", "result"),
    [
        (says({"status": "COMPLETED", **BROKEN}), Answer(503)),
        (says({"status": "COMPLETED"}), says(BROKEN, 500, x_fal_error_type="runner_server_error")),
    ],
    ids=["by its status", "by its result"],
)
async def test_what_fal_says_that_it_has_failed_at_is_free(at_fal: Bench, look: Answer, result: Answer) -> None:
    at_fal.double.looks, at_fal.double.results = [look], [result]
    failure = await failure_of(at_fal.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.FAILED, Charged.NO, True)


async def test_what_fal_refuses_may_not_be_free(at_fal: Bench) -> None:
    at_fal.double.results = [says({"detail": "secret words"}, 422)]
    failure = await failure_of(at_fal.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.REFUSED, Charged.YES, False)


@pytest.mark.parametrize("trouble", [Answer(503), says({}, 500, x_fal_error_type="internal_error")])
async def test_a_result_that_fal_cannot_give_now_is_asked_for_again_and_not_drawn_again(
    at_fal: Bench, trouble: Answer
) -> None:
    at_fal.double.results = [trouble] * 9
    assert await drawn(at_fal.painter())
    assert len(at_fal.double.posted) == 1
    assert at_fal.meter.ends == [(1, Outcome.OK, at_fal.price)]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_job_that_is_not_known_any_more_may_be_made_once_more(bench: Bench, status: int) -> None:
    bench.meter.before = 7, JOB
    bench.double.looks = [Answer(status)]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNUSABLE, Charged.YES, True)
    assert bench.double.posted == []


BLACK = encoded(Image.new("RGB", SIZE), "PNG")


@pytest.mark.parametrize(
    "file", [Answer(404), Answer(200, b"no picture"), Answer(200, png(8, 8, 1)), Answer(200, BLACK)]
)
async def test_a_picture_that_is_gone_or_none_was_paid_for(bench: Bench, file: Answer) -> None:
    bench.double.files = [file]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNUSABLE, Charged.YES, True)
    assert len(bench.double.posted) == 1
    assert bench.meter.ends == [(1, Outcome.UNUSABLE, bench.price)]


@pytest.mark.parametrize("result", [[], "a picture", {"images": "none"}, {"images": [[]]}, None])
async def test_a_result_of_another_form_was_paid_for(at_fal: Bench, result: Any) -> None:
    at_fal.double.results = [says(result)]
    failure = await failure_of(at_fal.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNUSABLE, Charged.YES, True)


async def test_a_picture_that_has_moved_is_followed(bench: Bench) -> None:
    bench.double.files = [Answer(302, headers=(("location", "/files/elsewhere.png"),))]
    assert await drawn(bench.painter())


async def test_a_picture_that_has_moved_to_a_strange_place_is_not(bench: Bench) -> None:
    bench.double.files = [Answer(302, headers=(("location", "http://169.254.169.254/latest"),))]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNUSABLE, Charged.YES, False)


async def test_a_picture_that_cannot_be_fetched_now_is_fetched_later_and_not_drawn_again(bench: Bench) -> None:
    bench.double.files = [Answer(503), Answer(503)]
    failure = await failure_of(bench.painter(patience=0))
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNKNOWN, Charged.MAYBE, True)
    assert failure.kept
    assert await drawn(bench.painter())
    assert len(bench.double.posted) == 1


@pytest.mark.parametrize(
    ("answer", "rest"), [(says({}, 429, retry_after="7"), 7), (Answer(502), None), (Answer(200, b"no json"), None)]
)
async def test_a_job_that_nobody_tells_about_now_is_asked_for_later_and_not_drawn_again(
    bench: Bench, answer: Answer, rest: float | None
) -> None:
    bench.double.looks = [answer]
    failure = await failure_of(bench.painter(patience=0))
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNKNOWN, Charged.MAYBE, True)
    assert (failure.kept, failure.retry_after) == (True, rest)
    assert await drawn(bench.painter())
    assert len(bench.double.posted) == 1


async def test_a_job_that_may_not_be_looked_at_is_not_asked_for_again(bench: Bench) -> None:
    bench.double.looks = [Answer(401)]
    failure = await failure_of(bench.painter())
    assert (failure.outcome, failure.charged, failure.retryable) == (Outcome.UNKNOWN, Charged.MAYBE, False)


@pytest.mark.parametrize(
    ("told", "positive", "painted"),
    [
        ("Fox", "A fox runs. Fox: a small red fox", "A fox runs. the hero: a small red fox"),
        ("Rose", "Rose holds a rose in a garden of roses", "the hero holds a rose in a garden of roses"),
        ("Luna", "The Luna sleeps beside a Luna", "the hero sleeps beside the hero"),
    ],
)
def test_a_painter_that_may_not_know_names_still_reads_what_everything_is(
    told: str, positive: str, painted: str
) -> None:
    request = request_for()
    prompt = request.prompt.model_copy(update={"positive": positive})
    hidden = words_of(request.model_copy(update={"prompt": prompt, "names": (told,)}), hides_names=True)
    assert hidden[0] == painted


async def test_a_vendor_that_does_not_know_names_reads_none(bench: Bench) -> None:
    await drawn(bench.painter())
    bench.meter.before = None
    await drawn(bench.painter(hides_names=False))
    hidden, shown = (sent.body for sent in bench.double.posted)
    assert b"Mina" not in hidden
    assert b"Bo" not in hidden
    assert b"the hero waves to character B. the hero: the hero, a small red fox." in hidden
    assert b"Mina waves to Bo" in shown


@pytest.mark.parametrize(
    ("model", "path", "wanted"),
    [
        ("", "/models/black-forest-labs/flux-kontext-pro/predictions", {"seed": 77, "aspect_ratio": "3:4"}),
        ("black-forest-labs/flux-schnell", "/models/black-forest-labs/flux-schnell/predictions", {"seed": 77}),
        (SDXL, "/predictions", {"seed": 77, "negative_prompt": "text, character B without a hat", "height": 1152}),
    ],
)
async def test_each_model_of_replicate_is_asked_in_its_own_words(
    at_replicate: Bench, model: str, path: str, wanted: dict[str, Any]
) -> None:
    painter = at_replicate.painter(model)
    await drawn(painter, request_for(portrait()))
    [post] = at_replicate.double.posted
    body = json.loads(post.body)
    assert post.path == path
    assert post.headers["authorization"] == "Bearer a-key"
    assert body["input"].items() >= wanted.items()
    assert ("input_image" in body["input"]) == painter.takes_reference == (not model)
    assert ("version" in body) == (model == SDXL)


SAFEGUARDS: dict[tuple[str, str], dict[str, Any]] = {
    ("replicate", "black-forest-labs/flux-schnell"): {},
    ("replicate", "black-forest-labs/flux-kontext-pro"): {"safety_tolerance": 1},
    ("replicate", SDXL): {},
    ("fal", "fal-ai/flux/schnell"): {"enable_safety_checker": True},
    ("fal", "fal-ai/flux-pro/kontext"): {"safety_tolerance": "1"},
}
"""All that a model is told of its own checks. Where nothing is said, they are on by themselves."""


@pytest.mark.parametrize("hero", [False, True])
async def test_every_model_is_sent_its_safeguards(bench: Bench, *, hero: bool) -> None:
    vendor = bench.double.vendor
    models = {"replicate": replicate, "fal": fal}[vendor].MODELS
    for model in models:
        await drawn(bench.painter(model), request_for(portrait() if hero else None))
        bench.meter.before = None
    bodies = [json.loads(post.body) for post in bench.double.posted]
    inputs = [body.get("input", body) for body in bodies]
    told = [{name: value for name, value in wanted.items() if "safe" in name} for wanted in inputs]
    assert dict(zip(models, told, strict=True)) == {
        model: safeguards for (of, model), safeguards in SAFEGUARDS.items() if of == vendor
    }


KEPT = "Keep the hero exactly as in the given picture: the same face, body, clothes and colours. the hero waves"


async def test_who_is_shown_the_hero_is_told_to_keep_to_it(bench: Bench) -> None:
    await drawn(bench.painter(), request_for(portrait()))
    bench.meter.before = None
    await drawn(bench.painter())
    seeing, blind = (json.loads(post.body) for post in bench.double.posted)
    assert seeing.get("input", seeing)["prompt"].startswith(KEPT)
    assert blind.get("input", blind)["prompt"].startswith("the hero waves")


async def test_a_version_may_be_chosen(at_replicate: Bench) -> None:
    await drawn(at_replicate.painter(f"{SDXL}:abc123"))
    assert json.loads(at_replicate.double.posted[0].body)["version"] == "abc123"


async def test_fal_draws_the_hero_where_it_can_see_it(at_fal: Bench) -> None:
    await drawn(at_fal.painter(), request_for(portrait()))
    at_fal.meter.before = None
    await drawn(at_fal.painter())
    seeing, blind = at_fal.double.posted
    assert (seeing.path, blind.path) == ("/fal-ai/flux-pro/kontext", "/fal-ai/flux-pro/kontext/text-to-image")
    assert json.loads(seeing.body)["image_url"].startswith("data:image/jpeg;base64,")
    assert len(seeing.body) < 256_000
    assert seeing.headers["x-fal-no-retry"] == "1"
    assert json.loads(seeing.body)["seed"] == 77


def answered(data: bytes, **more: Any) -> Answer:
    return says({"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}], **more})


USAGE = {
    "input_tokens": 1300,
    "output_tokens": 500,
    "total_tokens": 1800,
    "input_tokens_details": {"text_tokens": 300, "image_tokens": 1000},
}


async def test_openai_is_asked_once_and_billed_by_its_tokens(at_openai: Bench) -> None:
    at_openai.double.posts = [answered(png(*SIZE, 7), usage=USAGE)]
    picture = await drawn(openai_images.make(at_openai.easel))
    assert (picture.media_type, picture.made_by) == ("image/jpeg", "openai")
    [post] = at_openai.double.posted
    body = json.loads(post.body)
    assert post.path == "/images/generations"
    assert body["size"] == "960x1280"
    assert "moderation" not in body
    assert body["prompt"].startswith("the hero waves to character B.")
    assert body["prompt"].endswith("\nNot in the picture: text, character B without a hat")
    assert at_openai.meter.ends == [(1, Outcome.OK, (300 * 5000 + 1000 * 8000 + 500 * 30000) // 1000)]


async def test_openai_answers_with_large_pictures(at_openai: Bench) -> None:
    answer = answered(png(*SIZE, 7))
    at_openai.double.posts = [answer._replace(body=answer.body + b" " * 2 * MAX_ANSWER_BYTES)]
    assert await drawn(openai_images.make(at_openai.easel))


async def test_openai_sees_the_hero_and_fills_the_page_with_a_portrait_of_another_shape(at_openai: Bench) -> None:
    at_openai.double.posts = [answered(png(1024, 1536, 7))]
    easel = at_openai.easel._replace(choice=at_openai.easel.choice._replace(model="of-fixed-sizes"))
    picture = await drawn(openai_images.make(easel), request_for(portrait()))
    with Image.open(BytesIO(picture.data)) as image:
        assert image.size == SIZE
    [post] = at_openai.double.posted
    assert post.path == "/images/edits"
    assert portrait().data in post.body
    assert KEPT.encode() in post.body
    assert b"1024x1536" in post.body
    assert at_openai.meter.ends == [(1, Outcome.OK, 0)]


async def test_openai_draws_a_region_anew(at_openai: Bench) -> None:
    at_openai.double.posts = [answered(png(*SIZE, 7))]
    region = Region(left=0, top=0.5, right=0.5, bottom=1)
    wanted = RegionRequest(picture=portrait(), region=region, wanted=request_for())
    assert await openai_images.make(at_openai.easel).draw_region(wanted)
    [post] = at_openai.double.posted
    assert post.path == "/images/edits"
    with Image.open(BytesIO(openai_images.mask_of(region, *SIZE))) as mask:
        alpha = mask.getchannel("A")
        assert alpha.getbbox() == (0, 0, *SIZE)
        assert (alpha.getpixel((0, 1279)), alpha.getpixel((0, 0)), alpha.getpixel((959, 1279))) == (0, 255, 255)


@pytest.mark.parametrize(
    ("answer", "outcome", "charged", "retryable"),
    [
        (says({}, 429, retry_after="3"), Outcome.BUSY, Charged.NO, True),
        (says({}, 400), Outcome.REFUSED, Charged.NO, False),
        (says({}, 500), Outcome.UNKNOWN, Charged.MAYBE, True),
        (says({}, 503), Outcome.FAILED, Charged.NO, True),
        (Answer(200, b'{"da', HALF), Outcome.UNKNOWN, Charged.MAYBE, True),
        (Answer(200, b"no json"), Outcome.UNUSABLE, Charged.YES, True),
        (says({"data": []}), Outcome.UNUSABLE, Charged.YES, True),
        (says({"data": [{"b64_json": "!"}]}), Outcome.UNUSABLE, Charged.YES, True),
        (answered(b"no picture"), Outcome.UNUSABLE, Charged.YES, True),
    ],
)
async def test_each_failure_of_openai_is_one_post_and_known_for_what_it_is(
    at_openai: Bench, answer: Answer, outcome: Outcome, charged: Charged, *, retryable: bool
) -> None:
    at_openai.double.posts = [answer]
    failure = await failure_of(openai_images.make(at_openai.easel))
    assert (failure.outcome, failure.charged, failure.retryable) == (outcome, charged, retryable)
    assert len(at_openai.double.sent) == 1


@pytest.mark.parametrize("vendor", ["replicate", "fal"])
def test_every_model_that_can_be_chosen_has_a_price(vendor: str) -> None:
    for model in {"replicate": replicate, "fal": fal}[vendor].MODELS:
        assert price_of(vendor, model).picture


@pytest.mark.parametrize(("model", "key", "told"), [("other/model", "a-key", "price"), ("", "", "IMAGE_API_KEY")])
async def test_a_model_or_key_that_cannot_be_used_is_told_at_once(
    bench: Bench, model: str, key: str, told: str
) -> None:
    choice = Choice("IMAGE_PROVIDER", bench.double.vendor, api_key=key, model=model)
    make = {"replicate": replicate.make, "fal": fal.make}[bench.double.vendor]
    with pytest.raises(SetupError, match=told):
        make(bench.easel._replace(choice=choice))


@pytest.mark.parametrize("failures", [1, 4])
async def test_a_picture_that_this_machine_cannot_read_now_is_read_again_and_never_taken_for_a_bad_one(
    failures: int,
) -> None:
    left = [BlockingIOError("no process can be started")] * failures

    async def read(data: bytes, *_: int) -> bytes:
        if left:
            raise left.pop()
        return data

    paid = encoded(scene())
    drawing = finished(paid, request_for(), VENDORS["replicate"], read)
    if failures == 1:
        assert (await drawing).data == paid
        return
    with pytest.raises(CallFailed) as failed:
        await drawing
    assert (failed.value.outcome, failed.value.charged) == (Outcome.UNKNOWN, Charged.YES)
