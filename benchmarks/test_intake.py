"""A large file goes through in the memory of one piece, however long it is.

    python -m pytest benchmarks/test_intake.py --benchmark-enable -s

Stated limits: two million rows take at most ten times as long as a tenth as many, half as much
again for noise, and not 1.5 times as much memory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 200_000

PLAY = """
import resource, sys, time
from pathlib import Path
from crmlab.intake.bringing_in import bring_in
from crmlab.intake.contracts import kind_of
from crmlab.intake.maps import offer_map
from crmlab.intake.reading import open_source

file, folder = Path(sys.argv[1]), Path(sys.argv[1]).parent
source, kind = open_source(file), kind_of("transactions")
begun = time.perf_counter()
brought = bring_in(
    source, kind, offer_map(kind, source.headings), out=folder / "out.parquet",
    refusals=folder / "refused.csv", key=None, accept_good=True,
)
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, brought.rows)
"""


def bring(folder: Path, rows: int) -> tuple[float, float]:
    """The seconds and the megabytes that a file of so many rows takes."""
    file = folder / f"{rows}.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("customer_id,date,amount,cost\n")
        for i in range(rows):
            day = f"2026-{i % 12 + 1:02}-{i % 28 + 1:02}"
            out.write(f"C{i % 50_000},{day},{i % 1000}.{i % 100:02},{i % 700}\n")
    done = subprocess.run(
        [sys.executable, "-c", PLAY, str(file)], capture_output=True, encoding="utf-8", check=True
    )
    seconds, kilobytes, found = done.stdout.split()
    assert int(found) == rows
    return float(seconds), float(kilobytes) / 1000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the memory this way")
def test_two_million_rows(tmp_path: Path) -> None:
    (short, little), (long, much) = (bring(tmp_path, rows) for rows in (ROWS, 10 * ROWS))
    print(
        f"\n{ROWS:,} rows: {short:.1f} s, {little:.0f} MB; ten times: {long:.1f} s, {much:.0f} MB"
    )
    assert long < 15 * short
    assert much < 1.5 * little
