"""Compare every ordering, search and filter of the list of users with its default page, with a million users.

Usage: `.venv/bin/python benchmarks/growth.py [users]`, on PostgreSQL. The measurement is in `inside/growth.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from project import run_inside

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("hooks", "tests")]

from servers import PostgreSQL

if __name__ == "__main__":
    users = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    with PostgreSQL() as server:
        # The insert exceeds the statement timeout of requests.
        extra = {"DB_STATEMENT_TIMEOUT": "0", "GROWTH_USERS": users}
        sys.exit(run_inside("growth.py", DATABASE_URL=server.create_database("measured"), **extra))
