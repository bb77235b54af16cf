import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.mqtt.services.commands import command_published, commands_claim
from apps.mqtt.services.messages import message_receive
from apps.mqtt.topics import topic_filters
from infrastructure.mqtt.bridge import Bridge


class Command(BaseCommand):
    help = "Run the bridge between the MQTT broker and this project, until SIGTERM."

    def handle(self, **_options: Any) -> None:
        if not settings.MQTT_URL:
            raise CommandError("MQTT_URL is not set, see docs/mqtt.md.")
        # Events are sent before the next message is read: a queue would grow while Redis is unavailable.
        settings.BACKGROUND_THREADS = False
        bridge = Bridge(
            filters=topic_filters(),
            receive=message_receive,
            claim=commands_claim,
            published=command_published,
        )
        asyncio.run(bridge.run())
