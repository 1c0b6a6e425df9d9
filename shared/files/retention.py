"""Files that no record names and unfinished uploads are deleted after their term."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema

FILES_AT_ONCE = 100
FILE, UPLOAD = schema.file.c, schema.upload.c
IN_USE = sa.or_(
    sa.exists().where(schema.evidence_use.c.sha256 == FILE.sha256),
    sa.exists().where(schema.file_use.c.sha256 == FILE.sha256),
)


async def delete_unused_files(session: AsyncSession) -> bool:
    """Delete some files whose term is over, and return whether there may be more.

    A file in use gets no term any more, until it is uploaded again.
    """
    expired = sa.select(FILE.sha256).where(FILE.expires_at < sa.func.clock_timestamp())
    some = expired.order_by(FILE.expires_at).limit(FILES_AT_ONCE)
    # A command that names a file has locked it. The uses are read after the lock, in a statement of their own.
    hashes = (await session.scalars(some.with_for_update(skip_locked=True))).all()
    mine = FILE.sha256.in_(hashes)
    await session.execute(sa.update(schema.file).where(mine, IN_USE).values(expires_at=None))
    await session.execute(sa.delete(schema.file).where(mine, sa.not_(IN_USE)))
    return len(hashes) == FILES_AT_ONCE


async def delete_expired_uploads(session: AsyncSession) -> None:
    """Delete uploads that waited too long for their next part, with their parts."""
    expired = sa.select(UPLOAD.upload_id).where(UPLOAD.expires_at < sa.func.clock_timestamp())
    some = expired.with_for_update(skip_locked=True)
    await session.execute(sa.delete(schema.upload).where(UPLOAD.upload_id.in_(some)))
