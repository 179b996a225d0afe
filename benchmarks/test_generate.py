"""How long it takes to make a company, and how much memory.

    python -m pytest benchmarks/test_generate.py --benchmark-enable -s

Stated limits: 600 customers with 24 months within 10 seconds, 20,000 within 3 minutes and 2 GB.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

PLAY = """
import resource, sys
from crmlab.cli import app
app(["generate", "--customers", sys.argv[1], "--out", sys.argv[2]], standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the memory this way")
@pytest.mark.parametrize(
    ("customers", "seconds", "megabytes"), [(600, 10, 500), (20_000, 180, 2000)]
)
def test_a_company(tmp_path: Path, customers: int, seconds: int, megabytes: int) -> None:
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PLAY, str(customers), str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    took, used = time.perf_counter() - begun, float(done.stdout.split()[-1]) / 1000
    print(f"\n{customers:,} customers: {took:.1f} s, {used:.0f} MB")
    assert took <= seconds
    assert used <= megabytes
