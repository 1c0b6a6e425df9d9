"""Inbox of a partner: its notices, the record of each read, and receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.commands import mark_taken
from services.referral.notice.errors import NoticeNotRead
from services.referral.notice.models import PERSONAL_NOTICES, InboxRead, Notice, PartnerNotice
from services.referral.partner.queries import default_office_name
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.program.rules import NoticeHead, build_payload, notice_payload, supply_payload
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.models import UNSENT_STATES, RujukanProgram
from services.referral.tables import MoveReason
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import load, uuid7, vault_of
from shared.errors import NotAllowed, NotFound
from shared.privacy import SealBroken

PURPOSE = "rujukan"
log = structlog.get_logger()


@dataclass(slots=True)
class InboxReader:
    """One read of the inbox: builds each notice like the webhook, and records the reads."""

    session: AsyncSession
    actor: Actor
    reads: list[InboxRead] = field(default_factory=list[InboxRead])

    def to_item(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return one notice with its content.

        Return None if its seal is broken, so that the other notices can be read, and if a person whom the consent
        names has left.
        """
        if row["notice"] in PERSONAL_NOTICES and row["sealed"] is None:
            return None
        try:
            body = self._content(row)
        except SealBroken:
            log.warning("seal_broken", notice_id=str(row["notice_id"]))
            return None
        fields = row["minimum_data"] if row["notice"] == Notice.RUJUKAN else row["supply_fields"] or []
        self.reads.append(
            InboxRead(
                read_id=uuid7(),
                notice_id=UUID(str(row["notice_id"])),
                rujukan_program_id=UUID(str(row["rujukan_program_id"])),
                partner_id=UUID(str(row["partner_id"])),
                by=self.actor.sub,
                purpose=PURPOSE,
                fields=list(fields),
            )
        )
        names = ("notice_id", "rujukan_program_id", "notice")
        return {**{name: row[name] for name in names}, "told_at": row["created_at"], "body": body}

    def _content(self, row: Mapping[str, Any]) -> dict[str, Any]:
        subject = UUID(str(row["rujukan_program_id"]))
        about = (Notice(row["notice"]), subject, row["created_at"], row["sla_due_on"], row["kode_wilayah"])
        head = NoticeHead(*about)
        if row["notice"] == Notice.KELENGKAPAN:
            content = self._open(row, "data_supply", "content_sealed", row["notice_id"])
            return supply_payload(head, row["on"], row["supply_fields"], content)
        if row["notice"] != Notice.RUJUKAN:
            return notice_payload(head, row["on"])
        kode_wilayah = row["office_area"]
        office = {
            "kode_wilayah": kode_wilayah,
            "name": row["office_name"] or default_office_name(kode_wilayah),
            "phone": row["office_phone"],
            "email": row["office_email"],
        }
        person = self._open(row, "identity", "sealed", row["rujukan_program_id"])
        return build_payload(head, row, office, person)

    def _open(self, row: Mapping[str, Any], table: str, column: str, row_id: object) -> dict[str, Any]:
        opened = vault_of(self.session).open(row["sealed"], table=table, column=column, row_id=row_id)
        return orjson.loads(opened)

    async def store_reads(self) -> None:
        """Store the reads, and what they share, before the answer is sent."""
        self.session.add_all(self.reads)
        fields = {read.rujukan_program_id: read.fields for read in self.reads if read.fields}
        shared = sa.select(RujukanProgram).where(RujukanProgram.rujukan_program_id.in_(fields))
        locked = shared.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
        today = await clock.today(self.session)
        for row in await self.session.scalars(locked, execution_options={"populate_existing": True}):
            row.mark_shared(fields[row.rujukan_program_id], today)
        await self.session.flush()


def require_partner(actor: Actor) -> UUID:
    """Return the id of the partner that calls.

    Raises:
        NotAllowed
    """
    if actor.scope is not Scope.PARTNER or actor.partner_id is None:
        raise NotAllowed
    return actor.partner_id


async def record_receipt(
    session: AsyncSession, rujukan_program_id: UUID, notice_id: UUID, actor: Actor
) -> PartnerNotice:
    """Record that the partner has a notice.

    The receipt of the rujukan itself makes it TERKIRIM.

    A repeated receipt changes nothing.

    Raises:
        NotFound
        NoticeNotRead: it was neither read in the inbox nor sent by webhook.
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    notice = await session.get(PartnerNotice, notice_id, with_for_update=True)
    if notice is None or notice.rujukan_program_id != rujukan_program_id:
        raise NotFound("notice", "/body/notice_id")
    if notice.taken_at is not None:
        return notice
    if not await _was_sent(session, notice):
        raise NoticeNotRead
    mark_taken(notice, actor.sub)
    if notice.notice is Notice.RUJUKAN and row.state in UNSENT_STATES:
        move = Move(actor, await clock.today(session), MoveReason.DITERIMA_MITRA)
        await move_rujukan_program(session, row, RujukanProgramState.TERKIRIM, move)
    return notice


async def _was_sent(session: AsyncSession, notice: PartnerNotice) -> bool:
    read = sa.select(InboxRead.read_id).where(InboxRead.notice_id == notice.notice_id)
    attempt = sa.select(DeliveryAttempt.attempt_id).where(
        DeliveryAttempt.rujukan_program_id == notice.rujukan_program_id,
        DeliveryAttempt.notice == notice.notice,
    )
    return bool(await session.scalar(sa.select(sa.or_(read.exists(), attempt.exists()))))
