"""Units of an order are conserved and statuses move forward only, whatever is tried in whatever order."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.domain import purchasing as rules
from app.domain.purchasing import ActNotAllowed, LineUnits, TooManyUnits

UNITS = st.integers(0, 200)
_RANK = {status: rank for rank, status in enumerate(rules.STATUSES)}


class OrderLife(RuleBasedStateMachine):
    """One order of one to three lines, to which anything may be tried at any time."""

    @initialize(ordered=st.lists(st.integers(1, 300), min_size=1, max_size=3))
    def draft(self, ordered: list[int]) -> None:
        self.status = rules.DRAFT
        self.lines = [LineUnits(units) for units in ordered]
        self.ordered = list(ordered)
        self.history = [self.status]

    def _move(self, act: str, status: str) -> bool:
        try:
            rules.check(self.status, act)
        except ActNotAllowed as error:
            assert not rules.may(self.status, act)
            assert act in str(error)
            return False
        assert rules.may(self.status, act)
        self.status = status
        self.history.append(status)
        return True

    @rule()
    def send(self) -> None:
        self._move("send", rules.SENT)

    @rule(line=st.integers(0, 2), good=UNITS, bad=st.integers(0, 20))
    def receive(self, line: int, good: int, bad: int) -> None:
        place = line % len(self.lines)
        before = self.lines[place]
        if not rules.may(self.status, "receive"):
            return
        if good + bad > before.open:
            with pytest.raises(TooManyUnits):
                before.receive(received=good, rejected=bad)
            return
        self.lines[place] = before.receive(received=good, rejected=bad)
        self._move("receive", rules.after_receipt(self.lines))

    @rule()
    def close(self) -> None:
        if self._move("close", rules.CLOSED):
            self.lines = [line.give_up() for line in self.lines]

    @rule()
    def cancel(self) -> None:
        if self._move("cancel", rules.CANCELLED):
            self.lines = [line.give_up() for line in self.lines]

    @invariant()
    def units_are_conserved(self) -> None:
        for line, ordered in zip(self.lines, self.ordered, strict=True):
            assert line.ordered == ordered
            assert ordered == line.received + line.rejected + line.cancelled + line.open
            assert min(line.received, line.rejected, line.cancelled, line.open) >= 0

    @invariant()
    def status_agrees_with_units(self) -> None:
        open_units = sum(line.open for line in self.lines)
        arrived = sum(line.received + line.rejected for line in self.lines)
        if self.status in (rules.RECEIVED, *rules.OVER):
            assert open_units == 0
        if self.status in (rules.DRAFT, rules.SENT, rules.CANCELLED):
            assert sum(line.received for line in self.lines) == 0 or arrived == 0
        if self.status in rules.OVER:
            assert not any(rules.may(self.status, act) for act in rules.ACTS)

    @invariant()
    def statuses_never_go_back(self) -> None:
        ranks = [_RANK[status] for status in self.history]
        assert ranks == sorted(ranks)

    @precondition(lambda self: self.status == rules.CANCELLED)
    @rule()
    def cancelled_after_a_receipt_is_impossible(self) -> None:
        assert all(line.received + line.rejected == 0 for line in self.lines)


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=settings().max_examples // 5, stateful_step_count=12)


@pytest.mark.parametrize("ordered", [1, 2, 7])
def test_a_delivery_fits_or_changes_nothing(ordered: int) -> None:
    line = LineUnits(ordered)
    for received, rejected in product(range(-2, 10), repeat=2):
        if received >= 0 and rejected >= 0 and received + rejected <= ordered:
            after = line.receive(received=received, rejected=rejected)
            left = ordered - received - rejected
            assert (after.received, after.rejected, after.open) == (received, rejected, left)
        else:
            with pytest.raises(TooManyUnits):
                line.receive(received=received, rejected=rejected)
        assert line == LineUnits(ordered)


def test_a_line_that_counts_more_than_was_ordered_cannot_exist() -> None:
    with pytest.raises(TooManyUnits):
        LineUnits(5, received=3, rejected=2, cancelled=1)
    with pytest.raises(TooManyUnits):
        LineUnits(5, received=-1)


def test_a_refusal_says_what_would_be_allowed() -> None:
    with pytest.raises(ActNotAllowed) as refused:
        rules.check(rules.DRAFT, "receive")
    assert (refused.value.status, refused.value.act) == (rules.DRAFT, "receive")
    assert refused.value.allowed == (rules.SENT, rules.PARTLY_RECEIVED)


def test_an_order_is_received_once_no_line_is_open() -> None:
    whole, part = LineUnits(5, received=4, rejected=1), LineUnits(5, received=4)
    assert rules.after_receipt([whole, whole]) == rules.RECEIVED
    assert rules.after_receipt([whole, part]) == rules.PARTLY_RECEIVED
