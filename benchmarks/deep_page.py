"""Compare the page after 100,000 rows with the first page (keyset pagination).

Usage: `.venv/bin/python benchmarks/deep_page.py`. The measurement is in `inside/deep_page.py`.
"""

from __future__ import annotations

import sys

from project import run_inside

if __name__ == "__main__":
    sys.exit(run_inside("deep_page.py"))
