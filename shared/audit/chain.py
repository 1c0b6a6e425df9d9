"""Hashes of the audit trail: of an entry, a tree and a block.

The texts that are hashed are JSON lists without spaces, in which an instant is ISO 8601 in UTC and bytes are
hexadecimal. `deploy/audit/verifier.py` computes the same with the standard library only.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.privacy import Vault

SIGNED = (
    "audit_id",
    "at",
    "writer_id",
    "number",
    "actor",
    "pendamping_id",
    "roles",
    "areas",
    "partner_id",
    "purpose",
    "kode_wilayah",
    "act",
    "resource",
    "subject_ids",
    "subject_count",
    "id_hash",
    "field_classes",
    "outcome",
    "status",
    "request_id",
)
"""The columns of an entry that its MAC covers, in this order."""
DIGESTED = (*SIGNED[2:], "transaction_id", "mac")
"""The columns that its digest covers. The leaf adds its id and its instant, so that each fault has a name."""
BLOCK = (
    *("block_no", "closed_at", "first_at", "last_at", "entry_count", "last_transaction_id", "last_audit_id"),
    *("faulty_ids", "merkle_root", "previous_hash", "public_key"),
)
"""The columns that the hash of a block covers, after the service."""
LEAF, NODE = b"\x00", b"\x01"
"""The prefixes of RFC 6962, without which a node could be taken for a leaf."""
FIRST_HASH = bytes(32)


class AuditKeys:
    """The keys of one service's audit trail, derived from its vault."""

    def __init__(self, vault: Vault) -> None:
        """Derive the key of the MACs and the key that signs blocks."""
        self.mac_key = vault.derive("audit mac")
        self._signing_key = Ed25519PrivateKey.from_private_bytes(vault.derive("audit signature"))
        self.public_key = self._signing_key.public_key().public_bytes_raw()

    def mac(self, values: Sequence[Any]) -> bytes:
        """Return the MAC of an entry's values, in the order of `SIGNED`."""
        return blake2b(to_json(values), key=self.mac_key, digest_size=32).digest()

    def sign(self, block_hash: bytes) -> bytes:
        """Return the Ed25519 signature of a block's hash."""
        return self._signing_key.sign(block_hash)


@lru_cache(maxsize=16)
def keys_of(vault: Vault) -> AuditKeys:
    """Return the audit keys of a vault."""
    return AuditKeys(vault)


def to_json(values: Sequence[Any]) -> bytes:
    """Return the text of values that is hashed."""
    return orjson.dumps([value.hex() if isinstance(value, bytes) else value for value in values], default=str)


def digest(values: Sequence[Any]) -> bytes:
    """Return the digest of an entry's values, in the order of `DIGESTED`."""
    return sha256(to_json(values)).digest()


def leaf(audit_id: object, at: object, entry_digest: bytes) -> bytes:
    """Return the leaf of an entry."""
    return sha256(LEAF + to_json([audit_id, at, entry_digest])).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of RFC 6962 over at least one leaf."""
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(NODE + left + right).digest() for left, right in pairs]
        level = [*above, level[-1]] if len(level) % 2 else above
    return level[0]


def block_hash(service: str, values: Sequence[Any]) -> bytes:
    """Return the hash of a block's values, in the order of `BLOCK`."""
    return sha256(to_json([service, *values])).digest()
