"""Names of many families, of those that the caller may see."""

from uuid import uuid4

from shared.access import Role
from tests.factories.audit import read_entries
from tests.factories.caseload.hand_over import import_families
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.services import Running, expect_refusal

NO_PURPOSE = {"X-Purpose": ""}


async def test_names_of_visible_families_are_one_recorded_read(kendal_caseload: Running) -> None:
    service, office = kendal_caseload, dinsos_token(kendal_caseload)
    kpm_ids = await import_families(service, 3)
    await service.execute("DELETE FROM platform.audit_entry")
    asked = {"kpm_ids": [*kpm_ids, str(uuid4())]}
    listed = (await service.get("/v1/kpm", as_=office)).json()["items"]
    named = await service.post("/v1/kpm/names", asked, as_=office, headers=NO_PURPOSE)
    names = ("kpm_id", "kode_wilayah", "wilayah_name", "pengurus_name")
    assert named.json() == {"items": [{name: item[name] for name in names} for item in listed]}
    assert {item["wilayah_name"] for item in listed} == {"Brangsong"}
    entry = (await read_entries(service))[-1]
    assert (entry["act"], entry["outcome"], entry["purpose"]) == ("read_kpm_names", "READ", "DAFTAR")
    assert sorted(map(str, entry["subject_ids"])) == kpm_ids


async def test_unseen_families_are_absent(kendal_caseload: Running) -> None:
    asked = {"kpm_ids": await import_families(kendal_caseload, 1)}
    strangers = (
        dinsos_token(kendal_caseload, "33.25"),
        pendamping_token(kendal_caseload, OTHER),
        kendal_caseload.token(Role.OPERATOR_DESA, "operator-desa-2", ["33.24.09.2012"]),
    )
    for token in strangers:
        assert (await kendal_caseload.post("/v1/kpm/names", asked, as_=token)).json() == {"items": []}
    own = await kendal_caseload.post("/v1/kpm/names", asked, as_=pendamping_token(kendal_caseload))
    assert [item["kpm_id"] for item in own.json()["items"]] == asked["kpm_ids"]
    too_many = {"kpm_ids": [str(uuid4()) for _ in range(201)]}
    refused = await kendal_caseload.post("/v1/kpm/names", too_many, as_=dinsos_token(kendal_caseload))
    expect_refusal(refused, "Invalid", 422)
