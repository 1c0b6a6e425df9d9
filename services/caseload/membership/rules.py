"""What all that graduation has said of one case amounts to, in whatever order it was heard. Nothing here asks a database."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.caseload.membership.models import CaseState
from shared.contracts.kinds import ExitReason, SanggahOutcome

Facts = Mapping[str, Any]
STEPS = {
    "proposed": CaseState.OPEN,
    "closed": CaseState.CLOSED,
    "determined": CaseState.DETERMINED,
    "graduated": CaseState.EFFECTIVE,
    "annulled": CaseState.ANNULLED,
}
OBJECTED, PROPOSAL = "sanggah", "exit_proposal_id"
ORDER = list(CaseState)
STANDING = {CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE}


def with_fact(facts: Facts, fact: str, said: Facts) -> dict[str, Any]:
    """Return the facts with one more; what was said before of the same thing is replaced.

    A case that was returned is proposed again by somebody else: from which proposal of ours it came stays.
    """
    came_from = {PROPOSAL: said[PROPOSAL]} if said.get(PROPOSAL) else {}
    return {**facts, fact: dict(said), **came_from}


def with_objection(facts: Facts, sanggah_id: str, said: Facts) -> dict[str, Any]:
    """Return the facts with what is now known of one objection: that it was lodged, or how it was decided."""
    objections = facts.get(OBJECTED, {})
    return {**facts, OBJECTED: {**objections, sanggah_id: {**objections.get(sanggah_id, {}), **said}}}


def state_of(facts: Facts) -> CaseState:
    """Return how far the case is: the farthest that was told."""
    return max((STEPS[name] for name in facts if name in STEPS), key=ORDER.index, default=CaseState.OPEN)


def truth_of(facts: Facts) -> dict[str, Any]:
    """Return the columns of a case mark that follow from its facts.

    An accepted objection holds until graduation annuls; a refused one may move the effect to a later tahap.
    """
    state, said = state_of(facts), {name: facts[name] for name in STEPS if name in facts}
    objections = list(facts.get(OBJECTED, {}).values())
    effect, known = effect_of(facts), said.get("determined", {})
    reasons = [ExitReason(one["exit_reason"]) for one in said.values()]
    return {
        "exit_reason": reasons[0] if reasons else ExitReason.UNKNOWN,
        "held": state in STANDING and any(holds(one) for one in objections),
        "sk_no": known.get("sk_no"),
        "sk_on": day(known.get("sk_on")),
        "term_ends_on": day(known.get("term_ends_on")),
        "effective_on": day(effect.get("effective_on")),
        "effective_tahap": effect.get("effective_tahap"),
        "last_payable_tahap": effect.get("last_payable_tahap"),
        "certificate_no": said.get("graduated", {}).get("certificate_no"),
        "reason": (said.get("annulled") or said.get("closed") or {}).get("reason"),
        "back_pay_tahap": sorted(said.get("annulled", {}).get("back_pay_tahap", [])),
    }


def exit_proposal_of(facts: Facts) -> UUID | None:
    """Return the proposal of ours that the case came from, if it did."""
    named = facts.get(PROPOSAL)
    return UUID(named) if named else None


def holds(objection: Facts) -> bool:
    """Whether an objection stops the end: it suspends, and was not refused."""
    return bool(objection.get("suspends")) and objection.get("outcome") != SanggahOutcome.DITOLAK.value


def effect_of(facts: Facts) -> Facts:
    """Return when the case takes effect: as graduated, before that as determined; later where a refusal moved it."""
    told: list[Facts] = [facts[name] for name in ("graduated", "determined") if name in facts][:1]
    refused = [
        one for one in facts.get(OBJECTED, {}).values() if one.get("outcome") == SanggahOutcome.DITOLAK
    ]
    told += [one for one in refused if one.get("effective_on")]
    return max(told, key=rank, default={})


def rank(effect: Facts) -> tuple[str, bool, str]:
    """Return what the later of two effects is known by: nothing of it depends on which was heard first."""
    last, tahap = effect.get("last_payable_tahap"), effect.get("effective_tahap")
    return str(effect["effective_on"]), last is not None, str(tahap)


def day(text: str | None) -> date | None:
    """Return a date as a fact has it."""
    return date.fromisoformat(text) if text else None
