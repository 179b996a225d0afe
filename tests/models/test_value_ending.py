"""A last day that lies far from the purchases: a mistyped date, or --as-of beyond the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from crmlab.cli.analysing.rows import Rows
from crmlab.cli.app import app
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.buyers import simulated
from crmlab.models.value.ending import FAR, FarEnd, far_end
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.purchases import purchases
from tests.models.cdnow import cdnow
from tests.models.test_analyse import analyse

BEGINS = pd.Timestamp("2025-01-01")


def ending(*days: int, as_of: int | None = None) -> FarEnd | None:
    dates = [BEGINS + pd.Timedelta(days=day) for day in days]
    rows = pd.DataFrame({"customer_id": "A", "date": dates, "amount": 10.0})
    end = None if as_of is None else BEGINS + pd.Timedelta(days=as_of)
    return far_end(purchases(rows, end=end))


@pytest.fixture
def bought() -> pd.DataFrame:
    rows = simulated(300, BgNbd(0.8, 6.0, 1.5, 4.0), GammaGamma(4.0, 5.0, 60.0), seed=3)
    return rows.assign(date=rows["date"].dt.normalize())


def file_of(rows: pd.DataFrame, folder: Path) -> str:
    rows.to_csv(folder / "sales.csv", index=False)
    return str(folder / "sales.csv")


def test_one_mistyped_date_is_named_before_the_figure(bought: pd.DataFrame, tmp_path: Path) -> None:
    last = bought["date"].max()
    wrong = {"customer_id": "B-000007", "date": last + pd.Timedelta(days=244), "amount": 100.0}
    file = file_of(pd.concat([bought, pd.DataFrame([wrong])]), tmp_path)
    told = analyse("value", file)
    said = told["warnings"][0]
    assert told["far_end"]["purchases"] == 1
    assert f"Nobody buys for 244 days after {last.date()}" in said
    assert f"on {wrong['date'].date()} (customer B-000007, 100.00)" in said
    assert f"--as-of {last.date()}" in said
    lines = CliRunner().invoke(app, ["analyse", "value", file]).stdout.splitlines()
    assert lines[0] == said
    assert lines.count(said) == 1


def test_a_chosen_day_far_beyond_the_file_is_said(bought: pd.DataFrame, tmp_path: Path) -> None:
    file, last = file_of(bought, tmp_path), bought["date"].max().date()
    told = analyse("value", file, "--as-of", "2027-05-01")
    assert told["warnings"][0].startswith("The last day that counts, 2027-05-01, lies")
    assert (
        f"after the last purchase, where {told['far_end']['usual']:.1f} days"
        in (told["warnings"][0])
    )
    as_proposed = analyse("value", file, "--as-of", str(last))
    assert as_proposed["far_end"] is None
    assert not any("--as-of" in warning for warning in as_proposed["warnings"])


@given(st.lists(st.integers(1, 9), min_size=11, max_size=60))
def test_what_is_far_is_measured_by_the_gaps_before_it(gaps: list[int]) -> None:
    days = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    usual = days[-1] / len(gaps)
    beyond = days[-1] + int(max(FAR * usual, *gaps)) + 1
    for found in (ending(*days, beyond), ending(*days, as_of=beyond)):
        assert found is not None
        assert found.days == beyond - days[-1]
        assert found.usual == pytest.approx(usual)
    assert ending(*days, as_of=beyond - 1) is None


def test_two_mistyped_dates_are_no_less_than_one() -> None:
    found = ending(*range(200), 500, 501)
    assert found is not None
    assert (found.day, found.purchases) == ("2026-05-16", 2)


def test_a_pause_after_which_business_goes_on_is_no_slip() -> None:
    assert ending(*range(100), *range(300, 400)) is None


def test_a_holiday_as_there_was_one_before_is_no_slip() -> None:
    assert ending(*range(100), *range(120, 200), 220) is None


def test_few_days_do_not_say_what_is_usual() -> None:
    assert ending(0, 1, 2, 400) is None


def test_the_published_data_end_where_people_buy() -> None:
    assert far_end(purchases(cdnow())) is None


def test_a_purchase_after_today_is_said(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,date,amount\nA,2026-11-29,100\nA,2026-12-01,90\n", "utf-8")
    for today, said in ((date(2026, 11, 30), 1), (date(2026, 12, 1), 0)):
        rows = Rows({}, accept_good=False, today=today)
        rows.of(file, "transactions")
        assert len(rows.remarks) == said
        assert all("yet to come, the last is 2026-12-01" in remark for remark in rows.remarks)
