"""Contact changes: If-Match, who may change what, sealing, and the history."""

import asyncio
from typing import Any

import httpx
import pytest

from shared.privacy import Vault
from tests.factories.registry import commands
from tests.factories.services import Running

NEW_PHONE = {"phone": "+62 811 1111 0002", "reason": "NOMOR_BARU"}
STORED_PHONE = "+6281111110002"


async def change_contact(
    registry: Running,
    pendamping: dict[str, Any],
    body: dict[str, Any],
    version: int | None = 1,
    as_: str = "",
) -> httpx.Response:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/contact"
    return await registry.post(path, body, as_=as_ or commands.ministry_token(registry), headers=headers)


async def test_a_change_is_answered_with_the_new_values_and_a_new_etag(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    answer = await change_contact(registry, pendamping, NEW_PHONE | {"name": "Siti Rahayu Ningsih"})
    changed = commands.expect_ok(answer)
    assert (changed["name"], changed["phone"], changed["version"]) == (
        "Siti Rahayu Ningsih",
        STORED_PHONE,
        2,
    )
    assert answer.headers["ETag"] == '"2"'
    assert (changed["nik"], changed["status"]) == (pendamping["nik"], pendamping["status"])
    assert len(await registry.read_envelopes()) == 1


async def test_a_field_that_is_not_given_does_not_change(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    changed = commands.expect_ok(await change_contact(registry, pendamping, NEW_PHONE))
    assert (changed["name"], changed["phone"]) == (pendamping["name"], STORED_PHONE)
    answer = await change_contact(registry, pendamping, {"reason": "NOMOR_BARU"}, 2)
    assert (answer.status_code, answer.json()["title"]) == (422, "ContactChangeEmpty")


async def test_null_clears_a_phone_and_what_was_before_stays_readable(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    cleared = {"phone": None, "name": "Siti Rahayu N.", "reason": "SALAH_KETIK"}
    assert commands.expect_ok(await change_contact(registry, pendamping, cleared))["phone"] is None
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    shown = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    (before,) = shown["contact_history"]
    assert (before["name"], before["phone"], before["nik"]) == (
        "Siti Rahayu",
        "+6281200000001",
        pendamping["nik"],
    )
    assert (before["reason"], before["recorded_by"]) == ("SALAH_KETIK", "kemensos-1")


async def test_one_of_six_simultaneous_changes_of_a_version_is_accepted(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    assert (await change_contact(registry, pendamping, NEW_PHONE, None)).status_code == 428
    assert (await change_contact(registry, pendamping, NEW_PHONE, 7)).status_code == 412
    answers = await asyncio.gather(
        *[change_contact(registry, pendamping, NEW_PHONE | {"name": f"Siti {n}"}) for n in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 5


async def test_a_status_change_makes_an_earlier_version_stale(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.change_status(registry, pendamping, "AKTIF"))
    assert (await change_contact(registry, pendamping, NEW_PHONE)).status_code == 412
    commands.expect_ok(await change_contact(registry, pendamping, NEW_PHONE, 2))
    commands.expect_ok(await commands.change_status(registry, pendamping, "CUTI", reason="CUTI_MELAHIRKAN"))


async def test_a_pendamping_changes_its_own_phone_but_not_its_name(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    own = registry.token("PENDAMPING", areas=["33.24"], pendamping_id=pendamping["pendamping_id"])
    other = registry.token(
        "PENDAMPING", areas=["33.24"], pendamping_id="0198a0de-0000-7000-8000-000000000001"
    )
    changed = commands.expect_ok(await change_contact(registry, pendamping, NEW_PHONE, 2, own))
    assert changed["phone"] == STORED_PHONE
    new_name = {"name": "Siti", "reason": "SALAH_KETIK"}
    refused = await change_contact(registry, pendamping, new_name, 3, own)
    assert (refused.status_code, refused.json()["title"]) == (403, "NotAllowed")
    assert (await change_contact(registry, pendamping, NEW_PHONE, 3, other)).status_code == 404
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    assert (await change_contact(registry, pendamping, NEW_PHONE, 3, dinsos)).status_code == 403


async def test_the_previous_contact_is_stored_sealed(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await change_contact(registry, pendamping, NEW_PHONE))
    (row,) = await registry.sql("SELECT * FROM contact_history")
    assert (row["number"], row["reason"], row["recorded_by"]) == (1, "NOMOR_BARU", "kemensos-1")
    vault = Vault.of(registry.settings)
    place = {"table": "contact_history", "row_id": row["contact_history_id"]}
    assert vault.open(row["name_sealed"], column="name", **place) == "Siti Rahayu"
    assert vault.open(row["phone_sealed"], column="phone", **place) == "+6281200000001"
    (stored,) = await registry.sql("SELECT to_jsonb(h)::text AS row FROM contact_history h")
    assert not any(clear in stored["row"] for clear in ("Siti", "0000 0001"))


@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_the_contact_history_is_append_only(registry: Running, privilege: str) -> None:
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql(
            "SELECT has_table_privilege($1, 'contact_history', $2) AS may", role, privilege
        )
        assert not row["may"]
