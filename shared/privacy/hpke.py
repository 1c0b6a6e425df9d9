"""Fields sealed to one recipient service for one purpose: HPKE (RFC 9180), base mode.

The recipient has the private key in its own folder, the sender has the public key (docs/messaging.md#sealed-topic).
"""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shared.privacy.masked_number import Masked
from shared.privacy.vault import KeysMissing, SealBroken, key_id, read_keys, write_new

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
PRIVATE_NAME, PUBLIC_NAME = "sealing.key", "sealing.pub"
PADDED_TO = 256


class SealingKey:
    """A recipient's key pair.

    `key_id` is sent with the ciphertext, so that a rotated key is detected.
    """

    def __init__(self, private: bytes) -> None:
        """Load the 32 private bytes."""
        self.private_key = X25519PrivateKey.from_private_bytes(private)
        self.public_key = self.private_key.public_key()
        self.key_id = public_key_id(self.public_key)

    def __repr__(self) -> str:
        """Show the key id, never the key."""
        return f"SealingKey({self.key_id!r})"

    @classmethod
    def read(cls, keys_folder: Path | str) -> list["SealingKey"]:
        """Return the recipient's keys, the current one first.

        Raises:
            KeysMissing
        """
        return [cls(private) for private in read_keys(Path(keys_folder) / PRIVATE_NAME)]

    @classmethod
    def make(cls, keys_folder: Path | str) -> "SealingKey":
        """Create the key pair in a folder unless it exists, and return it.

        The files are `sealing.key` (0600) and `sealing.pub`.
        """
        folder = Path(keys_folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = X25519PrivateKey.generate().private_bytes_raw()
        write_new(folder / PRIVATE_NAME, base64.b64encode(private) + b"\n")
        made = cls.read(folder)[0]
        (folder / PUBLIC_NAME).write_bytes(base64.b64encode(made.public_key.public_bytes_raw()) + b"\n")
        return made


def public_key_id(public_key: X25519PublicKey) -> str:
    """Return eight hexadecimal digits that identify a public key."""
    return key_id(public_key.public_bytes_raw()).hex()


def read_public_key(path: Path | str) -> X25519PublicKey:
    """Return a recipient's public key from its `sealing.pub`.

    Raises:
        KeysMissing
    """
    try:
        return X25519PublicKey.from_public_bytes(
            base64.b64decode(Path(path).read_text("ascii").strip(), validate=True)
        )
    except (OSError, ValueError) as error:
        msg = "a recipient's public key cannot be read"
        raise KeysMissing(msg) from error


def seal_to(
    public_key: X25519PublicKey, fields: dict[str, Any], recipient: str, for_id: object, key_id: str
) -> bytes:
    """Return the fields sealed to the recipient for one purpose (`for_id`).

    The text is padded, so that its length reveals little. A Nik or NoKk among the fields is sealed with its
    digits, for the recipient to read.
    """
    shown = {name: value.reveal() if isinstance(value, Masked) else value for name, value in fields.items()}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    padded = text.ljust(-(-len(text) // PADDED_TO) * PADDED_TO)
    return SUITE.encrypt(padded, public_key, info=info(recipient, for_id, key_id))


def open_sealed(
    private_key: X25519PrivateKey, sealed: bytes, recipient: str, for_id: object, key_id: str
) -> dict[str, Any]:
    """Return the opened fields.

    Raises:
        SealBroken: recipient, for_id or key_id differ from those of the sealing.
    """
    try:
        text = SUITE.decrypt(bytes(sealed), private_key, info=info(recipient, for_id, key_id))
    except (InvalidTag, ValueError):
        msg = "what arrived sealed does not open with this key, for this recipient and purpose"
        raise SealBroken(msg) from None
    return json.loads(text)


def info(recipient: str, for_id: object, key_id: str) -> bytes:
    """Return what HPKE binds the ciphertext to.

    Each part is preceded by its length, so that two different lists never give the same bytes.
    """
    parts = [part.encode("utf-8") for part in (recipient, str(for_id), key_id)]
    return b"pilar sealed v1" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
