"""Animals among a scene's things: they have no sheet of their own and are drawn like everyone else."""

from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import Actor, Pose
from storybook.providers.studio.painter.characters import kind_named
from storybook.providers.studio.painter.props import prop_of

MAX_ACTORS = 4
_LONGEST_NAME = 40


def with_guests(prompt: PicturePrompt) -> tuple[PicturePrompt, tuple[CharacterSheet, ...]]:
    """The prompt with each living being among the props as an actor, as long as there is room, and their sheets."""
    scene = prompt.scene
    guests = [word for word in scene.props if prop_of(word) is None and kind_named(word)]
    guests = [word[:_LONGEST_NAME] for word in guests][: MAX_ACTORS - len(scene.actors)]
    actors = (*scene.actors, *(Actor(name=guest, pose=Pose.WAVING) for guest in guests))
    joined = prompt.model_copy(update={"scene": scene.model_copy(update={"actors": actors})})
    return joined, tuple(map(_sheet, guests))


def _sheet(guest: str) -> CharacterSheet:
    return CharacterSheet(
        name=guest,
        master_description=f"a small {guest}",
        appearance=Appearance(age_visual="young", face="friendly", hair=guest, skin=guest, body=f"small {guest}"),
        clothing=Clothing(top="none", bottom="none", shoes="none", accessories="none"),
        personality_traits=("friendly",),
        visual_style_notes="no clothes",
    )
