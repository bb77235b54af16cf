"""Uploads on disk, in production too; no required variables. docs/media-filesystem.md"""

MEDIA_REQUIRED: list[str] = []
