"""Compare an authenticated `GET /api/v1/users/me/` with a bare DRF view that executes the same user query.

Usage: `.venv/bin/python benchmarks/me.py`. The measurement is in `inside/me.py`.
"""

from __future__ import annotations

import sys

from project import run_inside

if __name__ == "__main__":
    sys.exit(run_inside("me.py"))
