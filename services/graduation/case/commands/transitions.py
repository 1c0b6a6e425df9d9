from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from services.graduation.case.errors import CaseElsewhere, SamePersonTwice
from services.graduation.case.models import Graduasi, GraduasiHistory, GraduasiState, Stage
from services.graduation.case.queries import find_accompanied
from services.graduation.policy.models.policy import Policy
from services.graduation.review.models import StageAct
from services.graduation.tables import CaseReason
from shared.access import Actor
from shared.clock import Moment
from shared.database import (
    PreparedSelect,
    attach,
    await_driver,
    placeholder,
    raw,
    refuse_violations,
    vault_of,
)
from shared.dates import day_of
from shared.errors import NotFound

UPDATED_COLUMNS = (
    "state",
    "postponed_from",
    "outcome",
    "asesmen_id",
    "pernyataan_id",
    "usul_id",
    "version",
    "held_for",
    "assess_again",
)
# For one case a statement without a join: its generic plan always uses the primary key, whatever the table's size.
UPDATE_ONE = """
    UPDATE graduasi SET state = ($2::text[])[1], postponed_from = ($3::text[])[1], outcome = ($4::text[])[1],
        asesmen_id = ($5::uuid[])[1], pernyataan_id = ($6::uuid[])[1], usul_id = ($7::uuid[])[1],
        version = ($8::int[])[1], held_for = ($9::text[])[1], assess_again = ($22::boolean[])[1], since_on = $10
    WHERE graduasi_id = ($1::uuid[])[1]"""
UPDATE_MANY = """
    UPDATE graduasi AS g SET state = c.state, postponed_from = c.postponed_from, outcome = c.outcome,
        asesmen_id = c.asesmen_id, pernyataan_id = c.pernyataan_id, usul_id = c.usul_id, version = c.version,
        held_for = c.held_for, assess_again = c.assess_again, since_on = $10
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[],
        $9::text[], $22::boolean[])
        AS c(id, state, postponed_from, outcome, asesmen_id, pernyataan_id, usul_id, version, held_for, assess_again)
    WHERE g.graduasi_id = c.id"""
# One round trip for each transition: updates the cases, inserts the stage acts (checked by exclusion constraints)
# and appends the history.
RECORD = """
WITH moved AS ({}),
act AS (
    INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
    SELECT a.id, a.area, $11::text, $12, $13, $14, a.four, $15
    FROM unnest($1::uuid[], $16::text[], $17::boolean[]) AS a(id, area, four) WHERE $11::text IS NOT NULL)
INSERT INTO graduasi_history (graduasi_id, kode_wilayah, from_state, to_state, person, sub, role, at, reason_sealed,
    evidence_sha256, policy_version, reason_code, pendamping_id)
SELECT m.id, m.area, m.from_state, m.to_state, $12, $13, $14, $15, m.reason, $19, m.policy_version, $23, $24
FROM unnest($1::uuid[], $16::text[], $20::text[], $2::text[], $21::int[], $18::bytea[])
    WITH ORDINALITY AS m(id, area, from_state, to_state, policy_version, reason, number) ORDER BY m.number
"""
RECORD_ONE, RECORD_MANY = RECORD.format(UPDATE_ONE), RECORD.format(UPDATE_MANY)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a case, with a code and a note, which is sealed."""

    actor: Actor
    moment: Moment
    stage: Stage | None = None
    reason: str | None = None
    evidence: str | None = None
    code: CaseReason = CaseReason.LANGKAH


CASE, POLICY = Graduasi.__table__.c, Policy.__table__.c
# Fast path: a case costs 130 microseconds instead of 430 through the session (bench: decisions).
LOCKED_CASE = PreparedSelect(
    sa.select(*CASE, *POLICY)
    .join(Policy, Policy.policy_id == Graduasi.policy_id)
    .where(Graduasi.graduasi_id == placeholder(1, sa.Uuid()))
    .with_for_update(key_share=True, of=Graduasi)
)


async def load_case(session: AsyncSession, graduasi_id: UUID) -> tuple[Graduasi, Policy]:
    """Lock a case and return it, freshly read, with its policy.

    The policy is not locked, because many cases share it.

    Raises:
        NotFound
        CaseElsewhere: The family has moved. The caller's office opened the case, but another decides it.
    """
    rows = await LOCKED_CASE.fetch(session, graduasi_id)
    if not rows:
        # Row security lets the office that opened the case read it, but not lock it.
        statement = sa.select(Graduasi.kode_wilayah).where(Graduasi.graduasi_id == graduasi_id)
        if (area := await session.scalar(statement)) is not None:
            raise CaseElsewhere(kode_wilayah=area)
        raise NotFound("graduasi")
    case = attach(session, Graduasi, dict(zip(CASE.keys(), rows[0], strict=False)))
    return case, attach(session, Policy, dict(zip(POLICY.keys(), rows[0][len(CASE) :], strict=True)))


async def advance(
    session: AsyncSession,
    cases: Sequence[tuple[Graduasi, Policy]],
    path: Sequence[GraduasiState],
    act: Act,
    *,
    resuming: bool = False,
) -> None:
    """Move locked cases along `path`, and append the history of each transition.

    The stage act is written with the first transition.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately
    """
    # Fast path: one prepared statement writes the act and the history of all cases of a decision (bench: decisions).
    connection, statement = await raw(session), RECORD_ONE if len(cases) == 1 else RECORD_MANY
    reasons = _seal_reason(session, cases, act)
    for target in path:
        from_states = [case.state for case, _ in cases]
        for case, _ in cases:
            case.transition_to(target, act.moment.on, resuming=resuming)
        with refuse_violations(
            ex_stage_act_four_people=SamePersonTwice, ex_stage_act_four_accounts=SamePersonTwice
        ):
            await await_driver(connection.execute(statement, *_parameters(cases, from_states, reasons, act)))
        _mark_as_written(cases)
        await _require_not_accompanied(session, cases, act, act.stage)
        act = replace(act, stage=None)


def append_opening(session: AsyncSession, case: Graduasi, act: Act) -> None:
    """Append the opening of a new case, the first entry of its history."""
    session.add(
        GraduasiHistory(
            graduasi_id=case.graduasi_id,
            kode_wilayah=case.kode_wilayah,
            from_state=None,
            to_state=case.state,
            reason_code=act.code,
            person=act.actor.person,
            sub=act.actor.sub,
            role=act.actor.role,
            pendamping_id=act.actor.pendamping_id,
            at=act.moment.at,
            evidence_sha256=act.evidence,
            policy_version=case.policy_version,
        )
    )


def _mark_as_written(cases: Sequence[tuple[Graduasi, Policy]]) -> None:
    """Mark what RECORD has written as committed, before a query's autoflush would write it again."""
    for case, _ in cases:
        for name in ("since_on", *UPDATED_COLUMNS):
            set_committed_value(case, name, getattr(case, name))


async def _require_not_accompanied(
    session: AsyncSession, cases: Sequence[tuple[Graduasi, Policy]], act: Act, stage: Stage | None
) -> None:
    """Check that an official who decides has not accompanied the families lately.

    Raises:
        FamilyAccompaniedLately
    """
    if stage not in {None, Stage.USUL}:
        kpm_ids = [case.kpm_id for case, _ in cases]
        for refusal in (await find_accompanied(session, act.actor, kpm_ids, act.moment.on)).values():
            raise refusal


async def record_act(session: AsyncSession, case: Graduasi, policy: Policy, act: Act, stage: Stage) -> None:
    """Record an act in a stage that moves the case to no other state.

    Raises:
        SamePersonTwice, FamilyAccompaniedLately
    """
    row = StageAct(
        graduasi_id=case.graduasi_id,
        kode_wilayah=case.kode_wilayah,
        stage=stage,
        person=act.actor.person,
        sub=act.actor.sub,
        role=act.actor.role,
        four_people=policy.four_people,
        at=act.moment.at,
    )
    session.add(row)
    with refuse_violations(
        ex_stage_act_four_people=SamePersonTwice, ex_stage_act_four_accounts=SamePersonTwice
    ):
        await session.flush()
    await _require_not_accompanied(session, [(case, policy)], act, stage)


def _seal_reason(
    session: AsyncSession, cases: Sequence[tuple[Graduasi, Policy]], act: Act
) -> Sequence[bytes | None]:
    if act.reason is None:
        return [None] * len(cases)
    texts = [(case.graduasi_id, act.reason) for case, _ in cases]
    return vault_of(session).seal_many(texts, table="graduasi_history", column="reason")


def _parameters(
    cases: Sequence[tuple[Graduasi, Policy]],
    from_states: Sequence[GraduasiState],
    reasons: Sequence[bytes | None],
    act: Act,
) -> Iterator[object]:
    """Yield the parameters of RECORD in its order."""
    yield [case.graduasi_id for case, _ in cases]
    yield from ([getattr(case, name) for case, _ in cases] for name in UPDATED_COLUMNS[:-1])
    yield from (act.moment.on, act.stage, act.actor.person, act.actor.sub, act.actor.role, act.moment.at)
    yield [case.kode_wilayah for case, _ in cases]
    yield [policy.four_people for _, policy in cases]
    yield from (reasons, act.evidence, from_states)
    yield [case.policy_version for case, _ in cases]
    yield [case.assess_again for case, _ in cases]
    yield from (act.code, act.actor.pendamping_id)


# Fast path: prepared once, because building the statement costs as much as running it (bench: decisions).
ENTERED_AT = PreparedSelect(
    sa.select(sa.func.max(GraduasiHistory.at).label("at")).where(
        GraduasiHistory.graduasi_id == placeholder(1, sa.Uuid()),
        GraduasiHistory.to_state == placeholder(2, sa.Text()),
        GraduasiHistory.from_state != GraduasiState.DITUNDA,
    )
)


async def read_entry_date(session: AsyncSession, case: Graduasi, state: GraduasiState) -> date:
    """Return the day on which the case entered a state. A resumption is no entry."""
    ((at,),) = await ENTERED_AT.fetch(session, case.graduasi_id, state)
    return day_of(at) if at is not None else case.since_on
