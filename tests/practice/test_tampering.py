"""Going round the application, on copies."""

from __future__ import annotations

import pytest

from crmlab.errors import SandboxError
from crmlab.practice.tampering import tamper
from crmlab.widgets import tampered

A_ROW = "UPDATE customers SET credit_limit = '900000.00' WHERE customer_id = 'CU-006'"
A_LINE = "UPDATE audit SET seat = 'warehouse' WHERE audit_id = 6"
UNLOCKED = f"DROP TRIGGER audit_append_only_update; {A_LINE}"
LAST_LINE = "DROP TRIGGER audit_append_only_delete; DELETE FROM audit WHERE audit_id = 9"


def test_a_row_changed_behind_the_trail_is_named_with_what_it_should_say() -> None:
    (attempt,) = tamper(A_ROW)
    fault = attempt.verdict.fault
    assert fault is not None
    assert (fault.table, fault.key, fault.column) == ("customers", "CU-006", "credit_limit")
    assert (fault.trail, fault.found) == ("60000.00", "900000.00")


def test_a_line_of_the_trail_is_locked_and_without_the_lock_it_is_missed() -> None:
    locked, changed, cut_off = tamper(A_LINE, UNLOCKED, LAST_LINE)
    assert "can only be added to" in locked.refused
    assert locked.verdict.fault is None
    assert changed.refused == cut_off.refused == ""
    assert changed.verdict.fault is not None
    assert (changed.verdict.fault.what, changed.verdict.fault.key) == ("changed", "6")
    assert cut_off.verdict.fault is not None
    assert (cut_off.verdict.fault.what, cut_off.verdict.fault.key) == ("missing", "9")


def test_each_attempt_has_a_copy_of_its_own() -> None:
    spoilt, sound = tamper(A_ROW, "SELECT 1")
    assert spoilt.verdict.fault
    assert sound.verdict.fault is None
    assert sound.verdict.lines == 9


def test_what_was_tried_is_told_in_words_with_nothing_taken_for_markup() -> None:
    told = str(tampered(A_ROW, A_LINE, "SELECT *\n  FROM nothing_here").data)
    assert f"1. `{A_ROW}`" in told
    assert "The database lets it pass." in told
    assert "credit\\_limit is 900000.00, and the trail says 60000.00" in told
    assert "The database refuses: “the audit trail can only be added to”." in told
    assert "3. `SELECT * FROM nothing_here`" in told
    assert "no such table: nothing\\_here" in told


@pytest.mark.usefixtures("pseudo")
def test_every_word_but_the_statements_passes_through_translation() -> None:
    told = str(tampered(A_ROW, A_LINE).data)
    words = [line for line in told.splitlines() if line and "`" not in line]
    assert len(words) == 4
    assert all(line.count("\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}") >= 1 for line in words)


def test_a_folder_that_cannot_be_used_is_told_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_attempts: str) -> None:
        raise SandboxError("The disk is full.")

    monkeypatch.setattr("crmlab.widgets.tampering.tamper", full)
    assert tampered(A_ROW).data == "The disk is full."
