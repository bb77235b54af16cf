"""Replaces Django's command `startapp`, see docs/tutorial.md."""

# Not in images, where `tools/` is missing.
from tools.startapp.command import Command

__all__ = ["Command"]
