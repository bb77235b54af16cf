"""Measure ranked searches in a million entries on PostgreSQL.

Usage: `.venv/bin/python benchmarks/search.py [rows]`. The measurement is in `inside/search.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from project import run_inside

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("hooks", "tests")]

from servers import PostgreSQL

if __name__ == "__main__":
    rows = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    server = PostgreSQL()
    # A quarter of the memory of a small server, as PostgreSQL recommends; the default is 128 MB.
    with (server.server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers = 3GB\n")
    with server:
        # The insert exceeds the statement timeout of requests.
        extra = {"DB_STATEMENT_TIMEOUT": "0", "SEARCH_ROWS": rows}
        url = server.create_database("measured")
        sys.exit(run_inside("search.py", "features=search", DATABASE_URL=url, **extra))
