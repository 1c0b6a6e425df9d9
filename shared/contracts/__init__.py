"""Every event between services, by publisher.

Only pydantic and the standard library are imported here.
"""

from shared.contracts import audit, caseload, caseload_activity, graduation, kinds, referral, registry

__all__ = ["audit", "caseload", "caseload_activity", "graduation", "kinds", "referral", "registry"]
