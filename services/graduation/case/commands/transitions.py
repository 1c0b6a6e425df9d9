from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from services.graduation.case.errors import CaseElsewhere, SamePersonTwice
from services.graduation.case.models import Graduasi, GraduasiHistory, GraduasiState, Stage
from services.graduation.policy.models.policy import Policy
from shared.access import Actor
from shared.clock import Moment
from shared.database import raw, refusing, said
from shared.dates import day_of
from shared.errors import NotFound

MOVED = ("state", "postponed_from", "outcome", "asesmen_id", "pernyataan_id", "usul_id", "version")
# Of one case PostgreSQL takes the row by its key, whatever it thought of the table's size when it made the plan.
ONE = """
    UPDATE graduasi SET state = ($2::text[])[1], postponed_from = ($3::text[])[1], outcome = ($4::text[])[1],
        asesmen_id = ($5::uuid[])[1], pernyataan_id = ($6::uuid[])[1], usul_id = ($7::uuid[])[1],
        version = ($8::int[])[1], since_on = $9
    WHERE graduasi_id = ($1::uuid[])[1]"""
MANY = """
    UPDATE graduasi AS g SET state = c.state, postponed_from = c.postponed_from, outcome = c.outcome,
        asesmen_id = c.asesmen_id, pernyataan_id = c.pernyataan_id, usul_id = c.usul_id, version = c.version,
        since_on = $9
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[])
        AS c(id, state, postponed_from, outcome, asesmen_id, pernyataan_id, usul_id, version)
    WHERE g.graduasi_id = c.id"""
# One round trip for each move: the cases, the act in its stage (its exclusion constraints refuse here), the history.
RECORD = """
WITH moved AS ({}),
act AS (
    INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
    SELECT a.id, a.area, $10::text, $11, $12, $13, a.four, $14
    FROM unnest($1::uuid[], $15::text[], $16::boolean[]) AS a(id, area, four) WHERE $10::text IS NOT NULL)
INSERT INTO graduasi_history (graduasi_id, kode_wilayah, from_state, to_state, person, sub, role, at, reason,
    evidence_sha256, policy_version)
SELECT m.id, m.area, m.from_state, m.to_state, $11, $12, $13, $14, $17, $18, m.policy_version
FROM unnest($1::uuid[], $15::text[], $19::text[], $2::text[], $20::int[])
    WITH ORDINALITY AS m(id, area, from_state, to_state, policy_version, number) ORDER BY m.number
"""
RECORD_ONE, RECORD_MANY = RECORD.format(ONE), RECORD.format(MANY)


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to a case, in which stage, when, why and on what evidence."""

    actor: Actor
    moment: Moment
    stage: Stage | None = None
    reason: str | None = None
    evidence: str | None = None

    @property
    def role(self) -> str:
        """In which roles the actor acts; the worker acts as the system."""
        return "+".join(sorted(self.actor.roles)) or "SYSTEM"


CASE = (
    sa.select(Graduasi, Policy)
    .join(Policy, Policy.policy_id == Graduasi.policy_id)
    .where(Graduasi.graduasi_id == sa.bindparam("graduasi_id"))
    .with_for_update(key_share=True, of=Graduasi)
    .execution_options(populate_existing=True)
)


async def load_case(session: AsyncSession, graduasi_id: UUID) -> tuple[Graduasi, Policy]:
    """Return the case locked, fresh, with its policy (not locked: many cases share it).

    Raises:
        NotFound. CaseElsewhere: its family has moved; the caller's office opened it, and another decides.
    """
    row = (await session.execute(CASE, {"graduasi_id": graduasi_id})).one_or_none()
    if row is None:
        gone = sa.select(Graduasi.kode_wilayah).where(Graduasi.graduasi_id == graduasi_id)
        if (area := await session.scalar(gone)) is not None:
            raise CaseElsewhere(kode_wilayah=area)
        raise NotFound("graduasi")
    return row[0], row[1]


async def advance(
    session: AsyncSession,
    cases: Sequence[tuple[Graduasi, Policy]],
    path: Sequence[GraduasiState],
    act: Act,
    *,
    resuming: bool = False,
) -> None:
    """Move locked cases along `path` and write each move with its history.

    The act is written with the first move.

    Raises:
        IllegalTransition, SamePersonTwice (the exclusion constraints of stage_act say so)
    """
    # Fast path: one prepared statement writes the act and the history of all cases of a decision (bench: decisions).
    connection, statement = await raw(session), RECORD_ONE if len(cases) == 1 else RECORD_MANY
    for wanted in path:
        left = [case.state for case, _ in cases]
        for case, _ in cases:
            case.become(wanted, act.moment.on, resuming=resuming)
        with refusing(ex_stage_act_four_people=SamePersonTwice, ex_stage_act_four_accounts=SamePersonTwice):
            await said(connection.execute(statement, *_values(cases, left, act)))
        act = replace(act, stage=None)
    for case, _ in cases:  # written above: nothing is left for the flush
        for name in ("since_on", *MOVED):
            set_committed_value(case, name, getattr(case, name))


def _values(
    cases: Sequence[tuple[Graduasi, Policy]], left: Sequence[GraduasiState], act: Act
) -> Iterator[object]:
    """Yield the parameters of RECORD in its order."""
    yield [case.graduasi_id for case, _ in cases]
    yield from ([getattr(case, name) for case, _ in cases] for name in MOVED)
    yield from (act.moment.on, act.stage, act.actor.person, act.actor.sub, act.role, act.moment.at)
    yield [case.kode_wilayah for case, _ in cases]
    yield [policy.four_people for _, policy in cases]
    yield from (act.reason, act.evidence, left)
    yield [case.policy_version for case, _ in cases]


# Made once: to build a statement costs as much as to run it, and every act with a paper asks these.
CAME = sa.select(sa.func.max(GraduasiHistory.at)).where(
    GraduasiHistory.graduasi_id == sa.bindparam("graduasi_id"),
    GraduasiHistory.to_state == sa.bindparam("state"),
    GraduasiHistory.from_state != GraduasiState.DITUNDA,
)


async def stands_since(session: AsyncSession, case: Graduasi) -> date:
    """Return the day on which a case came to where it stands by an act of its way; its resumption is none."""
    at = await session.scalar(CAME, {"graduasi_id": case.graduasi_id, "state": case.state})
    return day_of(at) if at is not None else case.since_on
