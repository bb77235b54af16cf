"""Device of a test: publish messages, or answer commands.

    mqtt_device.py publish PORT USER PASSWORD DEVICE FIRST LAST
    mqtt_device.py listen PORT USER PASSWORD DEVICE

It prints a line for each message that the broker acknowledges, or for each command.
"""

import json
import sys
import time

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

mode, port, user, password, device, *numbers = sys.argv[1:]
client = Client(CallbackAPIVersion.VERSION2, client_id=f"device-{mode}-{'-'.join(numbers)}", clean_session=False)
client.username_pw_set(user, password)
client.reconnect_delay_set(1, 1)


def answer(_client: Client, _userdata: object, message: MQTTMessage) -> None:
    command = json.loads(message.payload)
    reply = {"id": f"reply-{command['id']}", "command": command["id"]}
    client.publish(f"devices/{device}/replies", json.dumps(reply), qos=1)
    print(f"command {command['name']}", flush=True)


def subscribe(*_arguments: object) -> None:
    client.subscribe(f"devices/{device}/commands", qos=1)


if mode == "listen":
    client.on_message, client.on_connect = answer, subscribe
    client.on_subscribe = lambda *_arguments: print("listening", flush=True)
while True:
    try:
        client.connect("127.0.0.1", int(port), keepalive=5)
        break
    except OSError:
        time.sleep(0.2)
client.loop_start()
if mode == "listen":
    while True:
        time.sleep(1)
for number in range(int(numbers[0]), int(numbers[1])):
    body = json.dumps({"id": f"m-{number}", "value": number})
    sent = client.publish(f"devices/{device}/telemetry", body, qos=1)
    while not sent.is_published():
        time.sleep(0.002)
    print(f"acknowledged {number}", flush=True)
client.disconnect()
