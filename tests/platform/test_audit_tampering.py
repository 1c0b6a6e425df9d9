"""The verifier names the minute of whatever a superuser changes in the audit trail."""

import asyncio
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.audit.export import export_trails
from deploy.audit.verifier import main
from shared.audit.chain import BLOCK, DIGESTED, block_hash, digest, keys_of, leaf, merkle_root
from shared.audit.witness import store_witness
from shared.contracts.audit import RegistryAuditBlockClosed
from tests.factories.audit import (
    KEPT,
    Superuser,
    close,
    deliver_blocks,
    find_faults,
    read_entries,
    rolled_back,
    write_minutes,
)
from tests.factories.proof import IN_FULL, Proof
from tests.factories.repository import ROOT
from tests.factories.services import Running

TAMPERINGS = 1_000 if IN_FULL else 60
SEED = int(os.environ.get("PILAR_SEED", "7"))
KINDS = {
    "edit": "EDITED",
    "delete": "DELETED",
    "swap": "SWAPPED",
    "back_date": "BACK_DATED",
    "insert": "INSERTED",
    "truncate": "DELETED",
}
VERIFIER = ROOT / "deploy" / "audit" / "verifier.py"


@pytest.fixture
async def trail(registry: Running, caseload: Running) -> Running:
    """Registry with five closed minutes, which caseload has stored."""
    await write_minutes(registry, 5, 8)
    await deliver_blocks(registry, caseload)
    return registry


async def test_an_unchanged_trail_has_no_faults(trail: Running, caseload: Running) -> None:
    async with rolled_back(trail) as connection:
        assert await find_faults(connection, trail, caseload) == []
    witnesses = await caseload.sql("SELECT service, block_no FROM platform.audit_witness ORDER BY block_no")
    assert [tuple(row) for row in witnesses] == [("registry", number) for number in range(1, 6)]


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_each_tampering_is_named_with_its_minute(
    trail: Running, caseload: Running, prove: Proof
) -> None:
    entries, missed = await read_entries(trail), list[tuple[int, str]]()
    for seed in range(SEED, SEED + TAMPERINGS):
        async with rolled_back(trail) as connection:
            act, places = await Superuser(connection, entries, seed).tamper()
            faults = await find_faults(connection, trail, caseload)
        named = {(fault.minute, fault.detail): fault.kind for fault in faults}
        expected = {(minute, str(audit_id)): KINDS[act] for minute, audit_id in places}
        missed += [(seed, act)] if named != expected else []
    prove("tampered audit rows named with their minute", TAMPERINGS, len(missed))
    assert missed == []


async def test_an_edit_of_any_column_is_named(trail: Running, caseload: Running) -> None:
    entries, named = await read_entries(trail), dict[str, list[str]]()
    columns = {*entries[0].keys()} - KEPT
    for name in columns:
        async with rolled_back(trail) as connection:
            await Superuser(connection, entries, SEED).edit(name)
            named[name] = [fault.kind for fault in await find_faults(connection, trail, caseload)]
    assert named == {name: ["EDITED"] for name in columns}
    assert "kode_wilayah" in columns


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.audit_block SET closed_at = closed_at - interval '1 hour' WHERE block_no = 3",
        "UPDATE platform.audit_block SET faulty_ids = ARRAY[gen_random_uuid()] WHERE block_no = 3",
        "UPDATE platform.audit_block SET merkle_root = sha256('x') WHERE block_no = 3",
        "UPDATE platform.audit_block SET previous_hash = sha256('x') WHERE block_no = 3",
        "UPDATE platform.audit_block SET signature = sha512('x') WHERE block_no = 3",
        "UPDATE platform.audit_block SET digests[2] = sha256('x') WHERE block_no = 3",
        "DELETE FROM platform.audit_block WHERE block_no = 3",
    ],
)
async def test_a_changed_block_is_named(trail: Running, caseload: Running, change: str) -> None:
    async with rolled_back(trail) as connection:
        await connection.execute(change)
        faults = await find_faults(connection, trail, caseload)
    # A deleted block shows in the one after it.
    assert {fault.block_no for fault in faults if fault.kind == "BLOCK_CHANGED"} & {3, 4}


@pytest.mark.parametrize("own_key", [True, False], ids=["with the key", "with another key"])
async def test_a_trail_rewritten_as_a_whole_differs_from_its_witness(
    trail: Running, caseload: Running, own_key: bool
) -> None:
    keys = keys_of(trail.app.state.vault)
    signing = keys if own_key else Ed25519PrivateKey.generate()
    public_key = keys.public_key if own_key else signing.public_key().public_bytes_raw()  # type: ignore[union-attr]
    async with rolled_back(trail) as connection:
        await connection.execute("UPDATE platform.audit_entry SET actor = 'nobody' WHERE actor = 'dinsos-0'")
        rows = {row["audit_id"]: row for row in await connection.fetch("SELECT * FROM platform.audit_entry")}
        previous = bytes(32)
        for block in await connection.fetch("SELECT * FROM platform.audit_block ORDER BY block_no"):
            ids, times = block["entry_ids"], block["entry_times"]
            digests = [digest([rows[one][name] for name in DIGESTED]) for one in ids]
            root = merkle_root([leaf(*parts) for parts in zip(ids, times, digests, strict=True)])
            new = {"merkle_root": root, "previous_hash": previous, "public_key": public_key}
            previous = block_hash("registry", [{**block, **new}[name] for name in BLOCK])
            await connection.execute(
                "UPDATE platform.audit_block SET digests = $2, merkle_root = $3, previous_hash = $4, block_hash = $5,"
                " signature = $6, public_key = $7 WHERE block_no = $1",
                *(block["block_no"], digests, root, new["previous_hash"], previous),
                *(signing.sign(previous), public_key),
            )
        faults = await find_faults(connection, trail, caseload)
    kinds = {"WITNESS_DIFFERS"} if own_key else {"WITNESS_DIFFERS", "BLOCK_CHANGED"}
    assert {fault.kind for fault in faults} == kinds
    assert {fault.block_no for fault in faults} == {1, 2, 3, 4, 5}


async def test_deleted_last_blocks_are_known_to_the_witness(trail: Running, caseload: Running) -> None:
    async with rolled_back(trail) as connection:
        await connection.execute(
            "DELETE FROM platform.audit_entry WHERE audit_id IN"
            " (SELECT unnest(entry_ids) FROM platform.audit_block WHERE block_no >= 4)"
        )
        await connection.execute("DELETE FROM platform.audit_block WHERE block_no >= 4")
        faults = await find_faults(connection, trail, caseload)
    assert [(fault.kind, fault.block_no) for fault in faults] == [
        ("WITNESS_DIFFERS", 4),
        ("WITNESS_DIFFERS", 5),
    ]


async def test_an_entry_forged_before_its_block_is_closed_is_named(trail: Running, caseload: Running) -> None:
    before = await read_entries(trail)
    async with trail._open_connection() as connection:
        await Superuser(connection, before, SEED).insert()
    forged = {row["audit_id"] for row in await read_entries(trail)} - {row["audit_id"] for row in before}
    await trail.execute(
        "UPDATE platform.audit_entry SET transaction_id = pg_current_xact_id()::text::bigint"
        f" WHERE audit_id = '{forged.pop()}'"
    )
    assert await close(trail)
    async with rolled_back(trail) as connection:
        faults = await find_faults(connection, trail, caseload)
    assert [(fault.kind, fault.block_no) for fault in faults] == [("INSERTED", 6)]
    assert 'pilar_audit_faulty_blocks{service="registry"} 1.0' in await trail.metrics()


async def test_a_second_block_of_a_number_replaces_no_witness(trail: Running, caseload: Running) -> None:
    (block,) = await trail.sql("SELECT * FROM platform.audit_block WHERE block_no = 2")
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in block.items()}
    forged = RegistryAuditBlockClosed(**shown | {"service": "registry", "merkle_root": "00" * 32})
    async with caseload.session() as session:
        await store_witness(session, forged)
    (witness,) = await caseload.sql("SELECT merkle_root FROM platform.audit_witness WHERE block_no = 2")
    assert witness["merkle_root"] == block["merkle_root"]


async def test_a_read_deleted_before_its_block_is_closed_is_named(trail: Running, caseload: Running) -> None:
    token = trail.token("KEMENSOS")
    for _ in range(3):
        assert (await trail.get("/v1/pendamping", as_=token)).status_code == 200
    second = (await read_entries(trail))[-2]
    await trail.execute(f"DELETE FROM platform.audit_entry WHERE audit_id = '{second['audit_id']}'")
    assert await close(trail)
    async with rolled_back(trail) as connection:
        faults = await find_faults(connection, trail, caseload)
    # An earlier test may have used the writer's first numbers.
    assert {fault.kind for fault in faults} == {"DELETED"}
    assert f"{second['at']:%Y-%m-%dT%H:%M}" in {fault.minute for fault in faults}


@pytest.fixture
async def export(trail: Running, caseload: Running, tmp_path: Path) -> Path:
    """A folder with the exports of two services and a file of their keys."""
    await write_minutes(caseload, 1, 1)
    urls = {service.name: service.settings.worker_database_url for service in (trail, caseload)}
    await export_trails(urls, tmp_path)
    keys = {one.name: keys_of(one.app.state.vault).public_key.hex() for one in (trail, caseload)}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    return tmp_path


async def test_an_export_is_checked_without_pilar(export: Path) -> None:
    command = [sys.executable, "-I", str(VERIFIER), str(export), str(export / "keys.json")]
    run = partial(subprocess.run, capture_output=True, text=True, check=False, cwd=export)
    sound = await asyncio.to_thread(run, command)
    assert (sound.returncode, sound.stderr) == (0, ""), sound.stdout
    assert "registry: 40 entries in 5 blocks, compared with 5 copies" in sound.stdout
    assert "0 newer entries of registry are in no block yet" in sound.stdout
    trail = export / "registry.jsonl"
    trail.write_text(trail.read_text().replace('"dinsos-1"', '"dinsos-2"', 1))
    wrong = await asyncio.to_thread(run, command)
    assert (wrong.returncode, wrong.stdout.count("EDITED")) == (1, 1)


async def test_what_nothing_can_be_compared_with_is_not_checked(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a trail passes that was forged as a whole, with another key."""
    pinned, trail, other = export / "keys.json", export / "registry.jsonl", export / "caseload.jsonl"
    keys, lines = pinned.read_text(), trail.read_text()

    def check(*names: Path) -> tuple[int, str]:
        return main([str(export), *map(str, names)]), capsys.readouterr().err

    # Registry has not stored the blocks of caseload.
    reasons = ("no key of caseload is known", "registry has stored no block of caseload")
    assert check() == (2, "".join(f"Not checked: {reason}\n" for reason in reasons))
    pinned.write_text(keys.replace('"registry"', '"regstry"'))
    status, printed = check(pinned)
    assert (status, "regstry has no export" in printed, "no key of registry" in printed) == (2, True, True)
    pinned.write_text(keys)
    for sound, damaged in (('"type":"entry"', '"kind":"entry"'), ('"block"', '"blok"'), ('"mac"', '"mc"')):
        trail.write_text(lines.replace(sound, damaged, 1))
        assert check(pinned)[0] == 2, damaged
    trail.write_text(lines)
    other.write_text("")
    assert check(pinned) == (2, "Not checked: caseload has no block\n")
    other.unlink()
    assert check(pinned) == (2, "Not checked: caseload has no export\n")
    assert check() == (2, "Not checked: no key of registry is known\n")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--keys", "keys.json", "."], ["."]])
def test_wrong_arguments_are_answered_with_the_usage(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("verifier.py FOLDER [KEYS]" in printed.err) is (arguments != ["."])
