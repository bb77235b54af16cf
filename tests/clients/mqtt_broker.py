"""Run amqtt as the broker of a test, with one user: mqtt_broker.py PORT USER PASSWORD FOLDER [tls]."""

import asyncio
import sys
from pathlib import Path

from amqtt.broker import Broker
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

port, user, password, folder, *tls = sys.argv[1:]
users = Path(folder) / "users.txt"
users.write_text(f"{user}:{PasswordHash((Argon2Hasher(),)).hash(password)}\n", encoding="utf-8")
listener = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
if tls:
    listener |= {"ssl": True, "certfile": f"{folder}/certificate.pem", "keyfile": f"{folder}/key.pem"}
plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(users)}}


async def serve() -> None:
    await Broker({"listeners": {"default": listener}, "plugins": plugins}).start()
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(serve())
