"""Name and phone: edited under If-Match, by the ministry or oneself, sealed, and what was known is kept."""

import asyncio
from typing import Any

import pytest

from shared.privacy import Vault
from tests.factories.registry import commands
from tests.factories.services import Running

NEW = {"phone": "+62 811 1111 0002", "reason": "NOMOR_BARU"}


async def change(
    registry: Running, person: dict[str, Any], body: dict[str, Any], version: int | None = 1, as_: str = ""
) -> Any:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    path = f"/v1/pendamping/{person['pendamping_id']}/contact"
    return await registry.post(path, body, as_=as_ or commands.ministry(registry), headers=headers)


async def test_and_shown_with_a_new_etag(registry: Running) -> None:
    person = await commands.pendamping(registry)
    answer = await change(registry, person, NEW | {"name": "Siti Rahayu Ningsih"})
    shown = commands.made(answer)
    assert (shown["name"], shown["phone"], shown["version"]) == ("Siti Rahayu Ningsih", NEW["phone"], 2)
    assert answer.headers["ETag"] == '"2"'
    assert (shown["nik"], shown["status"]) == (person["nik"], person["status"])
    assert len(await registry.emitted()) == 1


async def test_and_what_is_not_said_stays(registry: Running) -> None:
    person = await commands.pendamping(registry)
    shown = commands.made(await change(registry, person, NEW))
    assert (shown["name"], shown["phone"]) == (person["name"], NEW["phone"])
    answer = await change(registry, person, {"reason": "NOMOR_BARU"}, 2)
    assert (answer.status_code, answer.json()["title"]) == (422, "ContactChangeEmpty")


async def test_and_only_by_whoever_read_the_last_version(registry: Running) -> None:
    person = await commands.pendamping(registry)
    assert (await change(registry, person, NEW, None)).status_code == 428
    assert (await change(registry, person, NEW, 7)).status_code == 412
    answers = await asyncio.gather(*[change(registry, person, NEW | {"name": f"Siti {n}"}) for n in range(6)])
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 5


async def test_and_a_status_change_makes_an_older_edit_too_late(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.status(registry, person, "AKTIF"))
    assert (await change(registry, person, NEW)).status_code == 412
    commands.made(await change(registry, person, NEW, 2))
    commands.made(await commands.status(registry, person, "CUTI", reason="CUTI_MELAHIRKAN"))


async def test_and_the_phone_by_oneself_too_but_not_the_name(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    mine = registry.token("PENDAMPING", areas=["33.24"], pendamping_id=person["pendamping_id"])
    other = registry.token(
        "PENDAMPING", areas=["33.24"], pendamping_id="0198a0de-0000-7000-8000-000000000001"
    )
    assert commands.made(await change(registry, person, NEW, 2, mine))["phone"] == NEW["phone"]
    named = await change(registry, person, {"name": "Siti", "reason": "SALAH_KETIK"}, 3, mine)
    assert (named.status_code, named.json()["title"]) == (403, "NotAllowed")
    assert (await change(registry, person, NEW, 3, other)).status_code == 404
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    assert (await change(registry, person, NEW, 3, dinsos)).status_code == 403


async def test_and_what_was_known_is_kept_sealed_and_cannot_be_rewritten(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await change(registry, person, NEW))
    (kept,) = await registry.sql("SELECT * FROM contact_history")
    assert (kept["number"], kept["reason"], kept["recorded_by"]) == (1, "NOMOR_BARU", "kemensos-1")
    vault, place = (
        Vault.of(registry.settings),
        {"table": "contact_history", "row_id": kept["contact_history_id"]},
    )
    assert vault.open(kept["name_sealed"], column="name", **place) == "Siti Rahayu"
    assert vault.open(kept["phone_sealed"], column="phone", **place) == "+62 812 0000 0001"
    shown = await registry.sql("SELECT to_jsonb(h)::text AS row FROM contact_history h")
    assert not any(clear in shown[0]["row"] for clear in ("Siti", "0000 0001"))


@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_and_its_history_is_append_only(registry: Running, privilege: str) -> None:
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql(
            "SELECT has_table_privilege($1, 'contact_history', $2) AS may", role, privilege
        )
        assert not row["may"]
