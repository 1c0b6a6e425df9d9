"""The keys of one service, which seal personal data and hash it for lookups.

Keys are files in the service's own folder, 32 bytes in base64 each. The first line of `data.key` seals and
every line opens. To rotate a key, write a new line above the old one and seal the rows again.
"""

import base64
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.privacy.masked_number import Masked
from shared.settings import Settings

KEY_FILES = ("data.key", "index.key", "cursor.key")
KEY_BYTES = 32
VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES
INDEX_BYTES = 16
MAX_KIND = 16
APOSTROPHES = "'`\u2018\u2019\u02bb\u02bc"
WORD = re.compile(r"[a-z0-9]{2,}")


class KeysMissing(RuntimeError):
    """A key file is absent, unreadable, or readable by others. The process must not start."""


class SealBroken(Exception):
    """A sealed value was changed or moved, or this service does not have its key."""


class Vault:
    """Seals, opens and indexes for one service. Create one per process.

    A sealed value is bound to service, table, column and row, so that a copy in another place does not open.
    AES-256-GCM with random nonces: a key may seal at most 2**32 values, so rotate `data.key` well before.
    """

    def __init__(self, keys_folder: Path | str, service: str) -> None:
        """Read the keys.

        Raises:
            KeysMissing
        """
        self.folder = folder = Path(keys_folder)
        self.service = service
        ciphers = [(key_id(key), AESGCM(key)) for key in read_keys(folder / "data.key")]
        self._key_id, self._cipher = ciphers[0]
        self._ciphers = dict(ciphers)
        self._index_key = read_keys(folder / "index.key")[0]
        self.cursor_key = read_keys(folder / "cursor.key")[0]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the vault of the service that the settings name."""
        if settings.keys_folder is None:
            msg = "keys_folder is not set"
            raise KeysMissing(msg)
        return cls(settings.keys_folder, settings.service)

    def __repr__(self) -> str:
        """Show the service, never a key."""
        return f"Vault({self.service!r})"

    def seal(self, text: str | Masked, *, table: str, column: str, row_id: object) -> bytes:
        """Return the text sealed for this row and column."""
        return self.seal_bytes(to_bytes(text), table=table, column=column, row_id=row_id)

    def open(self, blob: bytes, *, table: str, column: str, row_id: object) -> str:
        """Return the opened text.

        Raises:
            SealBroken
        """
        return self.open_bytes(blob, table=table, column=column, row_id=row_id).decode("utf-8")

    def seal_bytes(self, data: bytes, *, table: str, column: str, row_id: object) -> bytes:
        """Return the bytes sealed for this row and column.

        The format is version, key id, nonce, ciphertext with tag.
        """
        nonce = os.urandom(NONCE_BYTES)
        place = self._place(table, column, row_id, self._key_id)
        return VERSION + self._key_id + nonce + self._cipher.encrypt(nonce, data, place)

    def open_bytes(self, blob: bytes, *, table: str, column: str, row_id: object) -> bytes:
        """Return the opened bytes.

        Raises:
            SealBroken
        """
        blob = bytes(blob)
        key, nonce = blob[1 : 1 + KEY_ID_BYTES], blob[1 + KEY_ID_BYTES : HEAD_BYTES]
        cipher = self._ciphers.get(key)
        if cipher is None or blob[:1] != VERSION:
            msg = f"a value of {table}.{column} is not sealed under a key of {self.service}"
            raise SealBroken(msg)
        try:
            return cipher.decrypt(nonce, blob[HEAD_BYTES:], self._place(table, column, row_id, key))
        except (InvalidTag, ValueError):
            msg = f"a sealed value of {table}.{column} does not belong where it was found"
            raise SealBroken(msg) from None

    def seal_many(
        self, rows: Sequence[tuple[object, str | Masked]], *, table: str, column: str
    ) -> list[bytes]:
        """Return what `seal` returns for each (row_id, text).

        Fast path for tens of thousands of rows.
        """
        nonces = os.urandom(NONCE_BYTES * len(rows))
        head, encrypt = VERSION + self._key_id, self._cipher.encrypt
        start, end = (part.encode() for part in self._place_parts(table, column, self._key_id))
        sealed = []
        for number, (row_id, text) in enumerate(rows):
            nonce = nonces[number * NONCE_BYTES : (number + 1) * NONCE_BYTES]
            sealed.append(head + nonce + encrypt(nonce, to_bytes(text), start + str(row_id).encode() + end))
        return sealed

    def open_many(self, rows: Iterable[tuple[object, bytes]], *, table: str, column: str) -> list[str]:
        """Return what `open` returns for each (row_id, blob)."""
        return [self.open(blob, table=table, column=column, row_id=row_id) for row_id, blob in rows]

    def index(self, kind: str, value: str | Masked) -> bytes:
        """Return 16 bytes that are equal for equal values of this service only.

        `kind` (at most 16 bytes: "nik", "no_kk", "phone", "name") separates equal values of different kinds.
        """
        return blake2b(
            to_bytes(value), digest_size=INDEX_BYTES, key=self._index_key, person=person(kind)
        ).digest()

    def index_many(self, kind: str, values: Iterable[str | Masked]) -> list[bytes]:
        """Return what `index` returns for each value."""
        key, who = self._index_key, person(kind)
        return [
            blake2b(to_bytes(value), digest_size=INDEX_BYTES, key=key, person=who).digest()
            for value in values
        ]

    def tokens(self, name: str) -> list[bytes]:
        """Return the distinct keyed hashes of a name's words, sorted.

        Words of one letter are ignored.
        """
        return sorted(self.index_many("name", set(name_words(name))))

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Return a 16-byte MAC of this service, for paging cursors and expiring links."""
        return blake2b(message, digest_size=INDEX_BYTES, key=self.cursor_key, person=person(purpose)).digest()

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose, from `index.key`, which never changes."""
        info = f"pilar {purpose} {self.service}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._index_key)

    def _place(self, table: str, column: str, row_id: object, key: bytes) -> bytes:
        start, end = self._place_parts(table, column, key)
        return f"{start}{row_id}{end}".encode()

    def _place_parts(self, table: str, column: str, key: bytes) -> tuple[str, str]:
        return f"{self.service}|{table}|{column}|", f"|{key.hex()}"


def name_words(name: str) -> list[str]:
    """Return the words of a name in plain lower-case letters, for search."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        letter for letter in plain if not unicodedata.combining(letter) and letter not in APOSTROPHES
    )
    return WORD.findall(letters)


def to_bytes(value: str | Masked) -> bytes:
    """Return the bytes of a text or of a number's digits."""
    return (value if isinstance(value, str) else value.reveal()).encode("utf-8")


def person(kind: str) -> bytes:
    """Return the BLAKE2 personalisation of a kind."""
    encoded = kind.encode("utf-8")
    if not 0 < len(encoded) <= MAX_KIND:
        msg = f"a kind has 1 to {MAX_KIND} bytes"
        raise ValueError(msg)
    return encoded


def key_id(key: bytes) -> bytes:
    """Return four bytes that identify a key without revealing it."""
    return blake2b(key, digest_size=KEY_ID_BYTES, person=b"pilar key id").digest()


def read_keys(path: Path) -> list[bytes]:
    """Return the keys of a file, the current one first.

    Raises:
        KeysMissing: the file is unreadable, malformed, or readable by others.
    """
    try:
        mode = path.stat().st_mode
        lines = path.read_text("ascii").split()
        keys = [base64.b64decode(line, validate=True) for line in lines]
    except (OSError, ValueError) as error:
        msg = f"the key file {path.name} cannot be read"
        raise KeysMissing(msg) from error
    if mode & stat.S_IRWXO:
        msg = f"the key file {path.name} is open to every user of this machine"
        raise KeysMissing(msg)
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        msg = f"the key file {path.name} must hold 32 bytes in base64, one key a line"
        raise KeysMissing(msg)
    return keys


def make_keys(folder: Path | str) -> None:
    """Create the missing key files, readable by this user alone."""
    folder = Path(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEY_FILES:
        write_new(folder / name, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def write_new(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 unless it exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
