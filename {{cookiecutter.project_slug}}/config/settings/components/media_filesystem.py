"""Uploads on disk, in production too: nothing has to be named for it. docs/media-filesystem.md"""

MEDIA_REQUIRED: list[str] = []
