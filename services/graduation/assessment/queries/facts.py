"""Queries of the facts of families, and of what has changed since a proposal."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Asesmen, Pernyataan, Usul
from services.graduation.assessment.rules.changes import (
    EVIDENCE_CHANGE,
    Basis,
    Change,
    Pinned,
    author_change,
    find_changes,
    proposer_change,
)
from services.graduation.assessment.rules.facts import collect_facts, find_counted_since
from services.graduation.assessment.rules.judgement import Answer
from services.graduation.case.models import Graduasi, Stage
from services.graduation.policy.models.author_rule import ANY_REASON, AuthorRule
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Kepesertaan, Kpm, StatusRange, Usaha
from services.graduation.review.models import StageAct
from services.graduation.tables import HoldReason
from shared.accompaniment import status_on
from shared.database import PreparedSelect, any_of, placeholder
from shared.errors import NotYetKnown
from shared.evidence import find_flagged
from shared.validity import valid_on

Cases = Sequence[tuple[Graduasi, Policy]]
AreaTest: TypeAlias = Literal["approval", "case", "any"]
IDS, ON = any_of(1, sa.Uuid()), placeholder(2, sa.Date())


def _is_barred(pendamping_id: Any) -> sa.ColumnElement[bool]:
    reason = sa.func.coalesce(status_on(StatusRange, pendamping_id, ON, "reason"), "")
    return sa.and_(
        AuthorRule.status == status_on(StatusRange, pendamping_id, ON),
        sa.or_(AuthorRule.reason == ANY_REASON, AuthorRule.reason == reason),
        valid_on(AuthorRule.valid_from, AuthorRule.valid_to, ON),
    )


# Fast path: an approval reads all this in a quarter of the ORM's CPU time (bench: decisions).
FAMILIES = PreparedSelect(sa.select(Kpm).where(Kpm.kpm_id == IDS))
MEMBERSHIPS = PreparedSelect(sa.select(Kepesertaan).where(Kepesertaan.kpm_id == IDS))
BUSINESSES = PreparedSelect(sa.select(Usaha).where(Usaha.kpm_id == IDS))
INSTRUMENTS = PreparedSelect(sa.select(Instrument).where(Instrument.instrument_id == IDS))
INDICATORS = PreparedSelect(
    sa.select(Indicator).where(Indicator.instrument_id == IDS).order_by(Indicator.position)
)
PINNED = PreparedSelect(
    sa.select(Asesmen.asesmen_id, Asesmen.result, Asesmen.answers, Asesmen.facts).where(
        Asesmen.asesmen_id == IDS
    )
)
SIGNERS = PreparedSelect(
    sa.select(Pernyataan.pernyataan_id, Pernyataan.signer_id).where(Pernyataan.pernyataan_id == IDS)
)
APPROVAL_AREAS = PreparedSelect(
    sa.select(StageAct.graduasi_id, StageAct.kode_wilayah)
    .where(StageAct.graduasi_id == IDS, StageAct.stage == Stage.PERSETUJUAN)
    .order_by(StageAct.stage_act_id)
)
BARRED_AUTHORS = PreparedSelect(
    sa.select(Asesmen.asesmen_id, AuthorRule.text_en, AuthorRule.text_id)
    .join(AuthorRule, _is_barred(Asesmen.pendamping_id))
    .where(Asesmen.asesmen_id == IDS)
)
BARRED_PROPOSERS = PreparedSelect(
    sa.select(Usul.usul_id, AuthorRule.text_en, AuthorRule.text_id)
    .join(AuthorRule, _is_barred(Usul.proposer_pendamping_id))
    .where(Usul.usul_id == IDS)
)


async def read_facts(session: AsyncSession, case: Graduasi, policy: Policy, on: date) -> dict[str, Any]:
    """Return the facts of the case's family on a date.

    Raises:
        NotYetKnown
    """
    families = await _read_families(session, [(case, policy)], on)
    if case.graduasi_id not in families:
        raise NotYetKnown("kpm")
    return families[case.graduasi_id][1]


async def _read_families(
    session: AsyncSession, cases: Cases, on: date
) -> dict[UUID, tuple[Kpm, dict[str, Any]]]:
    """Return by case the family and its facts, without families not known yet."""
    kpm_ids = list({case.kpm_id for case, _ in cases})
    families: dict[UUID, Kpm] = {row.kpm_id: row for row in await FAMILIES.fetch(session, kpm_ids)}
    memberships: defaultdict[UUID, list[Kepesertaan]] = defaultdict(list)
    for row in await MEMBERSHIPS.fetch(session, kpm_ids):
        memberships[row.kpm_id].append(row)
    usaha: defaultdict[UUID, list[Usaha]] = defaultdict(list)
    for row in await BUSINESSES.fetch(session, kpm_ids):
        usaha[row.kpm_id].append(row)
    by_case: dict[UUID, tuple[Kpm, dict[str, Any]]] = {}
    for case, policy in cases:
        own = memberships[case.kpm_id]
        membership = next((one for one in own if one.kepesertaan_id == case.kepesertaan_id), None)
        if membership is not None and (kpm := families.get(case.kpm_id)) is not None:
            since = find_counted_since(membership, own, policy.counted_memberships)
            by_case[case.graduasi_id] = (kpm, collect_facts(kpm, usaha[case.kpm_id], since, on))
    return by_case


async def read_instruments(
    session: AsyncSession, instrument_ids: Sequence[UUID | None]
) -> dict[UUID, tuple[Instrument, list[Indicator]]]:
    """Return instruments by id, with their criteria in order."""
    ids = list(set(instrument_ids) - {None})
    instruments: dict[UUID, tuple[Instrument, list[Indicator]]] = {
        row.instrument_id: (row, []) for row in await INSTRUMENTS.fetch(session, ids)
    }
    for indicator in await INDICATORS.fetch(session, ids):
        instruments[indicator.instrument_id][1].append(indicator)
    return instruments


async def read_changes(
    session: AsyncSession, cases: Cases, on: date, *, area: AreaTest = "approval"
) -> dict[UUID, list[Change]]:
    """Return by case why it may not be decided, without cases that may.

    `area` is where the family must live: in the kabupaten of the recorded "approval", of the "case", or in "any". "any"
    is the test of a proposal, which flagged evidence does not stop.
    A family whose facts have not arrived was not assessed here: nothing about it can have changed.
    """
    changes = await _read_family_changes(session, cases, on, area)
    authors = await read_author_changes(session, [case.asesmen_id for case, _ in cases], on)
    # A proposal replaces the one before, whose proposer does not matter any more.
    proposers = await _read_proposer_changes(session, cases, on) if area != "any" else {}
    ids = [case.graduasi_id for case, _ in cases]
    flagged = await find_flagged(session, ids) if area != "any" else frozenset[UUID]()
    for case, _ in cases:
        if (change := authors.get(case.asesmen_id)) is not None:
            changes.setdefault(case.graduasi_id, []).append(change)
        if (change := proposers.get(case.usul_id)) is not None:
            changes.setdefault(case.graduasi_id, []).append(change)
        if case.graduasi_id in flagged:
            changes.setdefault(case.graduasi_id, []).append(EVIDENCE_CHANGE)
    return changes


async def _read_family_changes(
    session: AsyncSession, cases: Cases, on: date, area: AreaTest
) -> dict[UUID, list[Change]]:
    families = await _read_families(session, cases, on)
    pinned = await _read_pinned(session, cases)
    signers = await _read_signers(session, cases)
    areas = {case.graduasi_id: case.kode_wilayah for case, _ in cases if area == "case"}
    if area == "approval":
        areas = await _read_approval_areas(session, cases)
    changes = {
        case.graduasi_id: find_changes(
            Basis(
                policy,
                pinned.get(case.asesmen_id),
                signers.get(case.pernyataan_id),
                *families[case.graduasi_id],
                on,
                areas.get(case.graduasi_id),
                case.kode_wilayah,
                case.held_for is HoldReason.FAKTA_BERUBAH,
            )
        )
        for case, policy in cases
        if case.graduasi_id in families
    }
    return {graduasi_id: reasons for graduasi_id, reasons in changes.items() if reasons}


async def read_author_changes(
    session: AsyncSession, asesmen_ids: Sequence[UUID | None], on: date
) -> dict[UUID | None, Change]:
    """Return by assessment that its author bars it, without others."""
    ids = list(set(asesmen_ids) - {None})
    rows = await BARRED_AUTHORS.fetch(session, ids, on) if ids else ()
    return {row.asesmen_id: author_change(row.text_en, row.text_id) for row in rows}


async def _read_proposer_changes(session: AsyncSession, cases: Cases, on: date) -> dict[UUID | None, Change]:
    """Return by proposal without assessment that its proposer bars it, without others."""
    ids = [case.usul_id for case, _ in cases if case.usul_id is not None and case.asesmen_id is None]
    rows = await BARRED_PROPOSERS.fetch(session, ids, on) if ids else ()
    return {row.usul_id: proposer_change(row.text_en, row.text_id) for row in rows}


async def _read_pinned(session: AsyncSession, cases: Cases) -> dict[UUID | None, Pinned]:
    instrument_ids = {case.asesmen_id: policy.instrument_id for case, policy in cases if policy.needs_score}
    if not instrument_ids:
        return {}
    instruments = await read_instruments(session, list(instrument_ids.values()))
    rows = await PINNED.fetch(session, list(set(instrument_ids) - {None}))
    return {
        asesmen_id: Pinned(
            result,
            {code: Answer(**answer) for code, answer in answers.items()},
            facts,
            *instruments[instrument_id],
        )
        for asesmen_id, result, answers, facts in rows
        if (instrument_id := instrument_ids[asesmen_id]) is not None
    }


async def _read_signers(session: AsyncSession, cases: Cases) -> dict[UUID | None, UUID | None]:
    ids = [case.pernyataan_id for case, _ in cases if case.pernyataan_id is not None]
    rows = await SIGNERS.fetch(session, ids) if ids else ()
    return {row.pernyataan_id: row.signer_id for row in rows}


async def _read_approval_areas(session: AsyncSession, cases: Cases) -> dict[UUID, str]:
    rows = await APPROVAL_AREAS.fetch(session, [case.graduasi_id for case, _ in cases])
    return {row.graduasi_id: row.kode_wilayah for row in rows}
