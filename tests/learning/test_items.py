from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from crmlab.learning.items import Choice, Option, Ordering
from crmlab.learning.outcome import State

OPTIONS = tuple(Option(v, f"text {v}", f"because {v}") for v in "abcd")
CHOICE = Choice("who", "Who?", OPTIONS, right="a")
ORDER = Ordering("order", "Order?", OPTIONS)


def test_each_answer_comes_with_its_reason() -> None:
    assert CHOICE.check(None).state is State.NOT_TRIED
    assert CHOICE.check("gone").state is State.NOT_TRIED
    assert CHOICE.check("a").state is State.RIGHT
    wrong = CHOICE.check("c")
    assert (wrong.state, wrong.because) == (State.NOT_RIGHT, "because c")


def test_an_order_says_how_far_it_fits() -> None:
    assert ORDER.check(None).state is State.NOT_TRIED
    assert ORDER.check(["a", "b"]).state is State.NOT_TRIED
    assert ORDER.check(list("abcd")).right
    told = ORDER.check(list("abdc"))
    assert told.state is State.NOT_RIGHT
    assert "2 steps fit" in told.because
    assert "because c" in told.because
    assert "because a" in ORDER.check(list("badc")).because


@given(st.text(max_size=20))
def test_a_learner_sees_the_same_order_every_time(learner: str) -> None:
    assert CHOICE.shown(learner) == CHOICE.shown(learner)
    assert sorted(o.value for o in CHOICE.shown(learner)) == list("abcd")
    assert ORDER.shown(learner) != OPTIONS


def test_the_right_answer_stands_anywhere() -> None:
    places = [
        [o.value for o in Choice(f"item{i}", "?", OPTIONS, "a").shown("Lin")].index("a")
        for i in range(200)
    ]
    for place in range(4):
        assert 25 < places.count(place) < 80


def test_what_has_an_order_of_its_own_is_not_shuffled() -> None:
    assert Choice("who", "?", OPTIONS, "a", fixed=True).shown("Lin") == OPTIONS


def test_only_one_order_is_right() -> None:
    right = [p for p in permutations("abcd") if ORDER.check(list(p)).right]
    assert right == [tuple("abcd")]
