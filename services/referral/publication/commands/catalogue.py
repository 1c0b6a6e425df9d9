"""Register partners, publish programs, and set offices."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.rules.eligibility import USAHA_FIELDS
from services.referral.matching.rules.matching import is_valid_rule
from services.referral.offer.commands.rematch import schedule_rematch
from services.referral.partner.commands.address import check_form
from services.referral.partner.commands.breaker import rename_limit, reset_breaker
from services.referral.partner.commands.secret import drop_former_secret, set_secret
from services.referral.partner.errors import PartnerCodeTaken, WebhookNeeded
from services.referral.partner.models import (
    Channel,
    Office,
    OfficeTerms,
    Partner,
    PartnerChange,
    PartnerNames,
    PartnerTerms,
)
from services.referral.partner_call.commands import schedule_pending_notices
from services.referral.program.errors import InvalidRule, ProgramOfAnotherPartner
from services.referral.program.models import PayloadField, Program, ProgramRule, ProgramTerms, RuleTerms
from shared import wilayah
from shared.access import Actor
from shared.database import insert, load, uuid7
from shared.dates import to_utc_text
from shared.errors import VersionJustSet, VersionNotLatest
from shared.validity import end_previous, not_voided

BY_MACHINE = frozenset({Channel.HOST_TO_HOST, Channel.API_SPLP})


async def register_partner(
    session: AsyncSession, terms: PartnerTerms, actor: Actor
) -> tuple[Partner, str | None]:
    """Register a partner.

    Return it and the secret of its webhook, which is shown only once.

    Raises:
        PartnerCodeTaken, AddressRefused, WebhookNeeded, WilayahUnknown
    """
    if terms.kode_wilayah is not None:
        wilayah.require(terms.kode_wilayah, "/body/kode_wilayah")
    if terms.webhook_url is None and terms.channel in BY_MACHINE:
        raise WebhookNeeded("/body/webhook_url", channel=terms.channel)
    partner = Partner(**dict(terms), partner_id=uuid7(), version=1, set_by=actor.sub)
    secret = _set_webhook(session, partner, terms.webhook_url) if terms.webhook_url is not None else None
    await insert(session, partner, uq_partner_code=PartnerCodeTaken("/body/code", code=terms.code))
    return partner, secret


async def correct_partner(
    session: AsyncSession, partner: Partner, terms: PartnerNames, reason: str, actor: Actor
) -> Partner:
    """Correct code, name, kind, channel or area of a partner. The former values stay readable.

    On a channel without a webhook its address is removed, and its notices are in the inbox.

    Raises:
        PartnerCodeTaken, WebhookNeeded, WilayahUnknown
    """
    if terms.kode_wilayah is not None:
        wilayah.require(terms.kode_wilayah, "/body/kode_wilayah")
    if terms.channel not in BY_MACHINE:
        partner.webhook_url = partner.secret_sealed = None
        drop_former_secret(partner)
    elif partner.webhook_url is None:
        raise WebhookNeeded("/body/channel", channel=terms.channel)
    before = {name: getattr(partner, name) for name in PartnerNames.model_fields}
    before |= {"set_by": partner.set_by, "set_at": to_utc_text(partner.set_at)}
    change = {"partner_id": partner.partner_id, "version": partner.version, "before": before}
    session.add(PartnerChange(**change, reason=reason, changed_by=actor.sub))
    await session.flush()
    for name in PartnerNames.model_fields:
        setattr(partner, name, getattr(terms, name))
    partner.version += 1
    _set_author(partner, actor)
    await insert(session, partner, uq_partner_code=PartnerCodeTaken("/body/code", code=terms.code))
    await rename_limit(session, before["code"], terms.code)
    return partner


async def change_webhook(session: AsyncSession, partner: Partner, url: str, actor: Actor) -> str:
    """Set another address and secret of the webhook. The secret is shown only once.

    Notices that the partner has not accepted are scheduled again.

    Raises:
        AddressRefused
    """
    secret = _set_webhook(session, partner, url)
    partner.version += 1
    _set_author(partner, actor)
    await reset_breaker(session, partner.partner_id)
    await schedule_pending_notices(session, partner.partner_id)
    return secret


def _set_author(row: Partner | Office, actor: Actor) -> None:
    row.set_by, row.set_at = actor.sub, datetime.now(UTC)


def _set_webhook(session: AsyncSession, partner: Partner, url: str) -> str:
    check_form(url)
    partner.webhook_url = url
    drop_former_secret(partner)
    return set_secret(session, partner)


async def publish_program(
    session: AsyncSession,
    terms: ProgramTerms,
    rules: Sequence[RuleTerms],
    benefit_kinds: Collection[str],
    minimum_data: Collection[str],
    actor: Actor,
) -> Program:
    """Publish the next revision of a program.

    The one before ends on the day this one starts.

    Raises:
        NotFound: no such partner. ProgramOfAnotherPartner, VersionNotLatest, InvalidRule
    """
    partner = await load(session, Partner, terms.partner_id, noun="partner")
    for number, rule in enumerate(rules, 1):
        if not is_valid_rule(rule.field, rule.op, rule.value):
            raise InvalidRule(f"/body/rules/{number - 1}", number=number, field=rule.field, op=rule.op)
    not_latest = VersionNotLatest("/body/valid_from", on=terms.valid_from)
    program = Program(
        **{name: getattr(terms, name) for name in ProgramTerms.model_fields},
        program_id=uuid7(),
        revision=await _end_previous_revision(session, partner, terms.code, terms.valid_from, not_latest) + 1,
        benefit_kinds=sorted({*benefit_kinds}),
        minimum_data=_minimum_data(minimum_data, rules),
        set_by=actor.sub,
    )
    await insert(session, program, uq_program_code_revision=not_latest, ex_program_code_range=not_latest)
    session.add_all(
        ProgramRule(**dict(rule), program_id=program.program_id, number=number)
        for number, rule in enumerate(rules, 1)
    )
    await schedule_rematch(session, program)
    return program


def _minimum_data(fields: Collection[str], rules: Sequence[RuleTerms]) -> list[str]:
    """Return the fields that the partner gets: with a business also its owner."""
    uses_business = PayloadField.USAHA in fields or any(rule.field in USAHA_FIELDS for rule in rules)
    return sorted({*fields, *([PayloadField.PERSONS.value] if uses_business else [])})


async def _end_previous_revision(
    session: AsyncSession, partner: Partner, code: str, valid_from: date, not_latest: VersionNotLatest
) -> int:
    """End the last revision that was not voided, and return the latest number, or 0."""
    newest = sa.select(Program).where(Program.code == code).order_by(Program.revision.desc()).limit(1)
    last = await session.scalar(newest.with_for_update())
    current = await session.scalar(newest.where(not_voided(Program.valid_from, Program.valid_to)))
    if current is not None and current.partner_id != partner.partner_id:
        raise ProgramOfAnotherPartner("/body/code", code=code, partner_id=current.partner_id)
    if current is not None:
        await end_previous(session, current, valid_from, not_latest)
    return last.revision if last is not None else 0


async def set_office(session: AsyncSession, terms: OfficeTerms, actor: Actor) -> Office:
    """Set the office that partners call in an area.

    Raises:
        WilayahUnknown, VersionJustSet: another request set the first contact at the same moment.
    """
    wilayah.require(terms.kode_wilayah, "/body/kode_wilayah")
    office = await session.get(Office, terms.kode_wilayah, with_for_update=True)
    if office is None:
        office = Office(**dict(terms), version=1, set_by=actor.sub)
        await insert(session, office, pk_office=VersionJustSet())
        return office
    office.name, office.phone, office.email = terms.name, terms.phone, terms.email
    office.version += 1
    _set_author(office, actor)
    return office
