"""What the database shows a partner."""

from uuid import UUID

import asyncpg

from tests.factories.services import Running, open_scope


async def is_identity_visible(referral: Running, subject: str, partner: str) -> bool:
    """Return whether the database shows the identity in the scope of the partner."""
    connection = await asyncpg.connect(referral.database.url)
    try:
        async with connection.transaction():
            await open_scope(connection, scope="PARTNER", partner=partner)
            return bool(
                await connection.fetchval("SELECT identity_for_partner($1) IS NOT NULL", UUID(subject))
            )
    finally:
        await connection.close()
