"""Queries of the candidates of a policy version, with reasons in words."""

from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.candidate.errors import CandidateRuleMissing
from services.graduation.candidate.models import UNRANKED, Candidate, CandidateFields
from services.graduation.case.models import NOT_ENDED_WITHOUT_EXIT, Graduasi
from services.graduation.policy.errors import PolicyMissing
from services.graduation.policy.models.instrument import Instrument
from services.graduation.policy.models.policy import CountedMemberships, Policy
from services.graduation.policy.queries import find_policy
from services.graduation.policy.rules import find_exemption
from services.graduation.visibility import select_accompanied_kpm
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import Bansos, DesilScope, ExitReason
from shared.dates import months_after, months_between
from shared.errors import NotFound
from shared.validity import valid_on
from shared.wilayah import KABKOTA_LENGTH
from shared.words import Words

RANKS = {
    DesilScope.NAS: Candidate.rank_nas,
    DesilScope.PROV: Candidate.rank_prov,
    DesilScope.KABKOTA: Candidate.rank_kabkota,
}
CANDIDATE_COLUMNS = (
    *(getattr(Candidate, name) for name in CandidateFields.model_fields),
    Candidate.kabkota,
    Candidate.member_since,
    Candidate.counted_since,
    Candidate.able_productive,
    Candidate.lansia,
    Candidate.disabilitas,
    Candidate.usaha_since,
)


@dataclass(frozen=True, slots=True)
class CandidateRule:
    """A policy version, its instrument's exemption, and the months before a natural exit."""

    policy: Policy
    on: date
    instrument: Instrument | None
    natural_months: int | None

    @property
    def natural(self) -> bool:
        """Whether candidates are families whose last komponen ends soon."""
        return self.policy.candidate_komponen_months is not None

    @property
    def program_months(self) -> int | None:
        """The months in the program that make a candidate."""
        years = self.policy.candidate_program_years
        return self.policy.candidate_program_months if years is None else 12 * years

    @property
    def since(self) -> Any:
        """The column with the day from which the time in the program is counted."""
        everything = self.policy.counted_memberships is CountedMemberships.ALL
        return Candidate.counted_since if everything else Candidate.member_since

    @property
    def order(self) -> tuple[Any, ...]:
        """The columns by which the list is ordered. Each combination has an index."""
        priority = Candidate.last_komponen_ends_on if self.natural else self.rank
        return (Candidate.kabkota, priority, Candidate.kepesertaan_id)

    @property
    def rank(self) -> Any:
        """The column with the rank in the policy's desil scope."""
        return RANKS[self.policy.candidate_desil_scope or DesilScope.NAS]


async def read_candidate_rule(
    session: AsyncSession, exit_reason: ExitReason, version: int | None = None
) -> CandidateRule:
    """Return the candidate rule of a policy version, by default the one in force.

    Raises:
        PolicyMissing, CandidateRuleMissing
        NotFound: The exit reason has no such version.
    """
    on = await clock.today(session)
    policy, instrument = await _read_policy(session, exit_reason, version, on)
    reasons = (
        policy.candidate_desil_at_least,
        policy.candidate_usaha_months,
        policy.candidate_program_years,
        policy.candidate_program_months,
    )
    if policy.candidate_komponen_months is None and not any(one is not None for one in reasons):
        raise CandidateRuleMissing("/query/exit_reason", exit_reason=exit_reason)
    natural = await find_policy(session, ExitReason.ALAMIAH, on)
    return CandidateRule(policy, on, instrument, natural.candidate_komponen_months if natural else None)


async def _read_policy(
    session: AsyncSession, exit_reason: ExitReason, version: int | None, on: date
) -> tuple[Policy, Instrument | None]:
    in_force = valid_on(Policy.valid_from, Policy.valid_to, on)
    statement = (
        sa.select(Policy, Instrument)
        .outerjoin(Instrument, Instrument.instrument_id == Policy.instrument_id)
        .where(Policy.exit_reason == exit_reason, in_force if version is None else Policy.version == version)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is not None:
        return row[0], row[1]
    if version is not None:
        raise NotFound("policy", "/query/policy_version")
    raise PolicyMissing("/query/exit_reason", exit_reason=exit_reason, on=on)


def select_candidates(
    actor: Actor, rule: CandidateRule, kode_wilayah: str | None, bansos: Bansos | None
) -> Any:
    """Select the candidates of the actor's areas, or of families that a pendamping accompanies today."""
    on, columns = rule.on, (*CANDIDATE_COLUMNS, rule.rank) if not rule.natural else CANDIDATE_COLUMNS
    statement = sa.select(*columns).where(
        valid_on(Candidate.member_since, Candidate.member_until, on),
        _meets_rule(rule),
        _has_no_case(),
    )
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Candidate.kpm_id.in_(select_accompanied_kpm(actor, on)))
    for areas in (actor.areas if not actor.national else None, (kode_wilayah,) if kode_wilayah else None):
        if areas is not None:
            statement = statement.where(sa.or_(sa.false(), *(_lies_in(area) for area in areas)))
    return statement if bansos is None else statement.where(Candidate.bansos == bansos)


def _meets_rule(rule: CandidateRule) -> sa.ColumnElement[bool]:
    if rule.natural:
        last_day = months_after(rule.on, rule.policy.candidate_komponen_months or 0)
        return Candidate.last_komponen_ends_on <= last_day
    reasons = [
        one
        for one in (_meets_desil(rule), _meets_usaha(rule), _meets_time_in_program(rule))
        if one is not None
    ]
    # Written as combinations and not as a sum, because a sum uses no index.
    sets = combinations(reasons, rule.policy.candidate_reasons)
    enough = sa.or_(sa.false(), *(sa.and_(*one) for one in sets))
    if rule.natural_months is None:
        return enough
    # A family with a natural exit soon is not a candidate for another exit reason.
    last_day = months_after(rule.on, rule.natural_months)
    no_natural_exit = sa.func.coalesce(Candidate.last_komponen_ends_on > last_day, sa.true())
    return sa.and_(enough, no_natural_exit)


def _meets_desil(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    minimum = rule.policy.candidate_desil_at_least
    return None if minimum is None else rule.rank <= UNRANKED - minimum


def _meets_usaha(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    months = rule.policy.candidate_usaha_months
    if months is None:
        return None
    return sa.func.coalesce(Candidate.usaha_since <= months_after(rule.on, -months), sa.false())


def _meets_time_in_program(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    months = rule.program_months
    return None if months is None else rule.since <= months_after(rule.on, -months)


def _has_no_case() -> sa.ColumnElement[bool]:
    # The same condition as the partial index, so that the index is used.
    cases = sa.select(Graduasi.graduasi_id).where(Graduasi.kepesertaan_id == Candidate.kepesertaan_id)
    return sa.not_(cases.where(NOT_ENDED_WITHOUT_EXIT).exists())


def _lies_in(area: str) -> sa.ColumnElement[bool]:
    # Compares the kabkota first, because the list is ordered by it.
    code, kabkota = Candidate.kode_wilayah, Candidate.kabkota
    inside = sa.or_(code == area, sa.and_(code >= f"{area}.", code < f"{area}/"))
    if len(area) < KABKOTA_LENGTH:
        return sa.and_(kabkota >= area, kabkota < f"{area}/")
    if len(area) == KABKOTA_LENGTH:
        return kabkota == area
    return sa.and_(kabkota == area[:KABKOTA_LENGTH], inside)


SCOPE_NAMES = {
    DesilScope.NAS: ("national", "nasional"),
    DesilScope.PROV: ("provincial", "provinsi"),
    DesilScope.KABKOTA: ("district's", "kabupaten/kota"),
}


def to_candidate(rule: CandidateRule, row: dict[str, Any]) -> dict[str, Any]:
    """Return the view of a row, with reasons and exemption in words."""
    grounds = (
        find_exemption(rule.instrument, row["able_productive"], row["lansia"], row["disabilitas"])
        if rule.instrument
        else []
    )
    return {
        **{name: row[name] for name in CandidateFields.model_fields},
        "exit_reason": rule.policy.exit_reason,
        "policy_version": rule.policy.version,
        "proposed": not grounds,
        "reasons": [one for one in _explain_reasons(rule, row) if one is not None],
        "why_not": [_explain_exemption(ground) for ground in grounds],
    }


def _explain_reasons(rule: CandidateRule, row: dict[str, Any]) -> list[dict[str, str] | None]:
    if rule.natural:
        ends_on = row["last_komponen_ends_on"]
        return [
            {
                "code": "KOMPONEN",
                "en": f"The family's last komponen ends on {ends_on}: a natural exit.",
                "id": f"Komponen terakhir keluarga berakhir {ends_on}: graduasi alamiah.",
            }
        ]
    return [_explain_desil(rule, row), _explain_usaha(rule, row), _explain_time_in_program(rule, row)]


def _explain_desil(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    minimum, scope = rule.policy.candidate_desil_at_least, rule.policy.candidate_desil_scope
    desil = UNRANKED - row[rule.rank.key]
    if minimum is None or scope is None or desil < minimum:
        return None
    scope_en, scope_id = SCOPE_NAMES[scope]
    return {
        "code": "DESIL",
        "en": f"Its {scope_en} desil is {desil}; {minimum} or above makes a candidate.",
        "id": f"Desil {scope_id} keluarga {desil}; calon jika {minimum} ke atas.",
    }


def _explain_usaha(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    minimum, since = rule.policy.candidate_usaha_months, row["usaha_since"]
    if minimum is None or since is None or since > months_after(rule.on, -minimum):
        return None
    months = months_between(since, rule.on)
    return {
        "code": "USAHA",
        "en": f"A business has run for {months} months; {minimum} or more make a candidate.",
        "id": f"Usaha berjalan {months} bulan; calon jika {minimum} bulan atau lebih.",
    }


def _explain_time_in_program(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    minimum, since = rule.program_months, row[rule.since.key]
    if minimum is None or since > months_after(rule.on, -minimum):
        return None
    months = months_between(since, rule.on)
    if rule.policy.candidate_program_years is None:
        return {
            "code": "PROGRAM_MONTHS",
            "en": f"The family has been in this bansos for {months} months; {minimum} or more make a candidate.",
            "id": f"Keluarga sudah {months} bulan pada bansos ini; calon jika {minimum} bulan atau lebih.",
        }
    years, minimum = months // 12, minimum // 12
    return {
        "code": "PROGRAM_YEARS",
        "en": f"The family has been in this bansos for {years} years; {minimum} or more make a candidate.",
        "id": f"Keluarga sudah {years} tahun pada bansos ini; calon jika {minimum} tahun atau lebih.",
    }


def _explain_exemption(ground: Words) -> dict[str, str]:
    return {"code": "EXEMPT", "en": f"Not proposed: {ground}.", "id": f"Tidak diusulkan: {ground.id}."}
