"""Property: results do not depend on the order of events, and memberships never overlap."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.caseload.membership.commands.ends import End, NextMembership, compute_end
from services.caseload.membership.models import CaseMark, CaseState
from services.caseload.membership.rules import columns_from_facts, with_fact, with_objection
from shared.contracts.kinds import ExitReason

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 900).map(lambda days: FIRST + timedelta(days=days))


def build_effect(on: date, number: int) -> dict[str, Any]:
    values = {"effective_on": str(on), "effective_tahap": f"T{number}", "last_payable_tahap": f"L{number}"}
    return values | {"exit_reason": "PINDAH"}


@st.composite
def case_facts(draw: st.DrawFn) -> list[tuple[str, str, dict[str, Any]]]:
    """Draw the facts of one case as (kind, name, content), each once."""
    on = draw(DAYS)
    facts_drawn = [("fact", "proposed", {"exit_reason": "PINDAH"})]
    if draw(st.booleans()):
        facts_drawn.append(
            (
                "fact",
                "determined",
                build_effect(on, 1) | {"sk_no": "1", "sk_on": str(FIRST), "term_ends_on": str(FIRST)},
            )
        )
        if draw(st.booleans()):
            facts_drawn.append(("fact", "graduated", build_effect(on, 1) | {"certificate_no": "SG-1"}))
        for number in range(draw(st.integers(0, 3))):
            facts_drawn.append(("sanggah", str(number), {"suspends": draw(st.booleans())}))
            if draw(st.booleans()):
                outcome = draw(st.sampled_from(["DITOLAK", "DITERIMA"]))
                moved = build_effect(draw(DAYS), 2 + number) if draw(st.booleans()) else {}
                facts_drawn.append(("sanggah", str(number), {"outcome": outcome, **moved}))
        if draw(st.booleans()):
            facts_drawn.append(
                ("fact", "annulled", {"exit_reason": "PINDAH", "reason": "X", "back_pay_tahap": ["T1"]})
            )
    else:
        facts_drawn.append(("fact", "closed", {"exit_reason": "PINDAH", "reason": "X"}))
    return facts_drawn


def compute_columns(facts_drawn: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for kind, name, values in facts_drawn:
        facts = with_fact(facts, name, values) if kind == "fact" else with_objection(facts, name, values)
    return columns_from_facts(facts)


@given(drawn_case=case_facts(), data=st.data())
@settings(max_examples=300)
def test_case_does_not_depend_on_order_of_facts(
    drawn_case: list[tuple[str, str, dict[str, Any]]], data: st.DataObject
) -> None:
    again = data.draw(st.permutations(drawn_case + data.draw(st.lists(st.sampled_from(drawn_case)))))
    assert compute_columns(again) == compute_columns(drawn_case)


@dataclass
class Member:
    """A membership with its cases by effective day, None if undone."""

    kepesertaan_id: UUID
    first: date
    cases: dict[int, date | None] = field(default_factory=dict)
    end: End = field(default_factory=End)


@dataclass
class Family:
    """One bansos of one family, changed as commands and subscribers do."""

    members: list[Member] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: count(1))

    def recompute_end(self, number: int) -> None:
        member = self.members[number]
        later = self.members[number + 1 :]
        following = NextMembership(later[0].kepesertaan_id, later[0].first) if later else None
        dated = sorted((on, case) for case, on in member.cases.items() if on is not None)
        mark = build_case_mark(*dated[0]) if dated else None
        member.end = compute_end(member.first, mark, following)

    def re_enter(self, gap: int) -> None:
        """Add a re-entry, which is only possible after the end of the last membership."""
        end = self.members[-1].end.valid_to
        if end is not None:
            self.members.append(Member(UUID(int=next(self.ids)), end + timedelta(days=gap)))


def build_case_mark(on: date, number: int) -> CaseMark:
    return CaseMark(
        graduasi_id=UUID(int=number),
        exit_reason=ExitReason.PINDAH,
        state=CaseState.EFFECTIVE,
        effective_on=on,
        last_payable_tahap="L",
    )


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("effect"), st.integers(0, 3), DAYS),
        st.tuples(st.just("annul"), st.integers(0, 3), st.integers(0, 2)),
        st.tuples(st.just("back"), st.integers(0, 90), st.just(0)),
    ),
    max_size=25,
)


@given(acts=ACTS)
@settings(max_examples=400)
def test_memberships_never_overlap_and_cover_each_day(acts: list[tuple[str, int, Any]]) -> None:
    family = Family()
    family.members.append(Member(UUID(int=next(family.ids)), FIRST))
    for what, number, value in acts:
        apply_act(family, what, number, value)
        check_ranges(family.members)


def apply_act(family: Family, what: str, number: int, value: Any) -> None:
    if what == "back":
        family.re_enter(number)
        return
    place = number % len(family.members)
    cases = family.members[place].cases
    if what == "effect":
        cases[len(cases)] = value
    elif cases:
        cases[value % len(cases)] = None
    family.recompute_end(place)


def check_ranges(members: list[Member]) -> None:
    for member in members:
        end = member.end
        assert end.valid_to is None or end.valid_to > member.first, "a membership has a day at least"
        assert (end.valid_to is None) == (end.exit_reason is None and end.continued_by is None)
    for before, after in pairwise(members):
        end = before.end
        assert end.valid_to is not None
        assert end.valid_to <= after.first, "no overlap"
        # A gap between memberships follows from an exit. An undone exit leaves no gap.
        assert end.exit_reason is not None or (end.valid_to, end.continued_by) == (
            after.first,
            after.kepesertaan_id,
        )


def test_undone_end_without_re_entry_continues() -> None:
    assert compute_end(FIRST, None, None) == End()


def test_effect_before_first_day_leaves_one_day() -> None:
    assert compute_end(FIRST, build_case_mark(date(2020, 1, 1), 1), None).valid_to == FIRST + timedelta(
        days=1
    )
