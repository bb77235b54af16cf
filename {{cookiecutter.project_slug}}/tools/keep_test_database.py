"""Recreation of the test database with the migrations of this code: `python -m tools.keep_test_database`.

The tests of another commit then run on this schema with pytest's `--reuse-db`.
"""

import os
import sys

import django
from django.db import connection


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.testing")
    django.setup()
    if connection.vendor != "postgresql":
        sys.stderr.write("Set DATABASE_URL to a PostgreSQL database: on SQLite nothing is kept.\n")
        return 1
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
