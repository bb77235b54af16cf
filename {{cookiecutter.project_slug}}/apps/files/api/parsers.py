"""Request parser of chunks."""

from typing import IO, Any

from rest_framework.parsers import BaseParser

CHUNK_TYPE = "application/octet-stream"


class ChunkParser(BaseParser):
    """Parser that returns the bytes of the body, whose length the body limit bounds."""

    media_type = CHUNK_TYPE

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()
