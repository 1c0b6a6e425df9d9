"""Who supervises an area sees why others read its cases."""

from shared.access import Role
from tests.factories.audit import list_purposes
from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import DESA
from tests.factories.services import Running


async def test_supervisor_lists_who_read_cases_of_the_own_area(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).open()
    ministry, path = graduation.token("KEMENSOS"), f"/v1/graduasi/{driver.graduasi_id}"
    of_one = f"/v1/monitoring?graduasi_id={driver.graduasi_id}"
    assert (await graduation.get(of_one, as_=ministry, headers={"X-Purpose": ""})).status_code == 400
    for read in (path, f"{path}/history", of_one, "/v1/graduasi"):
        answer = await graduation.get(read, as_=ministry, headers={"X-Purpose": "PENGADUAN"})
        assert answer.is_success, answer.text
    assert (await graduation.get(path, as_=driver.by["field"])).is_success
    items = await list_purposes(graduation, Role.DINSOS_KABKOTA, "33.24")
    assert [(item["act"], item["purpose"], item["kode_wilayah"]) for item in items] == [
        ("read_graduasi", "PENGADUAN", DESA),
        ("list_graduasi_history", "PENGADUAN", DESA),
        ("list_monitoring", "PENGADUAN", DESA),
    ]
    assert all(driver.graduasi_id in item["subject_ids"] for item in items[:2])
    assert await list_purposes(graduation, Role.DINSOS_KABKOTA, "33.25") == []
    assert await list_purposes(graduation, Role.KETUA_TIM_PROVINSI, "33") == items
