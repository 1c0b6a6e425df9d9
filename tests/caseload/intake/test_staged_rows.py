"""Staged rows and small blocks give the same families, refusals and events as others."""

import json
import re
from typing import Any

import pytest

from services.caseload.intake import jobs
from services.caseload.intake.commands import blocks
from services.caseload.intake.commands.survey import Survey
from shared.privacy import Vault
from tests.factories.caseload.intake import (
    OTHER_NO,
    PENDAMPING_NO,
    build_csv,
    family,
    import_file,
    member,
    mother,
    no_kk,
)
from tests.factories.services import Running

TABLES = """
SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'kpm_id'
"""
# The index to whose row a sealed value is bound.
PLACES = {"kpm": "sealed_for", "kpm_no_kk": "no_kk_index", "kpm_anggota": "nik_index"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*(?:Z|\+00:00)")


async def read_rows(service: Running) -> list[str]:
    """Return rows and events as texts, with opened values and comparable ids."""
    vault = Vault(str(service.settings.keys_folder), "caseload")
    people = await service.sql("SELECT anggota_id, nik_index FROM kpm_anggota")
    families = await service.sql("SELECT kpm_id, no_kk_index FROM kpm_no_kk ORDER BY lower(valid)")
    names = {str(row["anggota_id"]): f"person {row['nik_index'].hex()}" for row in people}
    names |= {str(row["kpm_id"]): f"family {row['no_kk_index'].hex()}" for row in families}
    owners = {str(row["anggota_id"]): row["nik_index"].hex() for row in people}
    texts: list[str] = []
    for (table,) in await service.sql(TABLES):
        rows = [
            json.loads(row["row"]) for row in await service.sql(f"SELECT to_jsonb(t) AS row FROM {table} t")
        ]
        texts += [f"{table} {json.dumps(open_values(vault, table, row, owners))}" for row in rows]
    texts += [f"event {json.dumps(envelope)}" for envelope in await service.read_envelopes()]
    listed = await service.sql("SELECT to_jsonb(e) AS row FROM platform.job_row_error e")
    texts += [f"listed {row['row']}" for row in listed]
    named = [
        UUID.sub(lambda match: names.get(match[0], "id"), INSTANT.sub("instant", text)) for text in texts
    ]
    return sorted(named)


def open_values(vault: Vault, table: str, row: dict[str, Any], owners: dict[str, str]) -> dict[str, Any]:
    """Return a row with its sealed values opened."""
    opened = dict(row)
    for name, value in row.items():
        if not name.endswith("_sealed") or value is None:
            continue
        place = row[PLACES[table]].removeprefix("\\x") if table in PLACES else owners[row["anggota_id"]]
        column = name.removesuffix("_sealed")
        opened[name] = vault.open(bytes.fromhex(value[2:]), table=table, column=column, row_id=place)
    return opened


def build_file() -> tuple[bytes, bytes]:
    """Return a file with families of every kind, and a later one with changes."""
    child = member(5, 3, nik="", birth_date="2025-06-01")
    plain = [
        family(1, 4),
        mother(),
        family(3, 1, pendamping_no=OTHER_NO),
        family(4, sex="X"),
        [*family(5), child],
    ]
    apart, husband = family(6, 3), family(7)
    twice = family(8)
    twice[1]["nik"] = husband[1]["nik"]
    odd = family(9, phone="0812", pendamping_no="PD-NOBODY")
    newborns = [*family(10), child | {"no_kk": no_kk(10)}, child | {"no_kk": no_kk(10)}]
    over = [family(number, pendamping_no=PENDAMPING_NO) for number in range(20, 26)]
    first = build_csv(*plain, apart[:1], husband, twice, odd, newborns, *over, apart[1:])
    lines = first.decode().splitlines()
    lines[4:4] = ["", "junk"]
    plain[0][0] |= {"address": "Dusun Baru RT 1", "phone": "HAPUS"}
    plain[0].pop()
    plain[1][0] |= {"usaha_omzet_rp": "12000000", "usaha_nib": "9120000000009", "name": "Ibu Baru"}
    child["nik"] = member(5, 3)["nik"]
    return "\n".join(lines).encode(), build_csv(*plain, apart, twice, family(30))


@pytest.mark.parametrize("dry_run", [False, True])
async def test_same_file_gives_the_same_rows_staged_or_not_in_blocks_of_any_size(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    service, state = kendal_caseload, kendal_caseload.reused.initial_state
    assert state is not None
    for size in ("SMALLEST_BATCH", "FIRST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(jobs, size, 5)
    await service.sql("UPDATE dampingan_limit SET warn_above = 3, refuse_above = 4")
    before = await state.read_content()
    assert before is not None
    outcomes: list[Any] = []
    changes = (
        (jobs, "FIRST_BATCH", 5),
        (Survey, "list_cards", lambda survey: {*survey._cards} - {0}),
        (blocks, "FAMILIES", 1),
    )
    for change in changes:
        monkeypatch.setattr(*change)
        await state.copy(before, await state.read_content())
        ended = []
        for content in build_file():
            job = await import_file(service, content, dry_run=dry_run)
            ended.append(
                {
                    name: job[name]
                    for name in ("done", "refused", "total", "report", "errors", "warnings", "changes")
                }
            )
        outcomes.append((ended, await read_rows(service)))
    for jobs_ended, rows in outcomes[1:]:
        assert jobs_ended == outcomes[0][0]
        assert rows == outcomes[0][1]
    codes = {code for _, _, code in outcomes[0][0][0]["errors"]}
    assert codes >= {"DUPLICATE_NIK", "UNKNOWN_VALUE", "UNKNOWN_PENDAMPING"}
    # A dry run adds to no load, so it does not see a limit that several steps reach together.
    assert ("CASELOAD_FULL" in codes, outcomes[0][0][0]["report"]["new_families"]) == (
        (False, 12) if dry_run else (True, 9)
    )
