"""The studio's writer: stories and the looks of their cast, made on this machine."""

from storybook.providers.studio.writer.author import write_story
from storybook.providers.studio.writer.cast_design import design_cast
from storybook.providers.studio.writer.rewriting import restage_page, rewrite_page

__all__ = ["design_cast", "restage_page", "rewrite_page", "write_story"]
