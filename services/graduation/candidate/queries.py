"""Candidates: who the policy of the day would have looked at, most promising first, with reasons in words."""

from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.candidate.errors import CandidateRuleMissing
from services.graduation.candidate.models import UNRANKED, Candidate, CandidateFields
from services.graduation.case.models import STANDING, Graduasi
from services.graduation.policy.errors import PolicyMissing
from services.graduation.policy.models.instrument import Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.visibility import held_by
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import Bansos, DesilScope, ExitReason
from shared.dates import months_after, months_between
from shared.validity import holds_on
from shared.wilayah import KABKOTA_LENGTH

RANKS = {
    DesilScope.NAS: Candidate.rank_nas,
    DesilScope.PROV: Candidate.rank_prov,
    DesilScope.KABKOTA: Candidate.rank_kabkota,
}
SHOWN = (
    *(getattr(Candidate, name) for name in CandidateFields.model_fields),
    Candidate.kabkota,
    Candidate.member_since,
    Candidate.able_productive,
    Candidate.usaha_since,
)


@dataclass(frozen=True, slots=True)
class CandidateRule:
    """The policy of the day with what else decides: whom its instrument exempts, and when a natural exit is near."""

    policy: Policy
    on: date
    exempt_below_able: int
    natural_months: int | None

    @property
    def natural(self) -> bool:
        """Whether the exit is the end of the last komponen; such a candidate is listed by that day."""
        return self.policy.candidate_komponen_months is not None

    @property
    def order(self) -> tuple[Any, ...]:
        """The columns of the list, each with its index: area, then how near or how well off, then the membership."""
        lead = Candidate.last_komponen_ends_on if self.natural else self.rank
        return (Candidate.kabkota, lead, Candidate.kepesertaan_id)

    @property
    def rank(self) -> Any:
        """The rank in the population that the policy names."""
        return RANKS[self.policy.candidate_desil_scope or DesilScope.NAS]


async def candidate_rule(session: AsyncSession, exit_reason: ExitReason) -> CandidateRule:
    """Return what makes a candidate today.

    Raises:
        PolicyMissing, CandidateRuleMissing
    """
    on = await clock.today(session)
    in_force = (
        sa.select(Policy, Instrument.exempt_below_able)
        .outerjoin(Instrument, Instrument.instrument_id == Policy.instrument_id)
        .where(
            Policy.exit_reason.in_({exit_reason, ExitReason.ALAMIAH} - {ExitReason.UNKNOWN}),
            holds_on(Policy.valid_from, Policy.valid_to, on),
        )
    )
    found = {row[0].exit_reason: row for row in (await session.execute(in_force)).all()}
    if exit_reason not in found:
        raise PolicyMissing("/query/exit_reason", exit_reason=exit_reason, on=on)
    policy, exempt_below = found[exit_reason]
    wanted = (policy.candidate_desil_at_least, policy.candidate_usaha_months, policy.candidate_program_years)
    if policy.candidate_komponen_months is None and not any(one is not None for one in wanted):
        raise CandidateRuleMissing("/query/exit_reason", exit_reason=exit_reason)
    natural = found.get(ExitReason.ALAMIAH)
    months = natural[0].candidate_komponen_months if natural else None
    return CandidateRule(policy, on, exempt_below or 0, months)


def candidates(actor: Actor, rule: CandidateRule, kode_wilayah: str | None, bansos: Bansos | None) -> Any:
    """Select the candidates of the caller's areas (a pendamping's: of the families they hold today)."""
    on, shown = rule.on, (*SHOWN, rule.rank) if not rule.natural else SHOWN
    statement = sa.select(*shown).where(
        holds_on(Candidate.member_since, Candidate.member_until, on),
        _wanted(rule),
        _without_a_case(),
    )
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Candidate.kpm_id.in_(held_by(actor, on)))
    for areas in (actor.areas if not actor.national else None, (kode_wilayah,) if kode_wilayah else None):
        if areas is not None:
            statement = statement.where(sa.or_(sa.false(), *(_below(area) for area in areas)))
    return statement if bansos is None else statement.where(Candidate.bansos == bansos)


def _wanted(rule: CandidateRule) -> sa.ColumnElement[bool]:
    """As many reasons as the policy asks for; who leaves by nature soon is not pushed to leave otherwise."""
    if rule.natural:
        return Candidate.last_komponen_ends_on <= _near(rule.on, rule.policy.candidate_komponen_months)
    asked = [one for one in (_by_desil(rule), _by_usaha(rule), _by_years(rule)) if one is not None]
    # Said as combinations and never as a sum, which no index could be asked for.
    together = combinations(asked, rule.policy.candidate_reasons)
    enough = sa.or_(sa.false(), *(sa.and_(*some) for some in together))
    if rule.natural_months is None:
        return enough
    stays = sa.func.coalesce(Candidate.last_komponen_ends_on > _near(rule.on, rule.natural_months), sa.true())
    return sa.and_(enough, stays)


def _near(on: date, months: int | None) -> date:
    return months_after(on, months or 0)


def _by_desil(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    gate = rule.policy.candidate_desil_at_least
    return None if gate is None else rule.rank <= UNRANKED - gate


def _by_usaha(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    months = rule.policy.candidate_usaha_months
    if months is None:
        return None
    return sa.func.coalesce(Candidate.usaha_since <= months_after(rule.on, -months), sa.false())


def _by_years(rule: CandidateRule) -> sa.ColumnElement[bool] | None:
    years = rule.policy.candidate_program_years
    return None if years is None else Candidate.member_since <= months_after(rule.on, -12 * years)


def _without_a_case() -> sa.ColumnElement[bool]:
    """No case is open or in effect on the membership; said in the words of the index that holds it."""
    mine = sa.select(Graduasi.graduasi_id).where(Graduasi.kepesertaan_id == Candidate.kepesertaan_id)
    return sa.not_(mine.where(STANDING).exists())


def _below(area: str) -> sa.ColumnElement[bool]:
    """An area and what lies below it; its kabupaten first, because the list is ordered by that."""
    code, kabkota = Candidate.kode_wilayah, Candidate.kabkota
    inside = sa.or_(code == area, sa.and_(code >= f"{area}.", code < f"{area}/"))
    if len(area) < KABKOTA_LENGTH:
        return sa.and_(kabkota >= area, kabkota < f"{area}/")
    if len(area) == KABKOTA_LENGTH:
        return kabkota == area
    return sa.and_(kabkota == area[:KABKOTA_LENGTH], inside)


SCOPES = {
    DesilScope.NAS: ("national", "nasional"),
    DesilScope.PROV: ("provincial", "provinsi"),
    DesilScope.KABKOTA: ("district's", "kabupaten/kota"),
}


def as_candidate(rule: CandidateRule, row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into what is shown: why the family is a candidate, and why it is not proposed where it is exempt."""
    exempt = row["able_productive"] < rule.exempt_below_able
    return {
        **{name: row[name] for name in CandidateFields.model_fields},
        "exit_reason": rule.policy.exit_reason,
        "policy_version": rule.policy.version,
        "proposed": not exempt,
        "reasons": [one for one in _reasons(rule, row) if one is not None],
        "why_not": [_exempt(row["able_productive"], rule.exempt_below_able)] if exempt else [],
    }


def _reasons(rule: CandidateRule, row: dict[str, Any]) -> list[dict[str, str] | None]:
    if rule.natural:
        ends = row["last_komponen_ends_on"]
        return [
            {
                "code": "KOMPONEN",
                "en": f"The family's last komponen ends on {ends}: a natural exit.",
                "id": f"Komponen terakhir keluarga berakhir {ends}: graduasi alamiah.",
            }
        ]
    return [_desil(rule, row), _usaha(rule, row), _years(rule, row)]


def _desil(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    gate, scope = rule.policy.candidate_desil_at_least, rule.policy.candidate_desil_scope
    desil = UNRANKED - row[rule.rank.key]
    if gate is None or scope is None or desil < gate:
        return None
    name, nama = SCOPES[scope]
    return {
        "code": "DESIL",
        "en": f"Its {name} desil is {desil}; {gate} or above makes a candidate.",
        "id": f"Desil {nama} keluarga {desil}; calon jika {gate} ke atas.",
    }


def _usaha(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    asked, since = rule.policy.candidate_usaha_months, row["usaha_since"]
    if asked is None or since is None or since > months_after(rule.on, -asked):
        return None
    months = months_between(since, rule.on)
    return {
        "code": "USAHA",
        "en": f"A business has run for {months} months; {asked} or more make a candidate.",
        "id": f"Usaha berjalan {months} bulan; calon jika {asked} bulan atau lebih.",
    }


def _years(rule: CandidateRule, row: dict[str, Any]) -> dict[str, str] | None:
    asked = rule.policy.candidate_program_years
    if asked is None or row["member_since"] > months_after(rule.on, -12 * asked):
        return None
    years = months_between(row["member_since"], rule.on) // 12
    return {
        "code": "PROGRAM_YEARS",
        "en": f"The family has been in this bansos for {years} years; {asked} or more make a candidate.",
        "id": f"Keluarga sudah {years} tahun pada bansos ini; calon jika {asked} tahun atau lebih.",
    }


def _exempt(able: int, asked: int) -> dict[str, str]:
    return {
        "code": "EXEMPT",
        "en": f"Not proposed: the family has {able} able members of working age, fewer than {asked}.",
        "id": f"Tidak diusulkan: keluarga memiliki {able} anggota produktif yang mampu, kurang dari {asked}.",
    }
