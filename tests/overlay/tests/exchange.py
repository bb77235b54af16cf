"""Requests and responses of `test_hostile_requests.py`."""

from dataclasses import dataclass, field


@dataclass
class Sent:
    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Received:
    status: int
    headers: dict[str, str]
    body: bytes
