"""Officials say why they read a family. The purpose is in the audit trail."""

import pytest

from shared.access import Role
from tests.factories.audit import list_purposes
from tests.factories.caseload.hand_over import import_families, record_session
from tests.factories.caseload.intake import dinsos_token, mother, pendamping_token
from tests.factories.services import Running, expect_refusal

NONE = {"X-Purpose": ""}


@pytest.fixture
async def families(kendal_caseload: Running) -> list[str]:
    return await import_families(kendal_caseload, 1)


async def purposes(caseload: Running, act: str) -> list[str | None]:
    rows = await caseload.sql(
        "SELECT purpose FROM platform.audit_entry WHERE act = $1 ORDER BY at, audit_id", act
    )
    return [row["purpose"] for row in rows]


async def test_official_states_the_purpose_of_a_read(kendal_caseload: Running, families: list[str]) -> None:
    path, dinsos = f"/v1/kpm/{families[0]}", dinsos_token(kendal_caseload)
    for headers in (NONE, {"X-Purpose": "INGIN_TAHU"}, {"X-Purpose": "PENDAMPINGAN"}):
        refused = await kendal_caseload.get(path, as_=dinsos, headers=headers)
        expect_refusal(refused, "PurposeMissing", 400)
        assert "PENGADUAN" in refused.json()["detail"]
    assert (await kendal_caseload.get(path, as_=dinsos, headers={"X-Purpose": "PENGADUAN"})).is_success
    look_up = {"nik": mother()[0]["nik"]}
    refused = await kendal_caseload.post("/v1/kpm/look-up", look_up, as_=dinsos, headers=NONE)
    expect_refusal(refused, "PurposeMissing", 400)
    assert await purposes(kendal_caseload, "read_kpm") == ["PENGADUAN"]


async def test_who_accompanies_and_a_list_need_no_purpose(
    kendal_caseload: Running, families: list[str]
) -> None:
    own = pendamping_token(kendal_caseload)
    read = await kendal_caseload.get(f"/v1/kpm/{families[0]}", as_=own, headers=NONE)
    assert read.is_success, read.text
    village = kendal_caseload.token(Role.OPERATOR_DESA, "operator-desa-1", ["33.24.09.2011"])
    assert (await kendal_caseload.get("/v1/kpm", as_=village, headers=NONE)).is_success
    assert await purposes(kendal_caseload, "read_kpm") == ["PENDAMPINGAN"]
    assert await purposes(kendal_caseload, "list_kpm") == ["DAFTAR"]


async def test_a_list_of_one_family_is_read_for_a_purpose(
    kendal_caseload: Running, families: list[str]
) -> None:
    path, office = f"/v1/dampingan?kpm_id={families[0]}", dinsos_token(kendal_caseload)
    for headers in (NONE, {"X-Purpose": "DARURAT"}):
        refused = await kendal_caseload.get(path, as_=office, headers=headers)
        expect_refusal(refused, "PurposeMissing", 400)
    assert (await kendal_caseload.get(path, as_=office, headers={"X-Purpose": "PENGADUAN"})).is_success
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload), headers=NONE)).is_success
    session = (await record_session(kendal_caseload, {families[0]: "HADIR"})).json()["p2k2_sesi_id"]
    assert (await kendal_caseload.get(f"/v1/p2k2/{session}", as_=office)).is_success
    items = await list_purposes(kendal_caseload, Role.KETUA_TIM_KABKOTA, "33.24")
    assert [(item["act"], item["purpose"], item["kode_wilayah"]) for item in items] == [
        ("list_dampingan", "PENGADUAN", "33.24.09.2011"),
        ("read_session", "VERIFIKASI", "33.24.09.2011"),
    ]


async def test_supervisor_lists_who_read_families_of_the_own_area(
    kendal_caseload: Running, families: list[str]
) -> None:
    ministry, path = kendal_caseload.token("KEMENSOS"), f"/v1/kpm/{families[0]}"
    for purpose in ("PENGADUAN", "VERIFIKASI"):
        read = await kendal_caseload.get(path, as_=ministry, headers={"X-Purpose": purpose})
        assert read.is_success
    look_up = {"nik": mother()[0]["nik"]}
    assert (await kendal_caseload.post("/v1/kpm/look-up", look_up, as_=ministry)).status_code == 404
    own = pendamping_token(kendal_caseload)
    for unlisted in (path, "/v1/kpm"):
        assert (await kendal_caseload.get(unlisted, as_=own)).is_success
    assert (await kendal_caseload.get("/v1/kpm", as_=ministry)).is_success
    for role, area in ((Role.KETUA_TIM_KECAMATAN, "33.24.09"), (Role.DINSOS_KABKOTA, "33.24")):
        items = await list_purposes(kendal_caseload, role, area)
        assert [item["purpose"] for item in items] == ["PENGADUAN", "VERIFIKASI"]
        first = {name: items[0][name] for name in ("actor", "act", "subject_ids", "kode_wilayah", "outcome")}
        assert first == {
            "actor": "kemensos-1",
            "act": "read_kpm",
            "subject_ids": families,
            "kode_wilayah": "33.24.09.2011",
            "outcome": "READ",
        }
        (one,) = await list_purposes(kendal_caseload, role, area, purpose="PENGADUAN", since=items[0]["at"])
        assert one["purpose"] == "PENGADUAN"
        assert await list_purposes(kendal_caseload, role, area, since="2100-01-01T00:00:00Z") == []
    for role, area in ((Role.KETUA_TIM_KECAMATAN, "33.24.08"), (Role.DINSOS_KABKOTA, "33.25")):
        assert await list_purposes(kendal_caseload, role, area) == []
