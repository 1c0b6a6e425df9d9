"""The stage in which an official decides."""

from services.graduation.case.models import Stage
from shared.access import Actor, Permission

STAGE_OF_PERMISSION = {
    Permission.GRADUASI_VERIFY: Stage.VERIFIKASI,
    Permission.GRADUASI_APPROVE: Stage.PERSETUJUAN,
    Permission.GRADUASI_DETERMINE: Stage.PENETAPAN,
}


def latest_stage(actor: Actor) -> Stage:
    """Return the latest stage in which the official may decide."""
    return next(stage for permission, stage in reversed(STAGE_OF_PERMISSION.items()) if actor.may(permission))
