"""Illustrated children's books from one sentence."""

__version__ = "0.1.0"
