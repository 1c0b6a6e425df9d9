"""Businesses of a family and their versions."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import read_today
from tests.factories.caseload.intake import dinsos_token, no_kk
from tests.factories.caseload.member import find_member, record_death, take_back
from tests.factories.services import expect_refusal

ON = "2026-01-10"


async def test_revision_replaces_the_current_version(family: Family) -> None:
    owner = next(m for m in (await family.read())["members"] if m["usaha"])
    usaha = owner["usaha"]
    body = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 12_000_000, "has_letter": True}
    body |= {"as_of": ON, "nib": "9120 0000 00001"}
    path = f"/v1/usaha/{usaha['usaha_id']}/revision"
    expect_refusal(await family.post(path, body), "PreconditionRequired", 428)
    await family.post_ok(path, body, usaha["version"])
    expect_refusal(await family.post(path, body, usaha["version"]), "VersionOutdated", 412)
    expect_refusal(
        await family.post(path, body | {"as_of": "2199-01-01"}, usaha["version"] + 1), "DateInTheFuture", 422
    )
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["omzet_rp"], event["has_nib"], "91200000" in str(event)) == (12_000_000, True, False)
    assert await family.read_emitted_data("kpm_updated") == []
    response = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/usaha", as_=family.mine)
    assert [(one["omzet_rp"], one["current"]) for one in response.json()["items"]] == [
        (9_000_000, False),
        (12_000_000, True),
    ]
    expect_refusal(await family.post("usaha", body | {"anggota_id": owner["anggota_id"]}), "UsahaKnown")


async def owned(family: Family) -> dict[str, Any]:
    """Return the business of the mother."""
    return dict((await find_member(family, pengurus=True))[0]["usaha"])


async def versions(family: Family) -> list[tuple[str | None, str | None, bool]]:
    answer = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/usaha", as_=family.mine)
    return [(row["ended_on"], row["end_reason"], row["current"]) for row in answer.json()["items"]]


async def transfer(family: Family, usaha: dict[str, Any], version: int, **to: Any) -> Any:
    owner, _ = await find_member(family, **to)
    body = {"anggota_id": owner["anggota_id"], "on": ON}
    return await family.post(f"/v1/usaha/{usaha['usaha_id']}/transfer", body, version)


async def test_closed_business_counts_no_longer_and_stays_readable(family: Family) -> None:
    usaha = await owned(family)
    path = f"/v1/usaha/{usaha['usaha_id']}/end"
    expect_refusal(await family.post(path, {"on": "2199-01-01"}, usaha["version"]), "DateInTheFuture", 422)
    expect_refusal(await family.post(path, {"on": "2020-01-01"}, usaha["version"]), "InvalidRange", 422)
    await family.post_ok(
        path, {"on": ON, "evidence_sha256": await family.upload_evidence()}, usaha["version"]
    )
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["ended_on"], event["end_reason"]) == (ON, "DITUTUP")
    assert (await find_member(family, pengurus=True))[0]["usaha"] is None
    assert await versions(family) == [(None, None, False), (ON, "DITUTUP", True)]
    expect_refusal(await family.post(path, {"on": ON}, usaha["version"] + 1), "UsahaHasEnded")
    expect_refusal(
        await transfer(family, usaha, usaha["version"] + 1, relation="KEPALA_KELUARGA"),
        "UsahaNotTransferable",
    )
    owner, _ = await find_member(family, pengurus=True)
    given = {"anggota_id": owner["anggota_id"], "sector": "JASA", "started_on": ON, "omzet_rp": 1}
    await family.post_ok("usaha", given | {"has_letter": False, "as_of": ON})


async def test_business_of_the_dead_is_continued_by_another_member(family: Family) -> None:
    usaha = await owned(family)
    dead = await record_death(family, pengurus=True)
    made = (await transfer(family, usaha, usaha["version"] + 1, relation="KEPALA_KELUARGA")).json()
    assert (made["continues"], made["started_on"]) == (usaha["usaha_id"], usaha["started_on"])
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["continues"], event["owner_id"]) == (usaha["usaha_id"], made["anggota_id"])
    assert (event["ended_on"], event["started_on"]) == (None, usaha["started_on"])
    again = await transfer(family, usaha, usaha["version"] + 1, relation="ANAK")
    expect_refusal(again, "UsahaNotTransferable")
    await take_back(family, dead)
    assert (await find_member(family, pengurus=True))[0]["usaha"] is None, "the husband owns it now"


async def test_living_owner_hands_a_business_to_another_member(family: Family) -> None:
    usaha = await owned(family)
    await transfer(family, usaha, usaha["version"], relation="KEPALA_KELUARGA")
    ended = [row for row in await family.read_emitted_data("usaha_recorded") if row["ended_on"]]
    assert [(row["end_reason"], row["ended_on"]) for row in ended] == [("DIALIHKAN", ON)]


async def test_business_of_the_dead_is_continued_in_another_family(family: Family) -> None:
    """The owner had left with the business and died alone."""
    caseload, office = family.caseload, dinsos_token(family.caseload)
    husband, version = await find_member(family, relation="KEPALA_KELUARGA")
    usaha = await owned(family)
    heir, _ = await find_member(family, pengurus=True)
    await transfer(family, usaha, usaha["version"], relation="KEPALA_KELUARGA")
    split = {"no_kk": no_kk(78), "anggota_ids": [husband["anggota_id"]], "pengurus_id": husband["anggota_id"]}
    split |= {"on": ON, "evidence_sha256": await family.upload_evidence()}
    made = await family.post_ok("split", split, version)
    new = Family(caseload, made["new"]["kpm_id"], family.mine)
    await record_death(new)
    ended = (await family.read_emitted_data("usaha_recorded"))[-1]
    body, path = {"anggota_id": heir["anggota_id"], "on": ON}, f"/v1/usaha/{ended['usaha_id']}/transfer"
    (row,) = await caseload.sql("SELECT version FROM usaha WHERE usaha_id = $1", ended["usaha_id"])
    made = await family.post_ok(path, body, row["version"], as_=office)
    assert (made["kpm_id"], made["continues"]) == (family.kpm_id, ended["usaha_id"])
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["kpm_id"], event["started_on"]) == (family.kpm_id, usaha["started_on"])
    assert (await find_member(family, pengurus=True))[0]["usaha"]["usaha_id"] == made["usaha_id"]


async def test_business_is_not_transferred_before_its_first_day(family: Family) -> None:
    usaha, (heir, _) = await owned(family), await find_member(family, relation="KEPALA_KELUARGA")
    body = {"anggota_id": heir["anggota_id"], "on": "2020-01-01"}
    answer = await family.post(f"/v1/usaha/{usaha['usaha_id']}/transfer", body, usaha["version"])
    expect_refusal(answer, "InvalidRange", 422)


@pytest.mark.parametrize(("days", "status"), [(90, 201), (91, 409)])
async def test_business_is_transferred_within_the_days_of_policy(
    family: Family, days: int, status: int
) -> None:
    usaha = await owned(family)
    await record_death(family, pengurus=True)
    ended_on = await read_today(family.caseload) - timedelta(days=days)
    await family.caseload.sql("UPDATE usaha SET ended_on = $1", ended_on)
    answer = await transfer(family, usaha, usaha["version"] + 1, relation="KEPALA_KELUARGA")
    assert answer.status_code == status, answer.text


async def test_reversal_of_a_death_reopens_the_business(family: Family) -> None:
    usaha = await owned(family)
    dead = await record_death(family, pengurus=True)
    await take_back(family, dead)
    assert (await owned(family))["usaha_id"] == usaha["usaha_id"]
    assert (await family.read_emitted_data("usaha_recorded"))[-1]["ended_on"] is None
