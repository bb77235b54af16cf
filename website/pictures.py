"""Diagrams of the documentation as SVG files that need no script and fit a light and a dark page."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 170, 58
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
# Fill and border: text is dark on both, so that a picture needs no variant for dark pages.
PLAIN, ADDED = ("#e8edf2", "#7d8b99"), ("#b9e4d8", "#00796b")


class Box(NamedTuple):
    """A process or service, in a column and row, with a second line of text."""

    column: int
    row: float
    name: str
    detail: str


BOXES = {
    "client": Box(0, 1, "Client", "HTTP, JSON"),
    "proxy": Box(1, 1, "Reverse proxy", "TLS, body limit"),
    "web": Box(2, 1, "Web process", "Django REST Framework"),
    "database": Box(3, 0, "Database", "PostgreSQL or SQLite"),
    "redis": Box(3, 1, "Redis", "cache, rate limits"),
    "uploads": Box(3, 2, "Uploads", "file system"),
}
ARROWS = {("client", "proxy"), ("proxy", "web"), ("web", "database"), ("web", "redis"), ("web", "uploads")}

# What each option or feature adds to the diagram, or changes in it: boxes, arrows and a caption.
CHANGES: dict[str, tuple[dict[str, Box], set[tuple[str, str]], str]] = {
    "use_celery": (
        {"worker": Box(2, 2, "Worker, beat", "Celery"), "redis": Box(3, 1, "Redis", "cache, queues")},
        {("redis", "worker")},
        "Mail and scheduled tasks run in processes of their own",
    ),
    "use_channels": (
        {
            "client": Box(0, 1, "Client", "HTTP, WebSocket"),
            "web": Box(2, 1, "Web process", "uvicorn, Channels"),
            "redis": Box(3, 1, "Redis", "cache, channel layer"),
        },
        set(),
        "One process serves HTTP and WebSockets; Redis distributes events",
    ),
    "media_storage": (
        {"uploads": Box(3, 2, "Bucket", "S3, GCS or Azure")},
        set(),
        "Avatars and uploaded files are stored in a bucket",
    ),
    "use_opentelemetry": (
        {"collector": Box(2, 0, "Collector", "OTLP: traces, metrics")},
        {("web", "collector")},
        "Processes export traces and metrics to a collector",
    ),
    "admin_theme": (
        {
            "client": Box(0, 1, "Browser", "admin pages"),
            "web": Box(2, 1, "Web process", "theme, own CSP"),
        },
        set(),
        "The theme and its Content-Security-Policy apply to the admin only",
    ),
    "deployment": (
        {
            "proxy": Box(1, 1, "Proxy or ingress", "Compose, Kubernetes"),
            "web": Box(2, 1, "Web containers", "one image"),
            "migrate": Box(2, 0, "Migration job", "before each release"),
            "worker": Box(2, 2, "Worker containers", "the same image"),
        },
        {("migrate", "database"), ("redis", "worker")},
        "One image for all processes, run by Compose or Kubernetes",
    ),
    "reverse_proxy": (
        {"proxy": Box(1, 1, "Caddy or nginx", "TLS, body limit")},
        set(),
        "Caddy obtains TLS certificates; nginx uses those that you provide",
    ),
    "ci_provider": (
        {
            "ci": Box(1, 0, "CI pipeline", "GitHub or GitLab"),
            "image": Box(2, 0, "Image registry", "scanned, with SBOM"),
        },
        {("ci", "image"), ("image", "web")},
        "The pipeline calls the targets of the Makefile and publishes the image",
    ),
    "django_version": (
        {
            "web": Box(2, 1, "Web process", "Django 5.2 or 6.1"),
            "worker": Box(2, 2, "Worker, beat", "Django 5.2 or 6.1"),
        },
        {("redis", "worker")},
        "The Django version of all processes",
    ),
    "python_version": (
        {
            "web": Box(2, 1, "Web process", "Python 3.12 to 3.14"),
            "worker": Box(2, 2, "Worker, beat", "Python 3.12 to 3.14"),
        },
        {("redis", "worker")},
        "The Python version of images and CI",
    ),
    "blog": (
        {
            "web": Box(2, 1, "Web process", "blog API, RSS"),
            "worker": Box(2, 2, "Worker, beat", "publish_posts"),
            "database": Box(3, 0, "Database", "posts, comments"),
            "redis": Box(3, 1, "Redis", "cached fragments"),
        },
        {("redis", "worker"), ("worker", "database")},
        "Public pages come from the cache; a schedule publishes posts",
    ),
    "durable_tasks": (
        {"worker": Box(2, 2, "Worker, beat", "lease, dead letters"), "redis": Box(3, 1, "Redis", "atomic dequeue")},
        {("redis", "worker"), ("worker", "database")},
        "A task leaves the queue atomically; failed ones are kept for replay",
    ),
    "files": (
        {
            "web": Box(2, 1, "Web process", "content validation"),
            "uploads": Box(3, 2, "Private uploads", "signed links"),
        },
        set(),
        "Uploads are validated, belong to a user and are downloaded by signed links",
    ),
    "mqtt": (
        {
            "broker": Box(1, 2, "MQTT broker", "EMQX, Mosquitto"),
            "bridge": Box(2, 2, "Bridge", "QoS 1, shared"),
            "database": Box(3, 0, "Database", "devices, messages"),
            "redis": Box(3, 1, "Redis", "channel layer"),
        },
        {("broker", "bridge"), ("bridge", "database"), ("bridge", "redis")},
        "A bridge stores each message of a device once, and publishes commands",
    ),
    "notifications": (
        {
            "web": Box(2, 1, "Web process", "notification API"),
            "mail": Box(2, 0, "Mail", "per preference"),
            "database": Box(3, 0, "Database", "notifications"),
        },
        {("web", "mail")},
        "A notification is stored, and sent by mail and WebSocket if enabled",
    ),
    "reports": (
        {
            "web": Box(2, 1, "Web process", "dashboards, exports"),
            "mail": Box(2, 0, "Mail", "daily report"),
            "database": Box(3, 0, "Database", "events"),
            "redis": Box(3, 1, "Redis", "cached numbers"),
        },
        {("web", "mail")},
        "Events are counted by day, week and month, for staff and in a daily mail",
    ),
    "search": (
        {
            "web": Box(2, 1, "Web process", "search API"),
            "worker": Box(2, 2, "Worker, beat", "updates of the index"),
            "database": Box(3, 0, "Database", "text index, terms"),
        },
        {("redis", "worker"), ("worker", "database")},
        "A change updates the index after its commit; searches read it",
    ),
    "shop": (
        {
            "web": Box(2, 1, "Web process", "shop API, webhook"),
            "worker": Box(2, 2, "Worker, beat", "reconcile_orders"),
            "database": Box(3, 0, "Database", "orders, locked stock"),
            "provider": Box(2, 0, "Stripe", "payments, refunds"),
        },
        {("redis", "worker"), ("worker", "database"), ("web", "provider")},
        "One transaction makes an order; payments are completed by webhook or by schedule",
    ),
}


def architecture(name: str) -> str:
    """Return the processes and services of a project, with the additions of an option or feature marked."""
    boxes, arrows, caption = CHANGES[name]
    shown = BOXES | boxes
    drawn = [arrow(shown[a], shown[b], (a, b) in arrows) for a, b in sorted(ARROWS | arrows)]
    drawn += [box(each, key in boxes) for key, each in shown.items()]
    return picture(4 * WIDTH + 3 * 50 + 20, 3 * HEIGHT + 2 * 34 + 52, caption, drawn)


def update() -> str:
    """Return the steps of `make update`."""
    steps = {
        "record": Box(0, 0.5, ".cornerstone.json", "commit and answers"),
        "old": Box(1, 0, "Old state", "template, rendered"),
        "new": Box(1, 1, "New state", "new commit, answers"),
        "difference": Box(2, 0.5, "Difference", "one commit"),
        "project": Box(3, 0.5, "Your project", "git cherry-pick"),
    }
    lines = (
        ("record", "old"),
        ("record", "new"),
        ("old", "difference"),
        ("new", "difference"),
        ("difference", "project"),
    )
    drawn = [arrow(steps[a], steps[b], marked=False) for a, b in lines]
    drawn += [box(each, marked=key == "difference") for key, each in steps.items()]
    caption = "The difference between two states of the template is merged into the project"
    return picture(4 * WIDTH + 3 * 50 + 20, 2 * HEIGHT + 34 + 52, caption, drawn)


def corner(each: Box) -> tuple[float, float]:
    """Return the position of a box."""
    return 10 + each.column * (WIDTH + 50), 10 + each.row * (HEIGHT + 34)


def box(each: Box, marked: bool) -> str:  # noqa: FBT001 - read as a keyword by both callers
    """Return a box with its two lines."""
    x, y = corner(each)
    fill, border = ADDED if marked else PLAIN
    middle = x + WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="{border}" '
        f'stroke-width="{2 if marked else 1}"/>'
        f'<text x="{middle:g}" y="{y + 25:g}" font-weight="600">{escape(each.name)}</text>'
        f'<text x="{middle:g}" y="{y + 44:g}" font-size="12">{escape(each.detail)}</text>'
    )


def arrow(start: Box, end: Box, marked: bool) -> str:  # noqa: FBT001 - read as a keyword by both callers
    """Return an arrow between the facing sides of two boxes."""
    (x1, y1), (x2, y2) = corner(start), corner(end)
    if start.column == end.column:
        down = y2 > y1
        x1, x2 = x1 + WIDTH / 2, x2 + WIDTH / 2
        y1, y2 = (y1 + HEIGHT, y2 - 3) if down else (y1, y2 + HEIGHT + 3)
    else:
        right = x2 > x1
        x1, x2 = (x1 + WIDTH, x2 - 3) if right else (x1, x2 + WIDTH + 3)
        y1, y2 = y1 + HEIGHT / 2, y2 + HEIGHT / 2
    color, width, head = ("#00897b", 2.5, "added") if marked else ("#8a97a5", 1.5, "plain")
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{color}" stroke-width="{width}" '
        f'marker-end="url(#{head})"/>'
    )


def picture(width: int, height: int, caption: str, drawn: list[str]) -> str:
    """Return an SVG document."""
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z" fill="{color}"/></marker>'
        for name, color in (("plain", "#8a97a5"), ("added", "#00897b"))
    )
    text = f'<text x="{width / 2:g}" y="{height - 14:g}" fill="#8a97a5">{escape(caption)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="{FONT}" '
        f'font-size="14" text-anchor="middle" fill="#1c2730">\n<title>{escape(caption)}</title>\n'
        f"<defs>{heads}</defs>\n" + "\n".join(drawn) + f"\n{text}\n</svg>\n"
    )
