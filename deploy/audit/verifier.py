"""Check an exported audit trail offline: `python verifier.py FOLDER [KEYS]`.

It needs the standard library and `cryptography` only, so that an auditor can read all of it. FOLDER has one
`<service>.jsonl` per service (deploy/audit/export.py). KEYS is a JSON file of public keys in hexadecimal by service, as
the auditor noted them. Without it the keys are those that the other services have stored.
Exit status: 0 nothing was changed, 1 faults, 2 not checked.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DIGESTED = (
    *("writer_id", "number", "actor", "pendamping_id", "roles", "areas", "partner_id", "purpose"),
    *("kode_wilayah", "act", "resource", "subject_ids", "subject_count", "id_hash"),
    *("field_classes", "outcome", "status", "request_id", "transaction_id", "mac"),
)
BLOCK = (
    *("block_no", "closed_at", "first_at", "last_at", "entry_count", "last_transaction_id", "last_audit_id"),
    *("faulty_ids", "merkle_root", "previous_hash", "public_key"),
)
WITNESSED = ("entry_count", "merkle_root", "previous_hash", "block_hash", "signature", "public_key")
LISTS = ("entry_ids", "entry_times", "digests")
COLUMNS = {
    "export": {"since"},
    "entry": {"at", "audit_id", *DIGESTED},
    "block": {*BLOCK, *LISTS, "block_hash", "signature"},
    "witness": {"service", "block_no", "closed_at", *WITNESSED},
}
FIRST_HASH = "00" * 32
LONGEST_WAIT = timedelta(minutes=10)
"""An entry that is in no block although later blocks are so much newer was never written by the service."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was changed after it was written."""

    service: str
    minute: str
    block_no: int | None
    kind: str
    detail: str

    def __str__(self) -> str:
        """Return the fault as one line."""
        return f"{self.service} {self.minute} block {self.block_no or '-'} {self.kind} {self.detail}"


@dataclass(slots=True)
class Trail:
    """The exported audit trail of one service."""

    service: str
    complete: bool = True
    entries: dict[str, Row] = field(default_factory=dict[str, Row])
    blocks: list[Row] = field(default_factory=list[Row])
    witnesses: list[Row] = field(default_factory=list[Row])


def read_trail(service: str, lines: Iterable[str | bytes]) -> Trail:
    """Read the export of one service.

    Raises:
        ValueError: it is no export.
    """
    trail = Trail(service)
    for number, line in enumerate(lines, 1):
        row = dict(json.loads(line))
        kind = row.pop("type", None)
        if kind not in COLUMNS or not row.keys() >= COLUMNS[kind]:
            raise ValueError(f"line {number} of {service} has another type or lacks a column")
        if kind == "export":
            trail.complete = row["since"] is None
        elif kind == "entry":
            trail.entries[row["audit_id"]] = row
        else:
            (trail.blocks if kind == "block" else trail.witnesses).append(row)
    trail.blocks.sort(key=lambda block: block["block_no"])
    return trail


def read_trails(folder: Path) -> dict[str, Trail]:
    """Read the exports of a folder, by service.

    Raises:
        OSError, ValueError: there is none, or one cannot be read.
    """
    trails: dict[str, Trail] = {}
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as lines:
            trails[path.stem] = read_trail(path.stem, lines)
    if not trails:
        raise ValueError(f"{folder} has no export")
    return trails


def verify(trails: Mapping[str, Trail], pinned: Mapping[str, str] | None = None) -> list[Fault]:
    """Return every fault of the trails, by service and minute.

    `pinned` are public keys by service.
    """
    faults: list[Fault] = []
    for trail in trails.values():
        others = [other for other in trails.values() if other is not trail]
        seen_by = {
            one.service: [row for row in one.witnesses if row["service"] == trail.service] for one in others
        }
        key = (pinned or {}).get(trail.service) or _witnessed_key(seen_by)
        faults += [*_block_faults(trail, key), *_witness_faults(trail, seen_by), *_entry_faults(trail)]
    return sorted(faults, key=lambda fault: (fault.service, fault.minute, fault.kind, fault.detail))


def find_unchecked(trails: Mapping[str, Trail], pinned: Mapping[str, str] | None = None) -> list[str]:
    """Return what is missing to recognise a trail that was forged as a whole."""
    witnesses = [row for trail in trails.values() for row in trail.witnesses]
    names = {*(pinned or (row["service"] for row in witnesses))}
    known = {*(pinned or (row["service"] for row in witnesses if row["block_no"] == 1))}
    missing = [f"{name} has no export" for name in sorted(names - trails.keys())]
    missing += [f"no key of {name} is known" for name in sorted(trails.keys() - known)]
    missing += [f"{name} has no block" for name, trail in trails.items() if not trail.blocks]
    if pinned is None:
        stored = {(name, row["service"]) for name, trail in trails.items() for row in trail.witnesses}
        pairs = sorted({(name, other) for name in trails for other in trails if name != other} - stored)
        missing += [f"{name} has stored no block of {other}" for name, other in pairs]
    return missing


def _witnessed_key(seen_by: Mapping[str, Sequence[Row]]) -> str | None:
    keys = {row["public_key"] for rows in seen_by.values() for row in rows if row["block_no"] == 1}
    return keys.pop() if len(keys) == 1 else None


def _block_faults(trail: Trail, key: str | None) -> Iterator[Fault]:
    """Check each block by itself, and that it follows the one before."""
    number, previous = 1, FIRST_HASH
    for block in trail.blocks:
        if block is trail.blocks[0] and not trail.complete:
            number, previous = block["block_no"], block["previous_hash"]
        content = _text([trail.service, *(block[name] for name in BLOCK)])
        checks = {
            "block_no": block["block_no"] == number,
            "previous_hash": block["previous_hash"] == previous,
            "merkle_root": block["merkle_root"] == _root_of(block),
            "block_hash": block["block_hash"] == sha256(content).hexdigest(),
            "public_key": key is None or block["public_key"] == key,
            "signature": _is_signed(block, key or block["public_key"]),
        }
        if wrong := [name for name, same in checks.items() if not same]:
            minute, detail = _minute(block["closed_at"]), " ".join(wrong)
            yield Fault(trail.service, minute, block["block_no"], "BLOCK_CHANGED", detail)
        number, previous = block["block_no"] + 1, block["block_hash"]


def _root_of(block: Row) -> str | None:
    ids, times, digests = (block[name] for name in LISTS)
    if not len(ids) == len(times) == len(digests) == block["entry_count"] > 0:
        return None
    level = [sha256(b"\0" + _text(parts)).digest() for parts in zip(ids, times, digests, strict=True)]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        level = [*above, level[-1]] if len(level) % 2 else above
    return level[0].hex()


def _is_signed(block: Row, key: str) -> bool:
    try:
        public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public_key.verify(bytes.fromhex(block["signature"]), bytes.fromhex(block["block_hash"]))
    except (InvalidSignature, ValueError):
        return False
    return True


def _witness_faults(trail: Trail, seen_by: Mapping[str, Sequence[Row]]) -> Iterator[Fault]:
    """Compare the blocks with what the other services stored when they were closed."""
    blocks = {block["block_no"]: block for block in trail.blocks}
    first = trail.blocks[0]["block_no"] if trail.blocks and not trail.complete else 1
    for name, rows in seen_by.items():
        stored = {row["block_no"]: row for row in rows if row["block_no"] >= first}
        for number in range(first, max(stored, default=0) + 1):
            witness, block = stored.get(number), blocks.get(number)
            if not (witness and block and all(witness[part] == block[part] for part in WITNESSED)):
                closed_at = (witness or block or {"closed_at": "unknown"})["closed_at"]
                yield Fault(trail.service, _minute(closed_at), number, "WITNESS_DIFFERS", f"stored by {name}")


def _entry_faults(trail: Trail) -> Iterator[Fault]:
    """Compare each entry with its block, and look for entries that no block has."""
    sealed = {
        audit_id: (block["block_no"], at, digest)
        for block in trail.blocks
        for audit_id, at, digest in zip(*(block[name] for name in LISTS), strict=False)
    }
    owners = {digest: audit_id for audit_id, (_, _, digest) in sealed.items()}
    wrong: dict[int, int] = defaultdict(int)
    numbered = {key: row for key, row in trail.entries.items() if row["writer_id"] and row["number"]}
    for audit_id, (block_no, at, digest) in sealed.items():
        if kind := _kind_of(trail.entries.get(audit_id), audit_id, at, digest, owners):
            wrong[block_no] += 1
            numbered.pop(audit_id, None)
            yield Fault(trail.service, _minute(at), block_no, kind, audit_id)
    for block in trail.blocks:
        for audit_id in block["faulty_ids"]:
            yield Fault(trail.service, _minute(block["closed_at"]), block["block_no"], "INSERTED", audit_id)
    for audit_id, row in trail.entries.items():
        if audit_id not in sealed and _should_be_sealed(row, trail):
            yield Fault(trail.service, _minute(row["at"]), None, "INSERTED", audit_id)
    yield from _gaps(trail, numbered, {audit_id: place[0] for audit_id, place in sealed.items()}, wrong)


def _kind_of(row: Row | None, audit_id: str, at: str, digest: str, owners: Mapping[str, str]) -> str:
    """Return what was done to an entry of a block, or an empty text."""
    if row is None:
        return "DELETED"
    present = sha256(_text([row[name] for name in DIGESTED])).hexdigest()
    if present != digest:
        return "SWAPPED" if owners.get(present, audit_id) != audit_id else "EDITED"
    return "BACK_DATED" if row["at"] != at else ""


def _should_be_sealed(row: Row, trail: Trail) -> bool:
    if not trail.blocks:
        return False
    last = trail.blocks[-1]
    place = (row["transaction_id"], row["audit_id"])
    late = datetime.fromisoformat(row["at"]) + LONGEST_WAIT < datetime.fromisoformat(last["closed_at"])
    return place <= (last["last_transaction_id"], last["last_audit_id"]) or late


def _gaps(
    trail: Trail, numbered: Mapping[str, Row], block_of: Mapping[str, int], wrong: Mapping[int, int]
) -> Iterator[Fault]:
    """Find entries deleted before their block was closed, by the writer's numbers."""
    newest = trail.blocks[-1]["block_no"] + 1 if trail.blocks else 1
    writers: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for audit_id, row in numbered.items():
        writers[row["writer_id"]].append((row["number"], block_of.get(audit_id, newest), row["at"]))
    for writer_id, places in writers.items():
        places.sort()
        start = (0, places[0][1], "") if trail.complete else places[0]
        for (before, first, _), (number, block_no, at) in zip([start, *places], places, strict=False):
            explained = sum(wrong[block] for block in range(first, block_no + 1))
            if number - before - 1 > explained:
                detail = f"{number - before - 1} entries of writer {writer_id}"
                yield Fault(trail.service, _minute(at), block_no, "DELETED", detail)


def _text(values: Sequence[Any]) -> bytes:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False).encode()


def _minute(instant: str) -> str:
    return instant[:16]


def describe(trails: Mapping[str, Trail]) -> Iterator[str]:
    """Yield what was compared of each service, and what was not."""
    for name, trail in trails.items():
        sealed = sum(block["entry_count"] for block in trail.blocks)
        stored = sum(row["service"] == name for other in trails.values() for row in other.witnesses)
        newer = len(trail.entries) - sealed
        yield f"{name}: {sealed} entries in {len(trail.blocks)} blocks, compared with {stored} copies of others."
        yield f"{newer} newer entries of {name} are in no block yet and were not checked."


def main(arguments: Sequence[str]) -> int:
    """Check the export in a folder, and print each fault."""
    if len(arguments) not in {1, 2} or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        folder, *keys = map(Path, arguments)
        trails = read_trails(folder)
        pinned = dict(json.loads(keys[0].read_text("utf-8"))) if keys else None
        faults, unchecked = verify(trails, pinned), find_unchecked(trails, pinned)
    except (OSError, TypeError, ValueError) as error:
        print(f"Not checked: {error}", file=sys.stderr)
        return 2
    for line in faults or ([] if unchecked else ["Nothing was changed.", *describe(trails)]):
        print(line)
    print("".join(f"Not checked: {reason}\n" for reason in unchecked), end="", file=sys.stderr)
    return 1 if faults else 2 if unchecked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
