"""The studio's safety screen."""

from storybook.providers.studio.screen.rules import MAX_CHARS, judge, judge_request

__all__ = ["MAX_CHARS", "judge", "judge_request"]
