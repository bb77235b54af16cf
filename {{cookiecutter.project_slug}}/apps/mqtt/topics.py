"""Topics: `<prefix>/<device>/<kind>/<path>`. A device has no access to topics of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.conf import settings

if TYPE_CHECKING:
    from apps.mqtt.models import Device

# The only kind that devices receive; they may send all others.
COMMANDS = "commands"
MAX_LENGTH = 200


class Topic(NamedTuple):
    device: UUID
    kind: str
    path: str


def topic_parse(topic: str) -> Topic | None:
    """Return the parts of the topic of a device, or None for other topics."""
    prefix, _slash, rest = topic.partition("/")
    device, _slash, rest = rest.partition("/")
    kind, _slash, path = rest.partition("/")
    if prefix != settings.MQTT_TOPIC_PREFIX or not kind or len(topic) > MAX_LENGTH:
        return None
    try:
        key = UUID(device)
    except ValueError:
        return None
    # The only spelling: others would be topics that the access rules do not cover.
    return Topic(key, kind, path) if str(key) == device else None


def topic_filters() -> list[str]:
    """Return the filters that a bridge subscribes to, shared with the other bridges of its group."""
    shared = f"$share/{settings.MQTT_SHARE_GROUP}/" if settings.MQTT_SHARE_GROUP else ""
    # `#` includes the topic without a path.
    return [f"{shared}{settings.MQTT_TOPIC_PREFIX}/+/{kind}/#" for kind in settings.MQTT_HANDLERS]


def topic_of_commands(device: Device) -> str:
    return f"{settings.MQTT_TOPIC_PREFIX}/{device.pk}/{COMMANDS}"


def may_publish(device: Device, topic: str) -> bool:
    found = topic_parse(topic)
    wildcard = "+" in topic or "#" in topic
    return found is not None and not wildcard and found.device == device.pk and found.kind != COMMANDS


def may_subscribe(device: Device, topic: str) -> bool:
    """Return whether a device may subscribe to a filter: its commands, with or without wildcards."""
    own = topic_of_commands(device)
    return topic == own or topic.startswith(f"{own}/")
