"""Secrets of a partner's webhook: the newest, and for some days the former one."""

import secrets
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.models import Partner
from shared.database import vault_of

SECRET_BYTES = 32
# How long the former secret signs too, if the partner does not end it before.
FORMER_DAYS = 7
FORMER_TERM = timedelta(days=FORMER_DAYS)
NEWEST, FORMER = "secret_sealed", "former_secret_sealed"


def set_secret(session: AsyncSession, partner: Partner) -> str:
    """Make a new secret, and return it."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    partner.secret_sealed = _seal(session, partner, NEWEST, secret)
    return secret


def keep_former_secret(session: AsyncSession, partner: Partner) -> None:
    """Keep the present secret as the former one."""
    partner.former_secret_sealed = _seal(session, partner, FORMER, _open(session, partner, NEWEST))


def restore_former_secret(session: AsyncSession, partner: Partner) -> None:
    """Make the former secret the only one again."""
    partner.secret_sealed = _seal(session, partner, NEWEST, _open(session, partner, FORMER))
    drop_former_secret(partner)


def drop_former_secret(partner: Partner) -> None:
    """Delete the former secret, so that it signs no more."""
    partner.former_secret_sealed = partner.former_valid_until = None


def open_secrets(session: AsyncSession, partner: Partner) -> tuple[bytes, ...]:
    """Return the secrets that sign a call, the newest first."""
    columns = [NEWEST] if partner.former_secret_sealed is None else [NEWEST, FORMER]
    return tuple(_open(session, partner, column).encode() for column in columns)


def _seal(session: AsyncSession, partner: Partner, column: str, secret: str) -> bytes:
    return vault_of(session).seal(secret, table="partner", column=column, row_id=partner.partner_id)


def _open(session: AsyncSession, partner: Partner, column: str) -> str:
    sealed = getattr(partner, column)
    return vault_of(session).open(sealed, table="partner", column=column, row_id=partner.partner_id)
