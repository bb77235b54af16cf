"""MQTT bridge and devices, see docs/mqtt.md."""

from config.env import PORT, Form, env

_MQTT_URL = Form(
    rf"mqtts?://(?:[^\s/?#\[\]@]*@)?(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::{PORT})?/?",
    "a URL such as mqtts://user:password@broker.example.com:8883, with special characters percent-encoded",
)
_CLIENT_ID = Form(r"[A-Za-z0-9._-]{1,23}", "up to 23 letters, digits, dots, hyphens and underscores")
_SHARE_GROUP = Form(r"[A-Za-z0-9._-]{1,64}", "up to 64 letters, digits, dots, hyphens and underscores")

# Only the bridge connects to the broker; other processes leave commands in the database.
MQTT_URL: str = env.text("MQTT_URL", form=_MQTT_URL, secret=True)
# Certificates of the authority that signed the broker's; the default is those of the system.
MQTT_CA_FILE: str = env.text("MQTT_CA_FILE")
MQTT_PROTOCOL: str = env.choice("MQTT_PROTOCOL", "5", "3.1.1", default="5")
# Names the session that the broker keeps: stable, and different for each bridge.
MQTT_CLIENT_ID: str = env.text("MQTT_CLIENT_ID", "bridge", form=_CLIENT_ID)
# Bridges of one group share the messages of the devices.
MQTT_SHARE_GROUP: str = env.text("MQTT_SHARE_GROUP", form=_SHARE_GROUP)
# Credential of the broker for the endpoints that authenticate devices; without it, they are disabled.
MQTT_BROKER_TOKEN: str = env.text(
    "MQTT_BROKER_TOKEN", form=Form(r"[!-~]{32,}", "32 or more ASCII characters without spaces"), secret=True
)
# State of the bridge for health checks, see infrastructure/mqtt/healthcheck.py.
MQTT_HEARTBEAT_FILE: str = env.path("MQTT_HEARTBEAT_FILE", ".mqtt-bridge")

# Messages that the broker sends before the first one is acknowledged.
MQTT_IN_FLIGHT = 100
MQTT_PAYLOAD_MAX_BYTES = 16_384
# How long the broker keeps messages for a bridge that is not connected.
MQTT_SESSION_SECONDS = 7 * 86_400

MQTT_DEVICES_PER_USER = 50
# Beyond these limits, messages are discarded and commands rejected.
MQTT_MESSAGES_PER_MINUTE: int = env.integer("MQTT_MESSAGES_PER_MINUTE", default=300, minimum=1)
MQTT_COMMANDS_PENDING = 100
MQTT_MESSAGES_KEPT_DAYS: int = env.integer("MQTT_MESSAGES_KEPT_DAYS", default=30, minimum=1)

# Topics are `<prefix>/<device>/<kind>/…`.
MQTT_TOPIC_PREFIX = "devices"
# Handlers of each kind of message. They run in the transaction that stores the message.
MQTT_HANDLERS = {
    "telemetry": ["apps.mqtt.handlers.message_push"],
    "events": ["apps.mqtt.handlers.message_push", "apps.mqtt.handlers.message_announce"],
    "replies": ["apps.mqtt.handlers.command_acknowledge", "apps.mqtt.handlers.message_push"],
}
# % if cookiecutter.use_celery
# In a worker, as receivers may be slow.
MQTT_HANDLERS["events"] = ["apps.mqtt.handlers.message_push", "apps.mqtt.tasks.message_queue"]
# % endif
