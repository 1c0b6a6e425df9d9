"""Pure functions that compute a case from graduation's events, in whatever order they arrive."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.caseload.membership.models import CaseState
from shared.contracts.kinds import BackPayReason, ExitReason, SanggahOutcome

Facts = Mapping[str, Any]
STEPS = {
    "proposed": CaseState.OPEN,
    "closed": CaseState.CLOSED,
    "determined": CaseState.DETERMINED,
    "graduated": CaseState.EFFECTIVE,
    "annulled": CaseState.ANNULLED,
}
LAINNYA = BackPayReason.LAINNYA.value
OBJECTIONS, PROPOSAL, MONITORED = "sanggah", "exit_proposal_id", "monitored"
ORDER = list(CaseState)
# Outcomes of an objection after which the exit goes on.
CONTINUES = (SanggahOutcome.DITOLAK, SanggahOutcome.SALAH_CATAT)
SUSPENDABLE = {CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE}


def with_fact(facts: Facts, fact: str, values: Facts) -> dict[str, Any]:
    """Return the facts with one added. It replaces an earlier fact of the same name.

    The exit proposal stays when a returned case is proposed again by another person.
    """
    proposal = {PROPOSAL: values[PROPOSAL]} if values.get(PROPOSAL) else {}
    return {**facts, fact: dict(values), **proposal}


def with_objection(facts: Facts, sanggah_id: str, values: Facts) -> dict[str, Any]:
    """Return the facts with one objection added or updated."""
    objections = facts.get(OBJECTIONS, {})
    return {**facts, OBJECTIONS: {**objections, sanggah_id: {**objections.get(sanggah_id, {}), **values}}}


def state_of(facts: Facts) -> CaseState:
    """Return the latest state among the facts."""
    return max((STEPS[name] for name in facts if name in STEPS), key=ORDER.index, default=CaseState.OPEN)


def columns_from_facts(facts: Facts) -> dict[str, Any]:
    """Return the columns of a case mark that are computed from its facts.

    An accepted objection suspends the end until graduation annuls the SK. A refused one may move the effect to a later
    tahap. One that has lapsed suspends nothing.
    """
    state, steps = state_of(facts), {name: facts[name] for name in STEPS if name in facts}
    objections = list(facts.get(OBJECTIONS, {}).values())
    effect, sk = effect_of(facts), steps.get("determined", {})
    reasons = [ExitReason(step["exit_reason"]) for step in steps.values()]
    return {
        "exit_reason": reasons[0] if reasons else ExitReason.UNKNOWN,
        "held": state in SUSPENDABLE and any(suspends(objection) for objection in objections),
        "sk_no": sk.get("sk_no"),
        "sk_on": parse_date(sk.get("sk_on")),
        "announced_on": parse_date(sk.get("announced_on") or sk.get("sk_on")),
        "term_ends_on": parse_date(sk.get("term_ends_on")),
        "effective_on": parse_date(effect.get("effective_on")),
        "effective_tahap": effect.get("effective_tahap"),
        "last_payable_tahap": effect.get("last_payable_tahap"),
        "certificate_no": steps.get("graduated", {}).get("certificate_no"),
        "reason": (steps.get("annulled") or steps.get("closed") or {}).get("reason"),
        "monitored": steps.get("graduated", {}).get("monitoring_months", 0) != 0,
        "monitoring_ended_on": parse_date(facts.get(MONITORED, {}).get("recorded_on")),
        "back_pay": back_pay_of(steps.get("annulled", {})),
    }


def back_pay_of(annulled: Facts) -> list[dict[str, Any]]:
    """Return the decisions of an annulment on withheld tahap.

    An event that was published before it carried decisions names the paid tahap only.
    """
    paid = [{"tahap": tahap, "paid": True, "reason": LAINNYA} for tahap in annulled.get("back_pay_tahap", [])]
    return sorted(annulled.get("back_pay") or paid, key=lambda one: one["tahap"])


def exit_proposal_of(facts: Facts) -> UUID | None:
    """Return the id of the exit proposal that the case came from, if any."""
    proposal_id = facts.get(PROPOSAL)
    return UUID(proposal_id) if proposal_id else None


def suspends(objection: Facts) -> bool:
    """Return whether an objection suspends the end.

    It was lodged in term, and is open or accepted.
    """
    over = {outcome.value for outcome in (*CONTINUES, SanggahOutcome.GUGUR)}
    return bool(objection.get("suspends")) and objection.get("outcome") not in over


def effect_of(facts: Facts) -> Facts:
    """Return the fact that sets when the case takes effect.

    It is the graduation, before that the SK, or a refused objection with a later effect.
    """
    effects: list[Facts] = [facts[name] for name in ("graduated", "determined") if name in facts][:1]
    refused = [row for row in facts.get(OBJECTIONS, {}).values() if row.get("outcome") in CONTINUES]
    effects += [row for row in refused if row.get("effective_on")]
    return max(effects, key=effect_rank, default={})


def effect_rank(effect: Facts) -> tuple[str, bool, str]:
    """Return the sort key of effects. It does not depend on the order of events."""
    last, tahap = effect.get("last_payable_tahap"), effect.get("effective_tahap")
    return str(effect["effective_on"]), last is not None, str(tahap)


def parse_date(text: str | None) -> date | None:
    """Return the date of an ISO text, None without one."""
    return date.fromisoformat(text) if text else None
