"""Wrong ends, transfers, owners and NIB of a business."""

from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import OTHER, pendamping_token
from tests.factories.caseload.member import find_member, record_death, take_back
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal

ON = "2026-01-10"


async def read_usaha(family: Family, usaha_id: str) -> dict[str, Any]:
    (row,) = await family.caseload.sql("SELECT * FROM usaha WHERE usaha_id = $1", usaha_id)
    return dict(row)


async def post_usaha(family: Family, usaha_id: str, act: str, body: Any = None, as_: str = "") -> Any:
    """Act on a business with its current version."""
    version = (await read_usaha(family, usaha_id))["version"]
    return await family.post(f"/v1/usaha/{usaha_id}/{act}", body, version, as_=as_ or family.mine)


async def find_business(family: Family, **owner: Any) -> dict[str, Any] | None:
    return (await find_member(family, **(owner or {"pengurus": True})))[0]["usaha"]


async def find_mothers_business(family: Family) -> str:
    """Return the id of the mother's business."""
    return str(((await find_business(family)) or {})["usaha_id"])


async def transfer(family: Family, usaha_id: str, **to: Any) -> str:
    heir, _ = await find_member(family, **to)
    made = await post_usaha(family, usaha_id, "transfer", {"anggota_id": heir["anggota_id"], "on": ON})
    assert made.status_code == 201, made.text
    return str(made.json()["usaha_id"])


async def test_closed_business_is_opened_again_with_its_first_day(
    family: Family, graduation: Running, referral: Running
) -> None:
    before, usaha_id = await find_business(family), await find_mothers_business(family)
    expect_refusal(await post_usaha(family, usaha_id, "reopen"), "UsahaNotEnded")
    await post_usaha(family, usaha_id, "end", {"on": ON})
    foreign = pendamping_token(family.caseload, OTHER)
    expect_refusal(await post_usaha(family, usaha_id, "reopen", as_=foreign), "NotFound", 404)
    reopened = await post_usaha(family, usaha_id, "reopen")
    assert reopened.status_code == 200, reopened.text
    again = await find_business(family)
    assert again == (before or {}) | {"version": (again or {})["version"]}
    for service in (graduation, referral):
        await deliver(family.caseload, service)
        (row,) = await service.sql("SELECT ended_on FROM replica_kpm.usaha")
        assert row["ended_on"] is None


async def test_undone_transfer_leaves_one_business_in_every_service(
    family: Family, graduation: Running
) -> None:
    first = await find_mothers_business(family)
    second = await transfer(family, first, relation="KEPALA_KELUARGA")
    assert (await post_usaha(family, first, "reopen")).status_code == 200
    assert ((await find_business(family)) or {})["usaha_id"] == first
    assert await find_business(family, relation="KEPALA_KELUARGA") is None
    row = await read_usaha(family, second)
    assert (str(row["ended_on"]), row["end_reason"], row["continues"]) == (ON, "DITUTUP", None)
    await deliver(family.caseload, graduation)
    rows = await graduation.sql("SELECT usaha_id FROM replica_kpm.usaha WHERE ended_on IS NULL")
    assert [str(row["usaha_id"]) for row in rows] == [first]
    await transfer(family, first, relation="ANAK")


async def test_last_of_several_transfers_is_undone_first(family: Family) -> None:
    first = await find_mothers_business(family)
    second = await transfer(family, first, relation="KEPALA_KELUARGA")
    await transfer(family, second, relation="ANAK")
    expect_refusal(await post_usaha(family, first, "reopen"), "UsahaTransferredAgain")
    assert (await post_usaha(family, second, "reopen")).status_code == 200
    assert (await post_usaha(family, first, "reopen")).status_code == 200
    assert ((await find_business(family)) or {})["usaha_id"] == first


async def test_business_of_the_dead_goes_to_another_heir(family: Family) -> None:
    first, dead = await find_mothers_business(family), await record_death(family, pengurus=True)
    expect_refusal(await post_usaha(family, first, "reopen"), "UsahaEndedWithOwner")
    await transfer(family, first, relation="ANAK")
    assert (await post_usaha(family, first, "reopen")).status_code == 200
    assert (await read_usaha(family, first))["end_reason"] == "MENINGGAL"
    heir = await transfer(family, first, relation="KEPALA_KELUARGA")
    await take_back(family, dead)
    assert (await post_usaha(family, first, "reopen")).status_code == 200
    assert ((await find_business(family)) or {})["usaha_id"] == first
    assert (await read_usaha(family, heir))["end_reason"] == "DITUTUP"


async def test_owner_of_another_business_keeps_that_one(family: Family) -> None:
    first = await find_mothers_business(family)
    await post_usaha(family, first, "end", {"on": ON})
    owner, _ = await find_member(family, pengurus=True)
    given = {"anggota_id": owner["anggota_id"], "sector": "JASA", "started_on": ON, "omzet_rp": 1}
    made = await family.post_ok("usaha", given | {"has_letter": False, "as_of": ON})
    expect_refusal(await post_usaha(family, first, "reopen"), "UsahaKnown")
    await post_usaha(family, made["usaha_id"], "end", {"on": ON})
    assert (await post_usaha(family, first, "reopen")).status_code == 200


async def test_business_of_the_wrong_person_counts_on_no_day_and_the_right_one_is_recorded(
    family: Family,
) -> None:
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    given = {"sector": "JASA", "started_on": "2025-03-01", "omzet_rp": 5_000_000, "has_letter": False}
    wrong = await family.post_ok("usaha", given | {"anggota_id": husband["anggota_id"], "as_of": ON})
    assert (await post_usaha(family, wrong["usaha_id"], "end", {"on": "2025-03-01"})).status_code == 200
    child, _ = await find_member(family, relation="ANAK")
    right = await family.post_ok("usaha", given | {"anggota_id": child["anggota_id"], "as_of": ON})
    assert right["started_on"] == "2025-03-01"
    event = [row for row in await family.read_emitted_data("usaha_recorded") if row["ended_on"]][-1]
    assert (event["usaha_id"], event["ended_on"]) == (wrong["usaha_id"], event["started_on"])


async def test_wrong_nib_is_cleared(family: Family) -> None:
    usaha_id = await find_mothers_business(family)
    body = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 12_000_000, "has_letter": True}
    await post_usaha(family, usaha_id, "revision", body | {"as_of": ON, "nib": "9120000000001"})
    await post_usaha(family, usaha_id, "revision", body | {"as_of": ON})
    assert (await family.read_emitted_data("usaha_recorded"))[-1]["has_nib"] is True
    await post_usaha(family, usaha_id, "revision", body | {"as_of": ON, "nib": None})
    assert (await family.read_emitted_data("usaha_recorded"))[-1]["has_nib"] is False
