"""Random actions, legal and illegal, on a real sandbox.

No illegal action changes anything, every legal path can reach a close, and replaying the audit
trail rebuilds the same state: from its rows into a fresh start set, and from its actions through
the engine.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework import past
from crmlab.crm.casework.desks import holders
from crmlab.crm.store import audit
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.crm.trail.rebuild import rebuild
from crmlab.crm.trail.verify import verify
from crmlab.errors import Refused, StaleCase
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Action, Case, HandOver, Reassign, SendBack
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import may_send_back_to
from crmlab.procedures.steps import Field
from crmlab.procedures.walk import by_the_procedure, right_fields, wrong_fields
from tests.tiny import tiny

KEYS = {
    "batch": ["B-2230", "B-2203", "B-9999"],
    "order_line": ["SO-20871-2", "SO-1"],
    "complaint": ["C-1031", "C-1"],
}
ILLEGAL = [
    "wrong seat",
    "wrong step",
    "no such step",
    "unknown field",
    "missing fields",
    "a record that is not there",
    "a moment in the past",
    "a case seen too long ago",
    "a user of another seat",
    "sent back without a reason",
    "sent back to where it is",
    "given to nobody we know",
]


def some_entry(field: Field) -> st.SearchStrategy[Raw]:
    """Something a person might put into a blank, right, wrong or nonsense."""
    kinds: dict[str, st.SearchStrategy[Raw]] = {
        "choice": st.sampled_from(field.choice_values() or [""]),
        "yes_no": st.booleans(),
        "integer": st.integers(0, 300),
        "amount": st.sampled_from(["0", "400.00", "29999.99", "30000.01", "90000"]),
        "date": st.sampled_from(["2026-05-12", "2026-06-30", "2025-01-01"]),
        "record": st.sampled_from(KEYS.get(field.record or "", ["?"])),
    }
    usual = kinds.get(field.type, st.sampled_from(["Some words.", "'; DROP TABLE cases;--"]))
    return st.one_of(usual, usual, usual, st.none(), st.sampled_from(["", "nonsense", -1, True]))


def rows(sandbox: Sandbox) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it is stored."""
    with sandbox.read() as session:
        return {
            name: sorted(
                (tuple(r) for r in session.execute(text(f"SELECT * FROM {name}"))), key=str
            )
            for name in tables.Base.metadata.tables
        }


BEGUN = [0, 0, 0.4, 0.6, 0.6, 0.8, 0.95]
"""How much of a case is done by the procedure before anybody tries anything: what is to hold at its
close is seldom looked at where every case begins on its first desk."""


class Actions(RuleBasedStateMachine):
    """A case in a sandbox, and whatever people may try with it."""

    def procedure(self) -> Procedure:
        raise NotImplementedError

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        self.folder = TemporaryDirectory(prefix="crmlab-")
        self.sandbox = open_sandbox("random", folder=Path(self.folder.name))
        cases = self.procedure().cases
        alone = [case_id for case_id, case in cases.items() if case.follows is None]
        self.begin(data.draw(st.sampled_from(alone)), data.draw(st.sampled_from(BEGUN)))

    def begin(self, case_id: str, share: float) -> None:
        """Open a case and bring it so far on its way by the procedure."""
        self.case = crm.open_practice_case(self.sandbox, self.procedure(), case_id)
        self.seen = [self.case]
        way = by_the_procedure(self.procedure(), self.case).visits
        for _visit in range(int(len(way) * share)):
            self.apply(self.hand_over(self.right(), 1))

    def teardown(self) -> None:
        if hasattr(self, "sandbox"):
            self.the_trail_rebuilds_the_state()
            self.sandbox.close()
            self.folder.cleanup()

    # What people may try ----------------------------------------------------------------------

    @precondition(lambda self: self.case.step)
    @rule(hours=st.sampled_from([0, 0.1, 1, 9, 30]))
    def hand_over_as_it_should_be(self, hours: float) -> None:
        self.do_as_it_should_be(hours)

    def do_as_it_should_be(self, hours: float) -> None:
        try:
            self.apply(self.hand_over(self.right(), hours))
        except Refused as refusal:  # an earlier desk has left something out
            note(str(refusal))
            self.has_a_reason(str(refusal))

    @precondition(lambda self: self.case.step)
    @rule(steps=st.integers(2, 3))
    def carry_on(self, steps: int) -> None:
        for _step in range(steps):
            if self.case.step:
                self.do_as_it_should_be(1)

    @precondition(lambda self: self.case.step and self.procedure().mistakes_of(self.case.step))
    @rule(data=st.data())
    def hand_over_with_a_slip(self, data: st.DataObject) -> None:
        mistakes = self.procedure().mistakes_of(self.step)
        mistake = data.draw(st.sampled_from(sorted(mistakes)))
        late = 0.5 if mistakes[mistake].example else 100
        wrong = wrong_fields(self.procedure(), self.as_it_stands(), mistake)
        self.attempt(self.hand_over(wrong, late))

    @precondition(lambda self: self.case.step)
    @rule(data=st.data())
    def hand_over_anything(self, data: st.DataObject) -> None:
        entries = self.right()
        fields = self.procedure().steps[self.step].fields
        for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
            entries[name] = data.draw(some_entry(fields[name]), label=name)
        self.attempt(self.hand_over(entries, 1))

    @precondition(lambda self: self.case.step and may_send_back_to(self.case))
    @rule(data=st.data())
    def send_back(self, data: st.DataObject) -> None:
        to = data.draw(st.sampled_from(may_send_back_to(self.case)))
        self.apply(SendBack(**self.turn(), to=to, reason="Look again."))

    @precondition(lambda self: self.case.step)
    @rule(data=st.data())
    def give_to_another(self, data: st.DataObject) -> None:
        with self.sandbox.read() as session:
            people = [user.user_id for user in holders(session, self.turn()["seat"])]
        if people:
            self.apply(Reassign(**self.turn(), holder=data.draw(st.sampled_from(people))))

    @rule(hours=st.sampled_from([0.5, 20]))
    def let_time_pass(self, hours: float) -> None:
        until = STANDARD.add(self.case.last_moment, hours)
        crm.let_pass(self.sandbox, self.case.case_id, until)

    @precondition(lambda self: self.case.step)
    @rule(kind=st.sampled_from(ILLEGAL), data=st.data())
    def do_what_is_not_allowed(self, kind: str, data: st.DataObject) -> None:
        seen, user, action = self.case, None, self.illegal(kind, data)
        if kind == "a user of another seat":
            user = "U-nobody"
            with self.sandbox.read() as session:
                if not holders(session, action.seat):
                    return  # nobody is known for this seat, so anybody may sit in it
        if kind == "a case seen too long ago":
            if len(self.seen) == 1:
                return
            seen = data.draw(st.sampled_from(self.seen[:-1]))
        self.refused(action, seen, user)

    @precondition(lambda self: self.case.step is None)
    @rule(back=st.booleans())
    def act_on_a_closed_case(self, back: bool) -> None:
        last = self.case.visit
        turn = {"seat": last.seat, "step": last.step, "at": self.case.last_moment}
        actions: list[Action] = [
            SendBack(**turn, to=self.procedure().start, reason="Once more."),
            HandOver(**turn, fields=self.case.values[last.step]),
        ]
        self.refused(actions[back], self.case, None)

    # What always holds ------------------------------------------------------------------------

    @invariant()
    def what_is_stored_is_what_was_done(self) -> None:
        with self.sandbox.read() as session:
            assert crm.read_case(session, self.case.case_id) == self.case

    @invariant()
    def it_can_still_be_closed(self) -> None:
        assert by_the_procedure(self.procedure(), self.as_it_stands()).closed_at

    @invariant()
    def nothing_costs_twice_and_every_cost_has_its_slip(self) -> None:
        landed = [(felt.mistake, felt.part) for felt in self.case.felt]
        assert len(landed) == len(set(landed))
        assert {name for name, _part in landed} <= {slip.mistake for slip in self.case.slips}

    @invariant()
    def time_goes_forward(self) -> None:
        for visit in self.case.visits:
            assert visit.entered_at <= (visit.done_at or visit.entered_at)
        entered = [visit.entered_at for visit in self.case.visits]
        assert entered == sorted(entered)
        with self.sandbox.read() as session:
            events = session.query(tables.Event).filter_by(case_id=self.case.case_id)
            events = events.order_by(tables.Event.event_id)
            moments = [event.timestamp for event in events]
        assert moments == sorted(moments)

    def the_trail_rebuilds_the_state(self) -> None:
        with self.sandbox.read() as session:
            trail = list(session.query(tables.Audit).order_by(tables.Audit.audit_id))
        for case in self.all_cases():
            of_the_case = [line for line in trail if line.subject == case.case_id]
            assert past.replay(self.procedure(), of_the_case) == case
        fresh = open_sandbox("fresh", folder=Path(self.folder.name))
        with fresh.write("rebuild", subject="all", at=self.case.opened_at) as session:
            rebuild(session, trail)
        before, after = self.rows(), rows(fresh)
        assert {name: before[name] for name in before if name not in audit.TRAIL} == {
            name: after[name] for name in after if name not in audit.TRAIL
        }
        assert verify(self.sandbox).fault is None
        fresh.close()

    # How it is done ---------------------------------------------------------------------------

    @property
    def step(self) -> str:
        assert self.case.step is not None
        return self.case.step

    def has_a_reason(self, refusal: str) -> None:
        """What is right is refused only where an earlier desk has to put something right, or where
        the goods are not there."""
        now = self.as_it_stands()
        found = by_the_procedure(self.procedure(), now).sent_back != now.sent_back
        assert found or "in stock" in refusal

    def all_cases(self) -> list[Case]:
        """The cases that were opened, as they are now."""
        return [self.case]

    def as_it_stands(self) -> Case:
        """The case with what the CRM says of its records now."""
        with self.sandbox.read() as session:
            return crm.as_it_stands(session, self.procedure(), self.case, self.case.last_moment)

    def right(self) -> dict[str, Raw]:
        """What the procedure would enter now."""
        return right_fields(self.procedure(), self.as_it_stands())

    def turn(self, hours: float = 1) -> dict[str, Any]:
        seat = self.procedure().steps[self.step].seat
        return {
            "seat": seat,
            "step": self.step,
            "at": STANDARD.add(self.case.last_moment, hours),
        }

    def hand_over(self, fields: dict[str, Raw], hours: float) -> HandOver:
        return HandOver(**self.turn(hours), fields=fields)

    def apply(self, action: Action) -> None:
        before = self.case
        self.case = crm.apply(self.sandbox, self.procedure(), before, action).case
        self.seen.append(self.case)
        assert self.case.version == before.version + 1

    def attempt(self, action: Action) -> None:
        """Do it, or see that a refusal left everything as it was."""
        before = self.rows()
        with suppress(Refused):
            self.apply(action)
            return
        assert self.rows() == before

    def refused(self, action: Action, seen: Case, user: str | None) -> None:
        before = self.rows()
        with pytest.raises((Refused, StaleCase)):
            crm.apply(self.sandbox, self.procedure(), seen, action, user=user)
        assert self.rows() == before

    def illegal(self, kind: str, data: st.DataObject) -> Action:
        procedure, turn = self.procedure(), self.turn()
        right = self.right()
        others = sorted(set(procedure.seats) - {turn["seat"]})
        steps = sorted(set(procedure.steps) - {self.step})
        required = [n for n, f in procedure.steps[self.step].fields.items() if f.required]
        if kind == "wrong seat":
            turn["seat"] = data.draw(st.sampled_from([*others, "nobody"]))
        elif kind == "wrong step":
            turn["step"] = data.draw(st.sampled_from(steps))
        elif kind == "no such step":
            turn["step"] = "nowhere"
        elif kind == "unknown field":
            right["no_such_field"] = 1
        elif kind == "missing fields":
            right = {} if required else {"no_such_field": 1}
        elif kind == "a record that is not there":
            found = [n for n, f in procedure.steps[self.step].fields.items() if f.record]
            right |= dict.fromkeys(found, "Z-0000") or {"no_such_field": 1}
        elif kind == "a moment in the past":
            turn["at"] = self.case.last_moment - timedelta(seconds=1)
        elif kind == "sent back without a reason":
            return SendBack(**turn, to=procedure.start, reason="  ")
        elif kind == "sent back to where it is":
            return SendBack(**turn, to=self.step, reason="Look again.")
        elif kind == "given to nobody we know":
            return Reassign(**turn, holder="U-nobody")
        return HandOver(**turn, fields=right)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        return rows(self.sandbox)


class WithTheComplaint(Actions):
    def procedure(self) -> Procedure:
        return load("complaint")


class WithTheTinyOne(Actions):
    def procedure(self) -> Procedure:
        return tiny()


LIMITS = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("machine", [WithTheComplaint, WithTheTinyOne])
def test_random_actions(machine: type[Actions], database: str) -> None:
    fewer = {"sqlite": LIMITS, "postgresql": settings(LIMITS, max_examples=10)}
    run_state_machine_as_test(machine, settings=fewer[database])
