"""Every event that crosses a service, one module per publisher. Plain data: pydantic and the standard library only."""

from shared.contracts import caseload, graduation, kinds, referral, registry

__all__ = ["caseload", "graduation", "kinds", "referral", "registry"]
