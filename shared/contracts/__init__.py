"""Every event between services, one module per publisher.

Only pydantic and the standard library are imported here.
"""

from shared.contracts import caseload, graduation, kinds, referral, registry

__all__ = ["caseload", "graduation", "kinds", "referral", "registry"]
