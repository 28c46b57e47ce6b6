"""Pictures by OpenAI's image models: drawn from words, from words and a picture of the hero, or anew in a region.

They answer with the picture itself, and take no seed.
"""

import base64
import binascii
from io import BytesIO
from typing import Any, Self

from openai import APIConnectionError, APIStatusError, AsyncOpenAI
from PIL import Image
from pydantic import BaseModel, ValidationError, model_validator

from storybook.domain.calls import Bill, Kind
from storybook.domain.pictures import Picture
from storybook.providers.base import PictureRequest, Region, RegionRequest
from storybook.providers.http import MAX_MEDIA_BYTES, refusal
from storybook.providers.language import Terms, terms
from storybook.providers.line import Call
from storybook.providers.packages import client_for_packages, unwrapped
from storybook.providers.painting import KEEP, Easel, finished, spoiled, words_of
from storybook.providers.usage import Believed, Part, Tokens

DEFAULT_MODEL = "gpt-image-2.5-flare"
PORTRAIT = "1024x1536"
"""The portrait of models whose sizes are fixed."""


class _Details(BaseModel):
    image_tokens: Part = 0


class _Usage(BaseModel):
    input_tokens: Tokens
    output_tokens: Tokens
    input_tokens_details: _Details | None = None

    @model_validator(mode="after")
    def _no_part_is_more_than_the_whole(self) -> Self:
        if self.seen > self.input_tokens:
            raise ValueError("more pictures were seen than anything")
        return self

    @property
    def seen(self) -> int:
        return self.input_tokens_details.image_tokens if self.input_tokens_details else 0


class _Image(BaseModel):
    b64_json: str


class _Images(BaseModel):
    data: tuple[_Image, ...]
    usage: Believed[_Usage] = None


class OpenAIPainter:
    takes_reference = True

    def __init__(self, easel: Easel, on: Terms) -> None:
        self._vendor = easel.line.vendor
        self.name = self._vendor.name
        self._easel = easel
        self._terms = on
        self._package = AsyncOpenAI(
            api_key=on.api_key,
            base_url=self._vendor.base_url,
            max_retries=0,
            http_client=client_for_packages(easel.client, easel.line, most=MAX_MEDIA_BYTES),
        )

    async def draw(self, request: PictureRequest) -> Picture:
        if request.reference is None:
            return await self._drawn(request, self._words(request))
        hero = ("hero.jpg", request.reference.data, request.reference.media_type)
        return await self._drawn(request, KEEP + self._words(request), image=hero)

    async def draw_region(self, request: RegionRequest) -> Picture:
        picture = request.picture
        mask = await self._easel.cpu.run_quick(mask_of, request.region, picture.width, picture.height)
        return await self._drawn(
            request.wanted,
            self._words(request.wanted),
            image=("picture.jpg", picture.data, picture.media_type),
            mask=("mask.png", mask, "image/png"),
        )

    def _words(self, request: PictureRequest) -> str:
        """The models know no negative prompt: what is not to be seen is said as well."""
        positive, negative = words_of(request, hides_names=self._easel.hides_names)
        return f"{positive}\nNot in the picture: {negative}"

    async def _drawn(self, request: PictureRequest, words: str, **files: Any) -> Picture:
        model, price = self._terms.model, self._terms.price
        size = f"{request.width}x{request.height}" if model.startswith("gpt-image-2") else PORTRAIT
        body = {"model": model, "prompt": words, "size": size, "quality": "medium", "output_format": "jpeg", "n": 1}
        async with self._easel.line.call(model, price.pictures().micro_dollars) as call:
            answer = await self._post(**body, **files)
            return await finished(self._read(answer, call), request, self._vendor)

    async def _post(self, **body: Any) -> bytes:
        images = self._package.images.with_raw_response
        try:
            with unwrapped(APIConnectionError):
                response = await (images.edit(**body) if "image" in body else images.generate(**body))
        except APIStatusError as error:
            raise refusal(error.status_code, error.response.headers, self._vendor, Kind.IMAGE) from None
        content: bytes = response.content
        return content

    def _read(self, body: bytes, call: Call) -> bytes:
        price = self._terms.price
        call.costs(price.pictures())
        try:
            images = _Images.model_validate_json(body)
            if images.usage:
                call.costs(_bill_of(images.usage, self._terms))
            return base64.b64decode(images.data[0].b64_json, validate=True)
        except (ValidationError, IndexError, binascii.Error):
            raise spoiled("the answer holds no picture", self._vendor) from None


def _bill_of(usage: _Usage, on: Terms) -> Bill:
    return on.price.drawn(usage.input_tokens - usage.seen, usage.seen, usage.output_tokens)


def mask_of(region: Region, width: int, height: int) -> bytes:
    """A PNG of that size which is transparent where the region is."""
    mask = Image.new("RGBA", (width, height), "black")
    left, right = round(region.left * width), round(region.right * width)
    top, bottom = round(region.top * height), round(region.bottom * height)
    mask.paste((0, 0, 0, 0), (left, top, right, bottom))
    written = BytesIO()
    mask.save(written, "PNG")
    return written.getvalue()


def make(easel: Easel) -> OpenAIPainter:
    """Raises SetupError for a missing key or a model without a price."""
    return OpenAIPainter(easel, terms(easel.choice, DEFAULT_MODEL, Kind.IMAGE))
