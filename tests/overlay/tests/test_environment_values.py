"""Valid and invalid values of every environment variable."""

import runpy

import pytest

from config.env import BASE_DIR, Variable, env

COMPONENTS = [
    *sorted((BASE_DIR / "config/settings/components").glob("[!_]*.py")),
    BASE_DIR / "config/settings/base.py",
    BASE_DIR / "gunicorn.conf.py",
]

# Valid values, and invalid values that prevent the start.
VALUES: dict[str, tuple[list[str], list[str]]] = {
    "ADMIN_URL": (
        ["manage", "/manage/", "a/b.c/", "apis/"],
        ["/", "api", "api/x", "flower/", "health/x/", "static", "a b", "<int:x>/", "a/../b", "a//b", "a?b"],
    ),
    "ALLOWED_HOSTS": (
        ["example.com", ".example.com, 10.0.0.1", "[::1]", "*", "API.example.com"],
        [
            "https://example.com",
            "example.com:443",
            "example.com/",
            "*.example.com",
            "::1",
            "bücher.de",
            "a_b",
            ",",
        ],
    ),
    "AWS_S3_ENDPOINT_URL": (
        ["http://minio:9000", "https://[::1]:9000/s3"],
        ["minio:9000", "http://minio:90000"],
    ),
    "AWS_STORAGE_BUCKET_NAME": (["my.uploads"], ["s3://uploads", "uploads/folder"]),
    "AZURE_ACCOUNT_KEY": (["a2V5", "a2V5Kg=="], ["a2V5K", "key!"]),
    "CELERY_BROKER_URL": (
        [
            "memory://",
            "rediss://user:p%23@redis:6380/1?ssl_cert_reqs=required",
            "redis+socket:///run/redis.sock",
        ],
        ["amqp://host", "redis", "redis://", "unix:///run/redis.sock", "redis://redis/one"],
    ),
    "CORS_ALLOWED_ORIGINS": (
        ["https://a.com,http://localhost:3000", "capacitor://localhost", "http://[::1]:8080"],
        ["a.com", "https://a.com/", "https://A.com", "https://a.com:443", "https://user@a.com", "null", "*"],
    ),
    "DB_PGBOUNCER": (["true", "FALSE", "1", "off"], ["maybe", "2", "truee"]),
    "DEFAULT_FROM_EMAIL": (
        ["a@b", "Shop <no-reply@example.com>", '"Shop, Inc." <a@b.de>'],
        ["no-reply", "@example.com", "a@b@c", "Shop, Inc. <a@b.de>", "a@b, c@d", "a@b.", "Shop a@b", "<>"],
    ),
    "EMAIL_HOST": (["smtp.example.com", "10.0.0.1", "::1", "mail"], ["smtp://a", "a:25", "a b", "a/b"]),
    "EMAIL_PORT": (["25"], ["0", "65536", "25.0", "+25", "٢٥", "2_5", "1e3", "smtp", "9" * 5000]),
    "FILE_MAX_BYTES": (["10485760"], ["10MB", "0", "-1", "10 485 760"]),
    "FRONTEND_URL": (
        ["https://example.com/app/", "http://localhost:3000", "https://EXAMPLE.com"],
        [
            "example.com",
            "ftp://example.com",
            "https://example.com?x=1",
            "https://example.com/#/",
            "https://a b/",
        ],
    ),
    "LOG_LEVEL": (["debug", "WARNING"], ["verbose", "10"]),
    "REDIS_URL": (
        [
            "redis://redis",
            "rediss://:p%2F@redis:6379/0",
            "unix:///run/redis.sock?db=1",
            "redis://h/1?socket_timeout=1",
        ],
        [
            "redis:6379",
            "http://redis",
            "redis://:p#a@redis",
            "redis://:p/a@redis:1",
            "redis://h/a",
            "redis://h?typo=1",
        ],
    ),
    "SENTRY_DSN": (
        ["https://key@o1.ingest.sentry.io/2", "http://key:secret@sentry/path/2"],
        ["https://sentry.io/2", "https://key@sentry.io", "https://key@sentry.io/project", "key"],
    ),
    "SENTRY_SAMPLE_RATE": (["0", "1", "1.0", "0.25", ".5"], ["-0", "1.01", "nan", "inf", "10%", "1e-3"]),
    "SENTRY_ENVIRONMENT": (["eu-1"], ["a/b", "a b"]),
    "THROTTLE_ANON": (
        ["none", "60/minute, 1000/day", "5/min"],
        ["60", "/day", "many/day", "60/minute;1/day"],
    ),
    "WEB_BIND": (
        ["127.0.0.1:8000", ":8000", "[::]:8000", "unix:/run/web.sock", "localhost:0"],
        ["8000", "127.0.0.1", "127.0.0.1:80000", "http://127.0.0.1:8000"],
    ),
    "WEB_THREADS": (["1"], ["0", "four"]),
}


@pytest.fixture(scope="module")
def declared() -> dict[str, Variable]:
    """Return the declarations of all settings components, including those unused in tests."""
    for file in COMPONENTS:
        if file.stem != "base":
            runpy.run_path(str(file))
    assert env.faults == {}
    return env.declared


@pytest.mark.parametrize("name", VALUES)
def test_invalid_values_are_rejected(declared: dict[str, Variable], name: str) -> None:
    if name not in declared:
        pytest.skip(f"{name} belongs to an option that this project does not have")
    work, cannot_work = VALUES[name]
    for value in work:
        declared[name].parse(value)
    for value in cannot_work:
        with pytest.raises(ValueError, match="must be "):
            pytest.fail(f"{value[:80]} gave {declared[name].parse(value)!r}")


@pytest.mark.parametrize("value", ["s3cret\n", "s3cret://s3cret:s3cret#s3cret", "[s3cret", "℀s3cret@"])
def test_errors_do_not_quote_the_value(declared: dict[str, Variable], value: str) -> None:
    assert {name for name, variable in declared.items() if "s3cret" in fault(variable, value)} == set()


def fault(variable: Variable, value: str) -> str:
    try:
        variable.parse(value)
    except ValueError as error:
        return str(error)
    return ""
