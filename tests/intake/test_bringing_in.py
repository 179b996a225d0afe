"""A file is brought in whole or not at all, and every row of it is accounted for."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from crmlab.errors import IntakeError
from crmlab.intake.bringing_in import Brought, bring_in
from crmlab.intake.contracts import KINDS, kind_of
from crmlab.intake.maps import Map, offer_map, read_map, save_map, sheet_in
from crmlab.intake.reading import open_source

HEADINGS = "customer_id,name,phone,credit_limit,created_at"
GOOD = "A1,Pumps,+86 10 1,1200.50,2026-05-31"


@pytest.fixture
def bring(tmp_path: Path) -> Any:
    """Bring a text, or a file, in; with what came of it and the refusals."""

    def command(
        content: str | bytes | Path, kind: str = "customers", **how: Any
    ) -> tuple[Brought, list[dict[str, str]], pd.DataFrame | None]:
        path = content if isinstance(content, Path) else tmp_path / "file.csv"
        if isinstance(content, str):
            path.write_text(content, encoding=how.pop("encoding", "utf-8"), newline="")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        source, wanted = open_source(path), kind_of(kind)
        used = how.pop("used", None) or offer_map(wanted, source.headings)
        out, refusals = tmp_path / "out.parquet", tmp_path / "refused.csv"
        out.unlink(missing_ok=True)
        settings = {"key": None, **how}
        brought = bring_in(source, wanted, used, out=out, refusals=refusals, **settings)
        told = []
        if refusals.exists():
            with refusals.open(encoding="utf-8-sig", newline="") as file:
                told = list(csv.DictReader(file))
        assert len(told) == brought.refused
        assert brought.taken == out.exists()
        return brought, told, pd.read_parquet(out) if out.exists() else None

    return command


def faults(told: list[dict[str, str]]) -> list[tuple[int, str, str]]:
    return [(int(row["line"]), row["column"], row["reason"]) for row in told]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_out_how_a_file_is_written(bring: Any, encoding: str, delimiter: str) -> None:
    rows = [HEADINGS, "A1,北京泵业有限公司,+86 10 1,1200.50,2026-05-31", "A2,上海,,3,2026-06-01"]
    text = "\r\n".join(row.replace(",", delimiter) for row in rows) + "\r\n"
    brought, told, taken = bring(text, encoding=encoding)
    assert (brought.rows, brought.good, told) == (2, 2, [])
    assert list(taken["name"]) == ["北京泵业有限公司", "上海"]
    assert list(taken["credit_limit"]) == [1200.5, 3.0]
    assert taken["created_at"][0] == datetime(2026, 5, 31)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("31.05.2026", datetime(2026, 5, 31)),
        ("31/05/2026", datetime(2026, 5, 31)),
        ("05/31/2026", datetime(2026, 5, 31)),
        ("2026/5/31", datetime(2026, 5, 31)),
        ("20260531", datetime(2026, 5, 31)),
        ("2026年5月31日", datetime(2026, 5, 31)),
        ("2026-05-31 14:30", datetime(2026, 5, 31, 14, 30)),
        ("2026-05-31T14:30:05Z", datetime(2026, 5, 31, 22, 30, 5)),
        ("2026-05-31T14:30:05+08:00", datetime(2026, 5, 31, 14, 30, 5)),
    ],
)
def test_a_day_is_read_however_it_is_written(bring: Any, written: str, meant: datetime) -> None:
    _brought, told, taken = bring(f"{HEADINGS}\nA1,Pumps,1,2,{written}\n")
    assert told == []
    assert taken["created_at"][0] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1200.5", 1200.5),
        ('"1,200.50"', 1200.5),
        ('"1.200,50"', 1200.5),
        ('"1200,5"', 1200.5),
        ("¥ 1200", 1200),
        ("1200 元", 1200),
        ("1.2e3", 1200),
    ],
)
def test_a_number_is_read_however_it_is_written(bring: Any, written: str, meant: float) -> None:
    _brought, told, taken = bring(f"{HEADINGS}\nA1,Pumps,1,{written},2026-01-01\n")
    assert told == []
    assert taken["credit_limit"][0] == meant


def test_each_bad_row_is_refused_with_its_line_and_its_reason(bring: Any) -> None:
    rows = [
        HEADINGS,
        GOOD,
        "A2,Pumps,1,2,2026-02-31",
        "A3,Pumps,1,many,2026-01-01",
        "A4,Pumps,1,-5,2026-01-01",
        ",Nobody,1,2,2026-01-01",
        "A1,Again,1,2,2026-01-01",
        "A7,=1+1,1,2,2026-01-01",
        "A8,ragged",
        "A9,too,many,2,2026-01-01,fields",
        'B1,"two\nlines",1,2,2026-01-01',
        'B2,"open,1,2,2026-01-01',
        "B3,Pumps,1,2,2026-01-01",
        "B4,cut off,1,2",
    ]
    brought, told, _taken = bring("\n".join(rows), accept_good=True)
    assert faults(told) == [
        (3, "created_at", "'2026-02-31' is no day that there is."),
        (4, "credit_limit", "'many' is no number."),
        (5, "credit_limit", "-5 is below 0."),
        (6, "customer_id", "Nothing stands here."),
        (7, "customer_id", "The same customer_id stands in line 2 already."),
        (8, "name", "'=1+1' is a formula, not a value."),
        (9, "", "It has 2 fields, and the headings are 5."),
        (10, "", "It has 6 fields, and the headings are 5."),
        (13, "", "A quotation mark is opened and never closed."),
        (15, "", "It has 4 fields, and the headings are 5."),
    ]
    assert (brought.rows, brought.good) == (13, 3)


def test_nothing_is_taken_unless_all_is_good_or_it_is_said(bring: Any) -> None:
    text = f"{HEADINGS}\n{GOOD}\nA2,,1,2,2026-01-01\n"
    brought, _told, taken = bring(text)
    assert (brought.taken, taken) == (False, None)
    brought, _told, taken = bring(text, accept_good=True)
    assert brought.taken
    assert list(taken["customer_id"]) == ["A1"]


def test_what_was_taken_before_stays_when_nothing_is_taken(bring: Any, tmp_path: Path) -> None:
    bring(f"{HEADINGS}\n{GOOD}\n")
    before = (tmp_path / "out.parquet").read_bytes()
    source, wanted = open_source(tmp_path / "file.csv"), kind_of("customers")
    (tmp_path / "file.csv").write_text(f"{HEADINGS}\nA2,,1,2,2026-01-01\n", encoding="utf-8")
    used = offer_map(wanted, source.headings)
    refusals = tmp_path / "refused.csv"
    bring_in(source, wanted, used, out=tmp_path / "out.parquet", refusals=refusals, key=None)
    assert (tmp_path / "out.parquet").read_bytes() == before
    assert sorted(x.name for x in tmp_path.iterdir()) == ["file.csv", "out.parquet", "refused.csv"]


def test_bytes_that_are_no_text_are_refused_at_their_line(bring: Any) -> None:
    good = f"{HEADINGS}\n" + "".join(f"C{i},Pumps,1,2,2026-01-01\n" for i in range(60_000))
    bad = good.encode() + b"D1,\xff\xfe,1,2,2026-01-01\n"
    brought, told, _taken = bring(bad, accept_good=True)
    assert (brought.rows, brought.refused) == (60_001, 1)
    assert faults(told) == [(60_002, "", "It has a sign in it that is none in utf-8.")]


def test_the_same_person_has_the_same_pseudonym_in_every_file(bring: Any) -> None:
    customers = "customer_id,name,phone,email\nA1,Lin Yue,+86 10-1,Lin@x.example\n"
    deals = "opportunity_id,owner,stage,created_at,outcome\nL1,lin  yue,quote,2026-01-01,open\n"
    _brought, _told, first = bring(customers, key=b"key")
    _brought, _told, second = bring(deals, "opportunities", key=b"key")
    assert first["name"][0] == second["owner"][0]
    said = " ".join(map(str, first.iloc[0]))
    assert "Lin" not in said
    assert "10" not in first["phone"][0].split()[0]
    assert first["email"][0].endswith("@pseudonym.invalid")
    _brought, _told, other = bring(customers, key=b"another key")
    assert other["name"][0] != first["name"][0]


def test_a_workbook_is_read_with_the_values_of_its_cells(bring: Any, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Customer", "Company", "Limit", "Created"])
    sheet.append(["A1", "Pumps", 1200.5, datetime(2026, 5, 31, 9, 30)])
    sheet.append(["A2", "Valves", "=1+1", datetime(2026, 5, 31)])
    sheet.append([])
    sheet.append(["A3", "Spares", "much", datetime(2026, 5, 31)])
    path = tmp_path / "book.xlsx"
    book.save(path)
    brought, told, taken = bring(path, accept_good=True)
    assert faults(told) == [
        (3, "", "The formula =1+1 was never worked out."),
        (5, "credit_limit", "'much' is no number."),
    ]
    assert (brought.rows, list(taken["created_at"])) == (3, [datetime(2026, 5, 31, 9, 30)])


@pytest.mark.parametrize(
    ("out", "refusals"), [("file.csv", "r.csv"), ("o", "file.csv"), ("o", "o")]
)
def test_nothing_is_written_over_itself(tmp_path: Path, out: str, refusals: str) -> None:
    file = tmp_path / "file.csv"
    file.write_text(f"{HEADINGS}\n{GOOD}\n", encoding="utf-8")
    source, wanted = open_source(file), kind_of("customers")
    used = offer_map(wanted, source.headings)
    with pytest.raises(IntakeError, match="written over itself"):
        bring_in(source, wanted, used, out=tmp_path / out, refusals=tmp_path / refusals, key=None)
    assert file.read_text(encoding="utf-8").endswith(f"{GOOD}\n")


def test_somebody_elses_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text(f"{HEADINGS}\n{GOOD}\n", encoding="utf-8")
    (tmp_path / "mine.txt").write_text("mine")
    source, wanted = open_source(tmp_path / "file.csv"), kind_of("customers")
    used = offer_map(wanted, source.headings)
    with pytest.raises(IntakeError, match=r"mine.txt is there already and is no Parquet"):
        bring_in(
            source,
            wanted,
            used,
            out=tmp_path / "mine.txt",
            refusals=tmp_path / "r.csv",
            key=None,
        )
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_another_sheet_of_a_workbook_is_read_by_its_name(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("May").append(["period", "units"])
    path = tmp_path / "book.xlsx"
    book.active.append(["nothing", "here"])  # type: ignore[union-attr]
    book.save(path)
    assert open_source(path, "May").headings == ("period", "units")
    assert open_source(path).headings == ("nothing", "here")
    assert open_source(path).other_sheets == ("May",)
    with pytest.raises(IntakeError, match="no sheet 'June'; it has: Sheet, May"):
        open_source(path, "June")


def test_a_number_in_a_cell_of_per_cent_is_asked_about(bring: Any, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["period", "units"])
    for month, sold in (("2026-01", 180), ("2026-02", 76), ("2026-03", 0.76)):
        sheet.append([month, sold])
    sheet["B4"].number_format = "0%"
    path = tmp_path / "book.xlsx"
    book.save(path)
    _brought, told, taken = bring(path, "exposure", accept_good=True)
    assert faults(told) == [
        (4, "units", "'76%' is a share of a hundred: is that the number, or its part?")
    ]
    assert list(taken["units"]) == [180, 76]


def test_a_table_in_parquet_is_read(bring: Any, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    frame = pd.DataFrame(
        {
            "customer_id": ["A1", "A2"],
            "date": pd.to_datetime(["2026-05-31", "2026-06-01"]),
            "amount": [12.5, None],
        }
    )
    frame.to_parquet(path)
    brought, told, taken = bring(path, "transactions", accept_good=True)
    assert faults(told) == [(2, "amount", "Nothing stands here.")]
    assert (brought.rows, list(taken["amount"])) == (2, [12.5])


def test_a_closing_before_the_opening_is_refused(bring: Any) -> None:
    heads = "opportunity_id,stage,created_at,closed_at,outcome"
    rows = "L1,quote,2026-05-02,2026-05-01,won\nL2,quote,2026-05-02,,open\nL3,quote,2026-05-02,,maybe\n"
    _brought, told, _taken = bring(f"{heads}\n{rows}", "opportunities")
    assert [row[:2] for row in faults(told)] == [(2, "closed_at"), (4, "outcome")]
    assert "lies before created_at" in told[0]["reason"]
    assert told[1]["reason"].startswith("'maybe' is none of: won, lost, open; 'values:' in a map")


def test_a_closing_of_what_is_open_is_taken_for_the_expected_one(bring: Any) -> None:
    heads = "opportunity_id,stage,created_at,closed_at,outcome"
    rows = (
        "L1,quote,2026-05-02,2026-06-01,open\nL2,quote,2026-05-02,,open\nL3,quote,2026-05-02,,won\n"
    )
    brought, told, taken = bring(f"{heads}\n{rows}", "opportunities")
    assert not faults(told)
    assert taken["closed_at"].isna().all()
    (said,) = brought.noticed.says(kind_of("opportunities"))
    assert said == (
        "closed_at: 1 row is 'open', and a day stands there. It is taken for the one that is "
        "expected, and left out."
    )


def test_what_a_spreadsheet_would_run_is_disarmed_among_the_refusals(bring: Any) -> None:
    _brought, told, _taken = bring(f"{HEADINGS}\nA1,=cmd(),1,2,2026-01-01\n")
    assert told[0]["name"] == "'=cmd()"


# Maps


def test_a_map_is_offered_kept_and_read_again(tmp_path: Path) -> None:
    headings = ("Kunde", "Client No", "Company", "Telefone", "Account Manager")
    kind = kind_of("customers")
    with pytest.raises(IntakeError, match="known as customer_id"):
        offer_map(kind, ("Company",))
    used = Map(kind="customers", columns={"customer_id": "Client No", "name": "Company"})
    save_map(tmp_path / "map.yaml", used)
    assert read_map(tmp_path / "map.yaml", kind, headings).columns == {
        **used.columns, "account_manager": "Account Manager",
    }  # fmt: skip


def test_similar_headings_are_offered() -> None:
    headings = ("Complaint ID", "CustomerID", "Received at", "Batch", "Category ")
    assert offer_map(kind_of("complaints"), headings).columns == {
        "complaint_id": "Complaint ID",
        "customer_id": "CustomerID",
        "batch_no": "Batch",
        "category": "Category ",
        "received_at": "Received at",
    }


def test_a_map_says_what_is_meant(bring: Any) -> None:
    used = Map(
        kind="opportunities",
        columns={
            "opportunity_id": "Nr",
            "stage": "Phase",
            "created_at": "von",
            "outcome": "Ergebnis",
        },
        days="05/31/2026",
        values={"outcome": {"gewonnen": "won"}},
    )
    text = "Nr;Phase;von;Ergebnis\n1;quote;05/06/2026;gewonnen\n"
    _brought, told, taken = bring(text, "opportunities", used=used)
    assert told == []
    assert taken["outcome"][0] == "won"
    assert taken["created_at"][0] == datetime(2026, 5, 6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: orders\ncolumns: {customer_id: a, name: b}", r"1: .*the map is for 'orders'"),
        ("kind: customers\ncolumns: {nam: a, customer_id: a}", "did you mean 'name'"),
        ("kind: customers\ncolumns: {customer_id: x, name: b}", "2: .*no heading 'x'"),
        ("kind: customers\ncolumns: {customer_id: a}", "known as name"),
        ("kind: customers\ncolumns: {customer_id: a, name: b}\ndays: whenever", "3: "),
        ("kind: customers\ncolumns: [a]", "2: "),
    ],
)
def test_a_map_that_does_not_fit_is_told_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(IntakeError, match=said):
        read_map(tmp_path / "m.yaml", kind_of("customers"), ("a", "b"))


def test_a_map_may_name_a_sheet_and_leave_the_headings_to_be_guessed(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("kind: exposure\nsheet: May\n", encoding="utf-8")
    assert sheet_in(tmp_path / "m.yaml") == "May"
    used = read_map(tmp_path / "m.yaml", kind_of("exposure"), ("month", "units"))
    assert used.columns == {"period": "month", "units": "units"}


# What should be known of good rows


def noticed(brought: Brought, kind: str, **how: Any) -> list[str]:
    return brought.noticed.says(kind_of(kind), **how)


def test_time_zones_that_are_dropped_are_said(bring: Any) -> None:
    heads = "complaint_id,received_at"
    rows = "1,2026-05-31T20:00:00Z\n2,2026-05-31T20:00:00+08:00\n3,2026-05-31 20:00\n"
    brought, _told, taken = bring(f"{heads}\n{rows}", "complaints")
    assert [str(day) for day in taken["received_at"]] == [
        "2026-06-01 04:00:00", "2026-05-31 20:00:00", "2026-05-31 20:00:00",
    ]  # fmt: skip
    assert noticed(brought, "complaints") == [
        "received_at: 2 moments name a time zone (+08:00, Z). They are told by the office's "
        "clock, Asia/Shanghai, and the zone itself is not kept. 1 other names none, and is taken "
        "for the office's."
    ]


def test_the_zone_of_the_office_moves_nothing(bring: Any) -> None:
    brought, _told, _taken = bring(
        "complaint_id,received_at\n1,2026-05-31T20:00:00+08:00\n", "complaints"
    )
    (said,) = noticed(brought, "complaints")
    assert "names the time zone of the office (+08:00). It stays as written" in said
    assert noticed(brought, "complaints", moved_only=True) == []
    brought, _told, _taken = bring("complaint_id,received_at\n1,2026-05-31 20:00\n", "complaints")
    assert noticed(brought, "complaints") == []


def test_words_that_the_procedure_does_not_have_are_said(bring: Any) -> None:
    heads = "complaint_id,received_at,category,severity"
    rows = [f"{n},2026-05-31,leak,high" for n in range(5)]
    rows += ["6,2026-05-31,Leak,very", "7,2026-05-31,dripping,", "8,2026-05-31,Leak,low"]
    brought, told, taken = bring("\n".join([heads, *rows]), "complaints")
    assert (told, list(taken["category"][5:])) == ([], ["Leak", "dripping", "Leak"])
    category, severity = noticed(brought, "complaints")
    assert category.startswith("category: 3 rows say something else than leak, noise, ")
    assert ": 'Leak', 'dripping'. They are taken as they stand" in category
    assert severity.startswith("severity: 1 row says something else than low, medium, high: 'very'")
    used = Map(
        kind="complaints",
        columns={name: name for name in heads.split(",")},
        values={"category": {"Leak": "leak", "dripping": "leak"}, "severity": {"very": "high"}},
    )
    brought, _told, _taken = bring("\n".join([heads, *rows]), "complaints", used=used)
    assert noticed(brought, "complaints") == []


# Files that are none


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"PK\x03\x04 nonsense", "no workbook that can be opened: save it again as XLSX or CSV"),
        (b"PAR1 nonsense", "no Parquet file that can be read"),
        (b"\x80\x81\xff\x00\x01" * 99, "no encoding that crmlab can tell for sure"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=said):
        open_source(path)


def test_a_folder_and_a_sheet_of_what_is_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is a folder; name the file in it"):
        open_source(tmp_path)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(IntakeError, match=r"a.csv is no workbook, so there is no sheet 'May'"):
        open_source(tmp_path / "a.csv", "May")


def test_a_file_that_is_not_there_and_a_kind_that_is_not(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="There is no file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(IntakeError, match="no kind of data 'cats'; there are: customers"):
        kind_of("cats")


# Whatever stands in a file


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(texts, min_size=1, max_size=7), max_size=12), cut=st.integers(0, 9))
def test_good_and_refused_rows_add_up_to_the_rows_of_the_file(
    bring: Any, rows: list[list[str]], cut: int
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([HEADINGS.split(","), GOOD.split(","), *rows])
    text = file.getvalue()
    brought, told, _taken = bring(text[: len(text) - cut] if rows else text, accept_good=True)
    assert brought.good + len(told) == brought.rows
    assert len({row["line"] for row in told}) == len(told)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=300))
def test_no_bytes_bring_more_than_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(f"{HEADINGS}\n".encode() + content)
    with suppress(IntakeError):
        for piece in open_source(path).pieces():
            assert len(piece.lines) == len(piece.cells)


def test_every_kind_can_be_mapped_from_its_own_names() -> None:
    for kind in KINDS.values():
        names = tuple(column.name for column in kind.columns)
        assert offer_map(kind, names).columns == dict(zip(names, names, strict=True))
        for first, then in kind.order:
            assert {first, then} <= set(names)
