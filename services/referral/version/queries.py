"""Lists of voided versions."""

from services.referral.version.models import VersionVoid

VOID_ORDER = (VersionVoid.kind, VersionVoid.version_id)
