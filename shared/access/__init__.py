"""Authentication and permissions. The only package that reads tokens.

It does not depend on the web framework.
"""

from shared.access.actor import Actor
from shared.access.keys import KeysUnavailable
from shared.access.permissions import GRANTS, PERMISSIONS, Permission, Role, Scope
from shared.access.tokens import InvalidToken, TokenMissing, TokenVerifier

__all__ = [
    "GRANTS",
    "PERMISSIONS",
    "Actor",
    "InvalidToken",
    "KeysUnavailable",
    "Permission",
    "Role",
    "Scope",
    "TokenMissing",
    "TokenVerifier",
]
