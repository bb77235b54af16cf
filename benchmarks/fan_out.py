"""Compare ways to call several services for one response: one after the other, with threads, and async.

Usage: `.venv/bin/python benchmarks/fan_out.py`.
"""

import sys

from project import run_inside

if __name__ == "__main__":
    sys.exit(run_inside("fan_out.py"))
