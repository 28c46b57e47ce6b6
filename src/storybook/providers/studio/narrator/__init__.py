"""The studio's narrator: reads a text aloud with a synthetic voice, in Korean, English and Japanese, offline."""

from storybook.providers.studio.narrator.narration import speak

__all__ = ["speak"]
