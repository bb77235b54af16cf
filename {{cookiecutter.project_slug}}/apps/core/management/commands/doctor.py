"""Report on the health of the project, see docs/doctor.md."""

# Not in images, where `tools/` is missing.
from tools.doctor.command import Command

__all__ = ["Command"]
