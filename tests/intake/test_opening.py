"""Files as companies export them: titles above the headings, other words, other encodings."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook
from ruamel.yaml import YAML

from crmlab.errors import IntakeError
from crmlab.intake.contracts import kind_of
from crmlab.intake.frames import READ, frame_of
from crmlab.intake.opening import opened

ROWS = ("Kunde;Datum;Betrag;Wareneinsatz", "A;31.01.2026;1.200,50;600,25", "B;01.02.2026;99,90;5")


def put(file: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return file


def a_map(folder: Path, text: str) -> Path:
    return put(folder / "m.yaml", text)


def sales(file: Path, **how: Path) -> pd.DataFrame:
    return frame_of(file, "transactions", **how)


# Where the headings stand


@pytest.mark.parametrize(
    "above",
    [
        (),
        ("Umsätze 2026",),
        ("Umsätze 2026", "", "Stand;31.03.2026"),
        ("Umsätze 2026;;;", ";;;"),
        ("sep=;",),
        ("sep=;", "Umsätze; 2026"),
        ("", "", ""),
    ],
)
def test_titles_and_empty_lines_above_the_headings(tmp_path: Path, above: tuple[str, ...]) -> None:
    read = sales(put(tmp_path / "s.csv", *above, *ROWS))
    assert (list(read["amount"]), list(read["customer_id"])) == ([1200.5, 99.9], ["A", "B"])
    where = f", headings in line {len(above) + 1}" if above else ""
    assert read.attrs[READ] == f"s.csv: decimal comma, days as day.month.year{where}"


def test_titles_above_the_headings_of_a_workbook(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (
        ["Sales report"],
        [],
        ["Customer", "Invoice Date", "Net Amount"],
        ["A", "2026-01-05", 9],
    ):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    read = sales(tmp_path / "b.xlsx")
    assert (len(read), read["amount"][0]) == (1, 9)
    assert read.attrs[READ].endswith("headings in line 3")


def test_a_line_that_is_refused_is_that_of_the_file(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "Umsätze", "", *ROWS, "C;01.02.2026;viel;5")
    with pytest.raises(IntakeError, match="Line 6: amount: 'viel' is no number"):
        sales(file)


def test_a_map_says_where_the_headings_stand(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "Kunde;Datum;Betrag", "a;b;c", *ROWS)
    mapped = a_map(tmp_path, "kind: transactions\nheader: 3")
    assert list(sales(file, map_file=mapped)["customer_id"]) == ["A", "B"]
    with pytest.raises(IntakeError, match=r"In line 40 of s.csv, .*\('header:'\), nothing stands"):
        sales(file, map_file=a_map(tmp_path, "kind: transactions\nheader: 40"))


def test_a_heading_that_stands_twice_is_told(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "customer_id,date,amount,amount", "A,2026-01-01,1,2")
    with pytest.raises(IntakeError, match=r"In s\.csv the heading 'amount' stands twice"):
        sales(file)


# What the headings say


@pytest.mark.parametrize(
    ("kind", "headings"),
    [
        ("transactions", "Kundennummer;Rechnungsdatum;Nettobetrag;Einstandskosten;Währung"),
        ("transactions", "Customer No.;Posting Date;Sales;COGS;Currency code"),
        ("transactions", "Client;Order Date;Net Amount;Cost of Sales;Curr."),
        ("transactions", "客户ID;开票日期;销售额;成本;货币"),
        ("opportunities", "Deal ID;Deal Stage;Created On;Deal Status;Close Date"),
        ("opportunities", "商机ID;商机阶段;创建日期;商机状态;关闭日期"),
        ("opportunities", "Chancen-Nr.;Phase;Angelegt am;Ergebnis;Abschlussdatum;Verkäufer"),
        ("opportunities", "Opportunity ID;Stufe;Created Date;Status;Closed Date;Opportunity Owner"),
        ("exposure", "Monat;Menge;Aufträge"),
        ("complaints", "Reklamationsnr.;Eingang;Lieferdatum;Artikel;Fehlerart"),
        ("invoices", "Rechnungsnummer;Debitor;Betrag;Rechnungsdatum;Bezahlt am"),
    ],
)
def test_headings_of_other_systems_and_languages_are_known(
    tmp_path: Path, kind: str, headings: str
) -> None:
    source, used = opened(put(tmp_path / "f.csv", headings, ""), kind_of(kind))
    assert sorted(used.columns.values()) == sorted(source.headings)


def test_what_is_not_used_is_named(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "Kunde;Datum;Betrag;Filiale;Notiz", "A;31.01.2026;1,5;N;x")
    assert sales(file).attrs[READ].endswith("days as day.month.year; not used: Filiale, Notiz")


def test_a_map_is_added_to_what_is_guessed(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "Wer;Datum;Betrag;Wareneinsatz", "A;31.01.2026;1,5;1,25")
    mapped = a_map(tmp_path, "kind: transactions\ncolumns: {customer_id: Wer}")
    assert list(sales(file, map_file=mapped)["cost"]) == [1.25]
    mapped = a_map(tmp_path, "kind: transactions\ncolumns: {customer_id: Wer, cost: ''}")
    read = sales(file, map_file=mapped)
    assert "cost" not in read
    assert "not used: Wareneinsatz" in read.attrs[READ]


def test_the_message_has_a_map_that_can_be_copied(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "Umsätze", "Wer: genau;Datum;Betrag", "A;31.01.2026;1,5")
    with pytest.raises(IntakeError) as told:
        sales(file)
    sentence, _line, offered = str(told.value).partition("\n")
    assert "No heading of the file is known as customer_id, which transactions need." in sentence
    assert "The headings in line 2: Wer: genau, Datum, Betrag." in sentence
    assert "'header: 3'" in sentence
    assert YAML(typ="safe").load(offered) == {
        "kind": "transactions",
        "columns": {"customer_id": "HEADING", "date": "Datum", "amount": "Betrag"},
    }
    assert all(line == line.rstrip() for line in offered.splitlines())
    mapped = a_map(tmp_path, offered.replace("HEADING", "'Wer: genau'"))
    assert list(sales(file, map_file=mapped)["customer_id"]) == ["A"]


# What values mean


DEALS = "opportunity_id,stage,created_at,outcome"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("won", ["won", " Won ", "Closed Won", "CLOSED-WON", "gewonnen", "赢单", "赢", "成交"]),
        ("lost", ["LOST", "Closed Lost", "closed_lost", "Verloren", "输单", "丢单"]),
        ("open", ["Open", "offen", "In Bearbeitung", "进行中"]),
    ],
)
def test_outcomes_are_known_in_other_words(tmp_path: Path, outcome: str, words: list[str]) -> None:
    rows = [f"{n},quote,2026-05-02,{word}" for n, word in enumerate(words)]
    read = frame_of(put(tmp_path / "d.csv", DEALS, *rows), "opportunities")
    assert set(read["outcome"]) == {outcome}


def test_a_map_says_what_a_word_means_in_any_case(tmp_path: Path) -> None:
    file = put(tmp_path / "d.csv", DEALS, "1,quote,2026-05-02, ABGESAGT", "2,quote,2026-05-02,won")
    with pytest.raises(IntakeError, match="'ABGESAGT' is none of: won, lost, open; 'values:' in a"):
        frame_of(file, "opportunities")
    mapped = a_map(tmp_path, "kind: opportunities\nvalues:\n  outcome: {abgesagt: lost}")
    read = frame_of(file, "opportunities", map_file=mapped)
    assert list(read["outcome"]) == ["lost", "won"]


def test_a_map_whose_values_stand_the_wrong_way_round_is_told(tmp_path: Path) -> None:
    file = put(tmp_path / "d.csv", DEALS, "1,quote,2026-05-02,abgesagt")
    mapped = a_map(tmp_path, "kind: opportunities\nvalues:\n  outcome: {lost: abgesagt}")
    with pytest.raises(IntakeError, match=r"m.yaml, line 3: .* the left, .*'abgesagt: lost'"):
        frame_of(file, "opportunities", map_file=mapped)


def test_stages_that_say_the_outcome_are_told_with_the_map_that_takes_it(tmp_path: Path) -> None:
    file = put(
        tmp_path / "d.csv", "Opportunity ID,Stage,Created Date", "1,Prospecting,2026-05-02",
        "2,Closed Won,2026-05-02", "3,Closed Lost,2026-05-02",
    )  # fmt: skip
    with pytest.raises(
        IntakeError, match="'Stage' says 'Closed Won', 'Closed Lost', which"
    ) as told:
        frame_of(file, "opportunities")
    mapped = a_map(tmp_path, str(told.value).partition("\n")[2])
    read = frame_of(file, "opportunities", map_file=mapped)
    assert list(read["outcome"]) == ["open", "won", "lost"]
    assert list(read["stage"]) == ["Prospecting", "won", "lost"]


# Encodings


@pytest.mark.parametrize("name", ["Müller", "Weiß & Söhne", "Größe", "Señor Núñez", "Élodie", "€"])
def test_western_files_of_excel_are_read_and_it_is_said(tmp_path: Path, name: str) -> None:
    rows = ("Kunde;Datum;Betrag", f"{name};31.01.2026;1,5")
    read = sales(put(tmp_path / "s.csv", *rows, encoding="cp1252"))
    assert list(read["customer_id"]) == [name]
    assert read.attrs[READ].startswith("s.csv: in Windows-1252, decimal comma")


@pytest.mark.parametrize("name", ["北京泵业有限公司", "上海", "李", "广州 Müller 公司，甲"])
def test_chinese_files_stay_chinese(tmp_path: Path, name: str) -> None:
    rows = ("Kunde;Datum;Betrag", f"{name};31.01.2026;1,5")
    read = sales(put(tmp_path / "s.csv", *rows, encoding="gb18030"))
    assert list(read["customer_id"]) == [name]


@pytest.mark.parametrize("encoding", ["cp850", "cp1250", "shift_jis"])
def test_what_cannot_be_told_for_sure_is_not_guessed(tmp_path: Path, encoding: str) -> None:
    name = {"cp850": "Köln", "cp1250": "Łódź", "shift_jis": "東京ポンプ"}[encoding]
    file = put(tmp_path / "s.csv", "Kunde;Datum;Betrag", f"{name};31.01.2026;1", encoding=encoding)
    with pytest.raises(IntakeError, match=r"no encoding that crmlab can tell .*'CSV UTF-8'"):
        sales(file)


@pytest.mark.parametrize("sign", [";", ","])
def test_decimal_commas_do_not_part_fields(tmp_path: Path, sign: str) -> None:
    rows = [f"2026-0{n};1,{n};2,{n}" for n in range(1, 9)]
    file = put(tmp_path / "e.csv", "period;units;orders", *rows)
    assert list(frame_of(file, "exposure")["orders"])[:2] == [2.1, 2.2]


# Files that are no table


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"\x8f\x1b[31m\xff\x00\x07" * 99, "is no workbook that can be opened: save it"),
        (
            "a.xlsx",
            b"PK\x03\x04\x1b[2J",
            "is no workbook that can be opened: save it again as XLSX",
        ),
        ("a.parquet", b"\x8f\x1b[31m\xff\x00" * 99, "is no Parquet file that can be read"),
        ("a.csv", b"\x8f\x1b[31m\xff\x00" * 99, "is written in no encoding"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "is a workbook of the old form"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is a page or a picture in XML"),
        ("a.pdf", b"%PDF-1.7 ...", "is a PDF, not a table"),
        ("a.txt", b"Dear all,\nthe figures, as agreed.\nRegards\n", "is no table that can be read"),
        ("a.csv", b"\x1b[31ma,\x07b\n1,2\n", "is no table that can be read"),
    ],
)
def test_what_is_no_table_is_one_fitting_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IntakeError, match=said) as told:
        sales(tmp_path / name)
    assert all(sign.isprintable() or sign == "\n" for sign in str(told.value))
