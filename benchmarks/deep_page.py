"""Compare a page that lies 100,000 rows deep with the first page, with the default pagination.

Run by hand: `.venv/bin/python benchmarks/deep_page.py`. What is measured stands in `inside/deep_page.py`.
"""

from __future__ import annotations

import sys

from project import run_inside

if __name__ == "__main__":
    sys.exit(run_inside("deep_page.py"))
