"""Every event between services, by publisher.

Only pydantic and the standard library are imported here.
"""

from shared.contracts import caseload, caseload_activity, graduation, kinds, referral, registry

__all__ = ["caseload", "caseload_activity", "graduation", "kinds", "referral", "registry"]
