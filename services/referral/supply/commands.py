"""Supply the data that a partner asked for with PERLU_DATA."""

import base64
from collections.abc import Sequence
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.errors import ConsentEnded
from services.referral.consent.models import Consent
from services.referral.notice.commands import schedule_notice
from services.referral.notice.models import Notice, PartnerNotice
from services.referral.program.models import Program
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.rules import require_asked
from services.referral.signature.queries import must_lapse
from services.referral.supply.errors import FieldNotConsented, SupplyNotVoidable
from services.referral.supply.models import DataSupply, SupplyInput, SupplyTerms
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock, files
from shared.access import Actor
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.referral import RujukanSupplied
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load, uuid7, vault_of
from shared.files import FileTooLong, FileUseKind
from shared.messaging import emit

S = RujukanProgramState
MAX_MEGABYTES = 1


async def supply_data(
    session: AsyncSession, rujukan_program_id: UUID, supply: SupplyInput, actor: Actor
) -> RujukanProgram:
    """Supply what the partner asked for. The offer returns to DIPROSES.

    Raises:
        NotFound, FamilyNotAccompanied, DataNotRequested, ConsentEnded, FieldNotConsented, FileNotUploaded,
        FileTooLong
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    require_asked(row)
    await _require_consent(session, row, supply.fields)
    today = await clock.today(session)
    notice = PartnerNotice(
        notice_id=uuid7(),
        rujukan_program_id=rujukan_program_id,
        partner_id=row.partner_id,
        notice=Notice.KELENGKAPAN,
        on=today,
    )
    session.add(notice)
    await session.flush()
    session.add(
        DataSupply(
            **{name: getattr(supply, name) for name in SupplyTerms.model_fields},
            notice_id=notice.notice_id,
            rujukan_program_id=rujukan_program_id,
            content_sealed=await _seal_content(session, notice.notice_id, supply),
            supplied_on=today,
            supplied_by=actor.sub,
        )
    )
    await _record_uses(session, notice.notice_id, row.kpm_id, supply.files, actor)
    await schedule_notice(session, notice.notice_id, row.partner_id)
    await move_rujukan_program(session, row, S.DIPROSES, Move(actor, today, MoveReason.DATA_DILENGKAPI))
    emit(session, RujukanSupplied.of(row, status=row.state, supplied_on=today, voided=False))
    return row


async def void_supply(
    session: AsyncSession, rujukan_program_id: UUID, reason: VoidReason, actor: Actor
) -> RujukanProgram:
    """Void wrong data, and wait for the right ones.

    Data that were not sent yet are not sent.

    Raises:
        NotFound, FamilyNotAccompanied, ConsentEnded
        SupplyNotVoidable: nothing was supplied, or the partner has answered since.
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    own = sa.select(DataSupply).where(DataSupply.rujukan_program_id == rujukan_program_id)
    supply = await session.scalar(own.order_by(DataSupply.notice_id.desc()).limit(1))
    if supply is None or supply.voided_on is not None or row.state is not S.DIPROSES:
        raise SupplyNotVoidable(state=row.state)
    await _require_consent(session, row, ())
    today = await clock.today(session)
    supply.voided_on, supply.voided_by, supply.void_reason = today, actor.sub, reason
    move = Move(actor, today, MoveReason.DATA_DIBATALKAN, reason)
    await move_rujukan_program(session, row, S.PERLU_DATA, move)
    emit(session, RujukanSupplied.of(row, status=row.state, supplied_on=supply.supplied_on, voided=True))
    return row


async def _require_consent(session: AsyncSession, row: RujukanProgram, fields: Sequence[str]) -> None:
    consent = await session.scalar(
        sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
    )
    if consent is None or not consent.in_force or await must_lapse(session, row):
        raise ConsentEnded
    covered = (await session.get_one(Program, row.program_id)).minimum_data
    for number, field in enumerate(fields):
        if field not in covered:
            raise FieldNotConsented(f"/body/fields/{number}", fields=covered, field=field)


async def _record_uses(
    session: AsyncSession, notice_id: UUID, kpm_id: UUID, hashes: Sequence[str], actor: Actor
) -> None:
    # Row security shows the use of a file with its supply.
    await session.flush()
    for sha256 in hashes:
        await files.record_file_use(session, sha256, FileUseKind.DATA_SUPPLY, notice_id, actor, kpm_id)


async def _seal_content(session: AsyncSession, notice_id: UUID, supply: SupplyInput) -> bytes:
    """Seal the words and the files, as the notice carries them."""
    vault, content, size = vault_of(session), list[dict[str, str]](), 0
    await files.require_uploaded(
        session, {f"/body/files/{number}": sha256 for number, sha256 in enumerate(supply.files)}
    )
    for sha256 in supply.files:
        info = await files.read_info(session, sha256)
        size += info.size
        if size > MAX_MEGABYTES * 1024 * 1024:
            raise FileTooLong("/body/files", max_mb=MAX_MEGABYTES)
        encoded = base64.b64encode(await files.read(session, vault, sha256)).decode()
        content.append({"sha256": sha256, "media_type": info.media_type, "content": encoded})
    words = orjson.dumps({"text": supply.text, "files": content}).decode()
    return vault.seal(words, table="data_supply", column="content_sealed", row_id=notice_id)
