"""The seams between the pipeline and whoever writes, paints and judges.

Providers return values of the domain and raise `ProviderError`, or `LeaseLost` where the job is somebody else's
by now; nothing else.
"""

from typing import Annotated, Protocol

from pydantic import Field

from storybook.domain.alt_text import AltText
from storybook.domain.book_spec import BookSpec, Gender, Language, Style, TargetAge
from storybook.domain.calling import is_called, people_in
from storybook.domain.characters import CastSheet, CharacterSheet
from storybook.domain.moderation import Verdict
from storybook.domain.pictures import Picture, PicturePrompt, Seed
from storybook.domain.series import Earlier, names_in
from storybook.domain.speech import Speech
from storybook.domain.story import CastMember, PageNumber, Scene, StoryDraft, StoryPage
from storybook.domain.values import Strict


class StoryRequest(Strict):
    """A story to write. `known` are characters that the reader chose: the first of them is the hero, unless the spec
    describes one. `earlier` are the books of its series so far, whose companions may come back as they were.
    `spoken_of` are other names of the reader's that the request holds.
    """

    spec: BookSpec
    known: tuple[CharacterSheet, ...] = ()
    earlier: Earlier = ()
    spoken_of: tuple[str, ...] = ()
    seed: Seed

    @property
    def names(self) -> tuple[str, ...]:
        """Those of everyone in the request, the hero's first."""
        return (*names_in(self.spec, self.known, self.earlier), *self.spoken_of)


class SheetRequest(Strict):
    """The cast of a story whose looks have to be settled, each as one sheet under the same name.

    `forbidden` are the words that the parent does not want in the book. `names` are those of everyone else in the
    request.
    """

    cast: Annotated[tuple[CastMember, ...], Field(min_length=1, max_length=6)]
    style: Style
    seed: Seed
    forbidden: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class PictureRequest(Strict):
    """One picture to draw. `sheets` holds the looks of at least those who act in the prompt's scene.

    `reference` is an earlier picture of the hero, for painters that can keep to one. `names` are those of everyone in
    the story, the hero's first: painters that may not know them find them in the prompt by these.
    """

    prompt: PicturePrompt
    style: Style
    sheets: tuple[CharacterSheet, ...]
    width: Annotated[int, Field(ge=64, le=4096)]
    height: Annotated[int, Field(ge=64, le=4096)]
    reference: Picture | None = None
    names: tuple[str, ...] = ()


class Region(Strict):
    """A rectangle of a picture, in fractions of its width and height from its upper left corner."""

    left: Annotated[float, Field(ge=0, lt=1)]
    top: Annotated[float, Field(ge=0, lt=1)]
    right: Annotated[float, Field(gt=0, le=1)]
    bottom: Annotated[float, Field(gt=0, le=1)]


class RegionRequest(Strict):
    """A region of a picture to draw anew, so that the whole shows what `wanted` says."""

    picture: Picture
    region: Region
    wanted: PictureRequest


class Check(Strict):
    """What all who judge are told; `forbidden` are the words that the parent does not want in the book.

    `names` are those of everyone in it whom the user has named: judges that may not know them read stand-ins.
    """

    language: Language
    target_age: TargetAge
    forbidden: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def hidden(self) -> tuple[str, ...]:
        """What such judges do not read: people, without what stands around them in the place of a name. What nobody is
        called so has to be judged like any other words.
        """
        called = filter(is_called, self.names)
        return tuple(dict.fromkeys(person for name in called for person in people_in(name)))


class TextCheck(Check):
    """Texts to judge together."""

    texts: tuple[str, ...]


class PictureCheck(Check):
    """A picture to judge, with the words that it was made from."""

    picture: Picture
    prompt: PicturePrompt


class RewriteRequest(Strict):
    """A page of a finished story to make anew.

    `story` is the request that the story was written for, `draft` the story with the words that it has now, and
    `feedback` what the reader wishes for the page, as they typed it.
    """

    story: StoryRequest
    draft: StoryDraft
    page_number: PageNumber
    feedback: str | None
    seed: Seed


class Revision(Strict):
    """A page made anew. `understood` is false where there was a wish and nothing of it could be taken up."""

    page: StoryPage
    understood: bool = True


class SightRequest(Strict):
    """A photo to make a character from: a small JPEG without metadata. `name` is what the reader typed, `taken` are
    the names that their characters have already.
    """

    photo: bytes
    name: str | None
    taken: tuple[str, ...] = ()
    gender: Gender | None
    style: Style
    language: Language
    seed: Seed


class DescriptionRequest(Strict):
    """A picture of a book to put into words, in the book's language, for who cannot see it.

    `scene` is what its painter was told to paint and `cast` are those who may act in it: for whoever cannot look. Who
    looks is shown the picture and nothing else.
    """

    picture: Picture
    scene: Scene | None
    cast: tuple[CastMember, ...] = ()
    language: Language
    target_age: TargetAge


class SpeechRequest(Strict):
    """A text to read aloud to a child of that age."""

    text: Annotated[str, Field(min_length=1, max_length=600)]
    language: Language
    target_age: TargetAge


class TextProvider(Protocol):
    name: str

    async def write_story(self, request: StoryRequest) -> StoryDraft:
        """The story in the language, for the age and of the length that the spec asks for."""
        ...

    async def rewrite_page(self, request: RewriteRequest) -> Revision:
        """The page in other words, with the same number, in the language and for the age of the draft."""
        ...

    async def restage_page(self, request: RewriteRequest) -> Revision:
        """The page with the same words and its scene as the reader wishes it; who acts in it is of the draft's cast."""
        ...

    async def design_cast(self, request: SheetRequest) -> CastSheet:
        """One sheet for each of the cast, in the same order."""
        ...


class ImageProvider(Protocol):
    """`takes_reference` says whether it keeps to a picture of the hero, which is then drawn first."""

    name: str
    takes_reference: bool

    async def draw(self, request: PictureRequest) -> Picture:
        """The picture in the size that was asked for."""
        ...


class RegionPainter(Protocol):
    """A painter that can draw a part of a picture anew; few can."""

    async def draw_region(self, request: RegionRequest) -> Picture:
        """The picture, with the region drawn anew and the rest about as it was."""
        ...


class SightProvider(Protocol):
    name: str

    async def describe(self, request: SightRequest) -> CharacterSheet:
        """A character for a picture book that the photo suggests."""
        ...

    async def describe_picture(self, request: DescriptionRequest) -> AltText:
        """What the picture shows, in the language and for the age that were asked for."""
        ...


class SpeechProvider(Protocol):
    name: str

    async def speak(self, request: SpeechRequest) -> Speech:
        """The text, spoken."""
        ...


class Judge(Protocol):
    name: str

    async def judge_request(self, check: TextCheck) -> Verdict:
        """Is what the parent typed fit to become a child's book?"""
        ...

    async def judge_story(self, check: TextCheck) -> Verdict:
        """Are these texts fit to be read to a child of that age?"""
        ...

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        """Is this picture fit for a child? One that cannot be judged is flagged `unseen`."""
        ...


class ModerationProvider(Judge, Protocol):
    async def screen_request(self, check: TextCheck) -> Verdict:
        """What our own rules on this machine say of a request, at once and for free: no vendor has read it."""
        ...
