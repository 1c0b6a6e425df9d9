"""Query for one family with all its details. NIK are always masked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm, KpmAnggota, KpmHistory, KpmHistoryItem, KpmNoKk
from services.caseload.family.rules import WARNINGS, Ages, find_implausible, number_findings
from services.caseload.member.models import NikHistory
from services.caseload.overview.queries.worklist import status_on
from services.caseload.tables import columns_of
from services.caseload.visibility import visible_to
from shared import clock
from shared.access import Actor, Scope
from shared.database import raw, vault_of
from shared.errors import NotFound
from shared.privacy import Nik, NoKk, Vault, mask

# The same status expression as in the list of families, compiled to text for the statement below.
STATUS_ON_DAY = sa.select(status_on(sa.literal_column("$2::date")).label("status")).select_from(Kpm)
COMPILED = STATUS_ON_DAY.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
STATUS = str(COMPILED).removeprefix("SELECT ").rpartition("FROM kpm")[0]
# Fast path: PostgreSQL builds the lists as JSON. Eleven queries with their round trips took ten times as long.
FAMILY = f"""
SELECT kpm.kpm_id, kpm.kode_wilayah, kpm.version,
    (SELECT row_to_json(rule) FROM age_rule rule WHERE rule.valid @> $2::date) AS ages, kpm.ended_on, kpm.end_reason, {STATUS},
    EXISTS (SELECT FROM platform.evidence_flag f WHERE f.kpm_id = kpm.kpm_id AND f.cleared_at IS NULL) AS evidence_flagged,
    kpm.sealed_for, kpm.address_sealed, kpm.phone_sealed, kpm.facts,
    card.no_kk_index, card.no_kk_sealed,
    (SELECT json_agg(m ORDER BY m.birth_on, m.anggota_id) FROM (
        SELECT a.anggota_id, encode(a.nik_index, 'hex') AS row_id, encode(a.nik_sealed, 'hex') AS nik,
            encode(a.name_sealed, 'hex') AS name, a.birth_on, a.sex, a.relation, a.married, a.pengurus,
            (SELECT json_build_object('usaha_id', u.usaha_id, 'sector', u.sector, 'started_on', u.started_on,
                    'omzet_rp', u.omzet_rp, 'has_nib', u.nib_sealed IS NOT NULL, 'has_letter', u.has_letter, 'version', u.version)
                FROM usaha u WHERE u.anggota_id = a.anggota_id AND u.ended_on IS NULL) AS usaha
        FROM kpm_anggota a WHERE a.kpm_id = kpm.kpm_id AND a.left_on IS NULL) AS m) AS members,
    (SELECT json_agg(json_build_object('anggota_id', k.anggota_id, 'komponen_id', k.komponen_id, 'kind', k.kind,
            'version', k.version, 'valid_from', lower(k.valid), 'valid_to', upper(k.valid)) ORDER BY k.kind)
        FROM komponen k WHERE k.kpm_id = kpm.kpm_id AND k.valid @> $2::date) AS komponen,
    (SELECT json_agg(json_build_object('scope', d.scope, 'value', d.value, 'snapshot', d.snapshot)
            ORDER BY d.scope, d.snapshot)
        FROM desil d WHERE d.kpm_id = kpm.kpm_id AND d.value IS NOT NULL) AS desil,
    (SELECT json_agg(json_build_object('dampingan_id', d.dampingan_id, 'kpm_id', d.kpm_id,
            'pendamping_id', d.pendamping_id, 'penugasan_id', d.penugasan_id, 'kind', d.kind, 'purpose', d.purpose,
            'valid_from', coalesce(lower(d.valid), d.cancelled_from),
            'valid_to', coalesce(upper(d.valid), d.cancelled_from), 'over_limit', d.over_limit,
            'version', d.version) ORDER BY lower(d.valid))
        FROM dampingan d WHERE d.kpm_id = kpm.kpm_id) AS dampingan,
    (SELECT json_agg(json_build_object('rujukan_program_id', r.rujukan_program_id, 'program_code', r.program_code,
            'status', r.status, 'amount_rp', r.amount_rp, 'sent_on', r.sent_on, 'answered_on', r.answered_on,
            'delivered_on', r.delivered_on) ORDER BY r.rujukan_program_id)
        FROM replica_aid.aid r WHERE r.kpm_id = kpm.kpm_id) AS aid
FROM kpm LEFT JOIN kpm_no_kk card ON card.kpm_id = kpm.kpm_id AND upper_inf(card.valid)
WHERE kpm.kpm_id = $1
"""  # noqa: S608  # our own columns
# A separate statement, so that officials do not pay for planning a condition that they do not need.
OWN_FAMILY = f"""{FAMILY} AND EXISTS (SELECT FROM dampingan own
    WHERE own.kpm_id = kpm.kpm_id AND own.pendamping_id = $3 AND own.valid @> $2::date)"""
OWN_COLUMNS = (
    *("kpm_id", "kode_wilayah", "version", "ended_on", "end_reason", "status"),
    "evidence_flagged",
)
LISTS = ("desil", "dampingan", "aid")
FIELDS = {"birth_date": "birth_on", "usaha_sector": "usaha"}
"""Fields of the view with another name than the column of a file."""
OWN_VIEW = frozenset({"kpm_id", "kode_wilayah", "members", "desil", "ended_on", "end_reason"})


async def read_family(session: AsyncSession, actor: Actor, kpm_id: UUID) -> dict[str, Any]:
    """Return a family with status, members, komponen, desil, usaha, dampingan and aid.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    # Fast path: one prepared statement reads the complete family (bench: reading).
    today, connection = await clock.today(session), await raw(session)
    if actor.scope is Scope.OWN_FAMILIES:
        row = await connection.fetchrow(OWN_FAMILY, kpm_id, today, actor.pendamping_id)
    else:
        row = await connection.fetchrow(FAMILY, kpm_id, today)
    if row is None:
        raise NotFound("kpm")
    return build_view(vault_of(session), row, today)


async def read_family_in_emergency(session: AsyncSession, actor: Actor, kpm_id: UUID) -> dict[str, Any]:
    """Return a family to which the actor has an emergency access, wherever it lives.

    Raises:
        NotFound: it does not exist, or the actor has no access that is in force.
    """
    access = sa.func.use_emergency_access(kpm_id, actor.sub, await clock.now(session))
    if not await session.scalar(sa.select(access)):
        raise NotFound("kpm")
    return await read_family(session, replace(actor, scope=Scope.AREA), kpm_id)


def build_view(vault: Vault, row: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the view of a family's row, with opened values and masked numbers."""
    card, family_row_id = row["no_kk_index"], row["sealed_for"].hex()
    no_kk = card and open_value(vault, "kpm_no_kk", "no_kk", row["no_kk_sealed"], card.hex())
    members = [
        open_member(vault, row_) for row_ in with_komponen(row["members"] or [], row["komponen"] or [])
    ]
    ages = Ages(**{name: row["ages"][name] for name in Ages.__dataclass_fields__})
    warnings = find_warnings(members, ages, today, no_kk)
    return {
        **{name: row[name] for name in OWN_COLUMNS},
        "no_kk": no_kk and mask(no_kk),
        "address": open_value(vault, "kpm", "address", row["address_sealed"], family_row_id),
        "phone": open_value(vault, "kpm", "phone", row["phone_sealed"], family_row_id),
        "facts": {name: value for name, value in row["facts"].items() if name not in OWN_VIEW},
        "members": [member | {"nik": member["nik"] and mask(member["nik"])} for member in members],
        "warnings": warnings,
        **{name: row[name] or [] for name in LISTS},
    }


def with_komponen(members: list[dict[str, Any]], komponen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add each member's komponen to the member.

    PostgreSQL reads them once and not once per member.
    """
    by_member: dict[str, list[dict[str, Any]]] = {member["anggota_id"]: [] for member in members}
    for row in komponen:
        if (anggota_id := row.pop("anggota_id")) in by_member:
            by_member[anggota_id].append(row)
    return [member | {"komponen": by_member[member["anggota_id"]]} for member in members]


def open_member(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Open a member's name and NIK."""
    row_id = row.pop("row_id")
    nik, name = (row[column] and bytes.fromhex(row[column]) for column in ("nik", "name"))
    digits = open_value(vault, "kpm_anggota", "nik", nik, row_id)
    return row | {
        "nik": digits,
        "name": open_value(vault, "kpm_anggota", "name", name, row_id),
    }


def find_warnings(
    members: Sequence[dict[str, Any]], ages: Ages, today: date, no_kk: str | None
) -> list[dict[str, Any]]:
    """Return what a file would warn about the family, with the fields of its view."""
    listed: list[tuple[Any, str, str]] = []
    if no_kk:
        listed = [(None, "no_kk", warning.value) for warning in NoKk(no_kk).warnings()]
    rows = [
        member
        | {
            "birth": member["birth_on"],
            "komponen": [(komponen["kind"], komponen["valid_to"]) for komponen in member["komponen"]],
        }
        for member in members
    ]
    for row in rows:
        if row["nik"]:
            odd = number_findings(Nik(row["nik"]), row["sex"], row["birth"])
            listed += [(row["anggota_id"], field, code) for field, code in odd]
    listed += [(rows[n]["anggota_id"], field, code) for n, field, code in find_implausible(rows, ages, today)]
    return [
        {
            "anggota_id": id_,
            "field": FIELDS.get(field, field),
            "code": code,
            "reason": dict(zip(("en", "id"), WARNINGS[code], strict=True)),
        }
        for id_, field, code in listed
        if code in WARNINGS
    ]


def open_value(vault: Vault, table: str, column: str, sealed: bytes | None, row_id: str) -> Any:
    """Return a sealed value in clear text, or None without one."""
    return vault.open(sealed, table=table, column=column, row_id=row_id) if sealed else None


def open_name(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Replace the pengurus' sealed name of a listed family by the clear name."""
    index, sealed = row.pop("nik_index"), row.pop("name_sealed")
    location = {"table": "kpm_anggota", "column": "name"}
    return row | {"pengurus_name": vault.open(sealed, row_id=index.hex(), **location) if sealed else None}


async def read_names(session: AsyncSession, actor: Actor, kpm_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the names of those families that the actor may read."""
    pengurus = sa.and_(KpmAnggota.kpm_id == Kpm.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    columns = (Kpm.kpm_id, Kpm.kode_wilayah, KpmAnggota.nik_index, KpmAnggota.name_sealed)
    visible = visible_to(actor, await clock.today(session))
    statement = sa.select(*columns).outerjoin(KpmAnggota, pengurus)
    statement = statement.where(Kpm.kpm_id.in_(kpm_ids), visible).order_by(Kpm.kpm_id)
    rows = (await session.execute(statement)).mappings()
    return [open_name(vault_of(session), dict(row)) for row in rows]


async def find_family(session: AsyncSession, *, nik: Nik | None, no_kk: NoKk | None) -> UUID:
    """Return the id of the family with this number in the actor's areas.

    A NIK may be a former one.

    Raises:
        NotFound: no family has the number, or the actor may not read it.
    """
    vault = vault_of(session)
    if nik is not None:
        index = vault.index("nik", nik)
        former = sa.select(NikHistory.anggota_id).where(NikHistory.nik_index == index)
        statement = sa.select(KpmAnggota.kpm_id).where(
            sa.or_(KpmAnggota.nik_index == index, KpmAnggota.anggota_id.in_(former)),
            KpmAnggota.left_on.is_(None),
        )
        # A former NIK may have been another person's, who then comes first.
        statement = statement.order_by(KpmAnggota.nik_index != index).limit(1)
    else:
        index = vault.index("no_kk", no_kk or "")
        statement = sa.select(KpmNoKk.kpm_id).where(
            KpmNoKk.no_kk_index == index, sa.func.upper_inf(KpmNoKk.valid)
        )
    kpm_id = await session.scalar(statement)
    if kpm_id is None:
        raise NotFound("kpm")
    return kpm_id


def list_history(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select the acts on a family.

    The route sorts them by `history_id`, which grows with time.
    """
    return sa.select(*columns_of(KpmHistory, KpmHistoryItem)).where(KpmHistory.kpm_id == kpm_id)
