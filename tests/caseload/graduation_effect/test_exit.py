"""A graduation case ends only its own membership on its date (docs/case-lifecycle.md#end-of-a-membership)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiClosed,
    GraduasiDetermined,
    GraduasiProposed,
    KpmGraduated,
    SanggahDecided,
    SanggahLodged,
)
from tests.factories.caseload.intake import (
    SPACE,
    build_csv,
    dinsos_token,
    import_file,
    mother,
    pendamping_token,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running

CASE = uuid5(SPACE, "case")


class GraduationCase:
    """Events of graduation about one case on the mother's PKH membership."""

    def __init__(self, caseload: Running, graduation: Running, kpm_id: str, pkh: str) -> None:
        self.caseload, self.graduation, self.kpm_id, self.pkh = caseload, graduation, kpm_id, pkh

    async def publish(self, kind: Any, times: int = 1, **more: Any) -> None:
        base = {
            "graduasi_id": CASE,
            "kpm_id": self.kpm_id,
            "kode_wilayah": "33.24.09.2011",
            "kepesertaan_id": self.pkh,
            "bansos": "PKH",
            "exit_reason": "SEJAHTERA_MANDIRI",
        }
        await self.graduation.publish(kind.model_validate(base | more))
        await deliver(self.graduation, self.caseload, times)

    async def publish_determined(self) -> None:
        values = {"sk_id": CASE, "sk_no": "12/HUK/2026", "sk_on": "2026-11-18", "term_ends_on": "2026-12-18"}
        await self.publish(
            GraduasiDetermined,
            **values,
            effective_tahap="2027-1",
            effective_on="2027-01-01",
            opens_rujukan=True,
        )

    async def publish_graduated(self, times: int = 1, **more: Any) -> None:
        values = {"effective_on": "2027-01-01", "effective_tahap": "2027-1", "last_payable_tahap": "2026-4"}
        await self.publish(KpmGraduated, times, **(values | {"certificate_no": "SG-1"} | more))

    async def read_memberships(self) -> dict[str, dict[str, Any]]:
        answer = await self.caseload.get(
            f"/v1/kpm/{self.kpm_id}/kepesertaan", as_=pendamping_token(self.caseload)
        )
        return {row["bansos"]: row for row in answer.json()["items"]}

    async def read_tahap(self) -> dict[str, Any]:
        answer = await self.caseload.get(
            f"/v1/kpm/{self.kpm_id}/tahap?bansos=PKH", as_=dinsos_token(self.caseload)
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def read_purpose(self) -> str:
        seen = await self.caseload.get(f"/v1/kpm/{self.kpm_id}", as_=pendamping_token(self.caseload))
        return str(seen.json()["dampingan"][0]["purpose"])


@pytest.fixture
async def case(kendal_caseload: Running, graduation: Running) -> GraduationCase:
    await import_file(kendal_caseload, build_csv(mother()))
    kpm_id = await read_kpm_id(kendal_caseload, "3324075211879001")
    pkh = (await kendal_caseload.sql("SELECT kepesertaan_id FROM kepesertaan WHERE bansos = 'PKH'"))[0][
        "kepesertaan_id"
    ]
    return GraduationCase(kendal_caseload, graduation, kpm_id, str(pkh))


async def test_proposed_case_marks_only_its_membership(case: GraduationCase) -> None:
    await case.publish(GraduasiProposed)
    seen = await case.read_memberships()
    assert [seen[b]["status"] for b in ("PKH", "SEMBAKO", "PBI")] == ["CASE_OPEN", "ACTIVE", "ACTIVE"]
    await case.publish(GraduasiClosed, closed_as="DITOLAK", reason="bukti kurang")
    assert (await case.read_memberships())["PKH"]["status"] == "ACTIVE"


async def test_determined_case_announces_the_end(case: GraduationCase) -> None:
    await case.publish_determined()
    seen = await case.read_memberships()
    assert seen["PKH"]["status"] == "END_ANNOUNCED"
    assert (seen["PKH"]["valid_to"], seen["PKH"]["case"]["effective_on"]) == (None, "2027-01-01")
    assert [seen[b]["status"] for b in ("SEMBAKO", "PBI")] == ["DECISION_PENDING"] * 2
    assert (await case.read_tahap())["payable"] == "ALL"


async def test_effective_case_ends_the_membership_on_its_date(case: GraduationCase) -> None:
    await case.publish_determined()
    await case.publish_graduated()
    seen = await case.read_memberships()
    assert (seen["PKH"]["status"], seen["PKH"]["valid_to"], seen["PKH"]["active"]) == (
        "ENDING",
        "2027-01-01",
        True,
    )
    name, data = (await read_emitted_events(case.caseload))[-1]
    assert (name, data["valid_to"], data["last_payable_tahap"]) == (
        "kepesertaan_ended",
        "2027-01-01",
        "2026-4",
    )
    values = await case.read_tahap()
    assert (values["payable"], values["last_payable_tahap"], values["first_unpayable_tahap"]) == (
        "UP_TO",
        "2026-4",
        "2027-1",
    )
    assert sorted(values["pending"]) == ["PBI", "SEMBAKO"]


async def test_effective_case_switches_dampingan_to_monitoring(case: GraduationCase) -> None:
    await case.publish_graduated()
    await case.caseload.work()
    assert await case.read_purpose() == "PENDAMPINGAN"
    await case.caseload.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    await case.caseload.work()
    assert await case.read_purpose() == "PEMANTAUAN"
    name, data = (await read_emitted_events(case.caseload))[-1]
    assert (name, data["purpose"]) == ("dampingan_changed", "PEMANTAUAN")
    assert (await case.read_memberships())["PKH"]["status"] == "ENDED"
    assert await case.caseload.sql("SELECT weighing FROM dampingan_load") == [(0,)]


@pytest.mark.parametrize(("months", "status_code"), [(0, 404), (6, 200), (None, 200)])
async def test_exit_without_monitoring_ends_the_dampingan(
    case: GraduationCase, months: int | None, status_code: int
) -> None:
    await case.publish_graduated(monitoring_months=months)
    await case.caseload.set_clock(datetime(2026, 12, 31, 12, tzinfo=UTC))
    await case.caseload.work()
    mine, path = pendamping_token(case.caseload), f"/v1/kpm/{case.kpm_id}"
    assert (await case.caseload.get(path, as_=mine)).status_code == 200
    await case.caseload.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    await case.caseload.work()
    assert (await case.caseload.get(path, as_=mine)).status_code == status_code
    assert await case.caseload.sql("SELECT weighing FROM dampingan_load") == [(0,)]
    ended = [data for name, data in await read_emitted_events(case.caseload) if name == "dampingan_ended"]
    assert [(one["valid_to"], one["reason"], one["purpose"]) for one in ended] == (
        [] if status_code == 200 else [("2027-01-01", "PEMANTAUAN_SELESAI", "PEMANTAUAN")]
    )
    assert await case.caseload.sql("SELECT 1 FROM tugas") == []


async def test_annulment_after_end_of_dampingan_opens_a_task(case: GraduationCase) -> None:
    await case.publish_graduated(monitoring_months=0)
    await case.caseload.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    await case.caseload.work()
    await case.caseload.set_clock(datetime(2027, 1, 5, 1, tzinfo=UTC))
    values = {"reason": "DATA_KELIRU", "was_effective": True, "back_pay_tahap": ["2027-1"]}
    await case.publish(GraduasiAnnulled, 3, **values, annulled_on="2027-01-05")
    gaps = await case.caseload.sql("SELECT since::text, until::text, cause FROM dampingan_gap ORDER BY since")
    assert [tuple(row) for row in gaps] == [
        ("2027-01-01", "2027-01-05", "PEMANTAUAN_SELESAI"),
        ("2027-01-05", None, "MASUK_PKH"),
    ]
    tasks = await case.caseload.sql("SELECT kind, opened_on::text FROM tugas")
    assert [tuple(row) for row in tasks] == [("PASANG_PENDAMPING", "2027-01-05")]


async def test_repeated_delivery_changes_nothing(case: GraduationCase) -> None:
    await case.publish_determined()
    await case.publish_graduated(times=3)
    ended = [data for name, data in await read_emitted_events(case.caseload) if name == "kepesertaan_ended"]
    assert len(ended) == 1
    assert (await case.read_memberships())["PKH"]["version"] == 2


async def test_annulment_restores_membership_and_dampingan(case: GraduationCase) -> None:
    await case.publish_graduated()
    await case.caseload.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    await case.caseload.work()
    values = {"reason": "sanggah diterima", "was_effective": True, "back_pay_tahap": ["2027-1"]}
    await case.publish(GraduasiAnnulled, **values, annulled_on="2027-01-05")
    seen = (await case.read_memberships())["PKH"]
    assert (seen["status"], seen["valid_to"], seen["exit_reason"]) == ("ACTIVE", None, None)
    names = [name for name, _ in await read_emitted_events(case.caseload)]
    assert names[-2:] == ["kepesertaan_restored", "dampingan_changed"]
    assert (await case.read_purpose(), (await case.read_tahap())["payable"]) == ("PENDAMPINGAN", "ALL")
    history = await case.caseload.sql(
        "SELECT act FROM kpm_history WHERE subject = 'kepesertaan' ORDER BY history_id"
    )
    assert [row["act"] for row in history] == ["ENDED", "RESTORED"]


async def test_objection_suspends_the_end_until_refused(case: GraduationCase) -> None:
    await case.publish_graduated()
    await case.publish(SanggahLodged, sanggah_id=UUID(int=1), lodged_on="2026-12-01", suspends=True)
    assert (await case.read_tahap())["payable"] == "HELD"
    values = {
        "outcome": "DITOLAK",
        "decided_on": "2027-01-21",
        "effective_tahap": "2027-2",
        "effective_on": "2027-04-01",
    }
    await case.publish(SanggahDecided, sanggah_id=UUID(int=1), **values)
    suspended = await case.read_tahap()
    assert (suspended["payable"], suspended["ends_on"], suspended["first_unpayable_tahap"]) == (
        "UP_TO",
        "2027-04-01",
        "2027-2",
    )


async def test_lapsed_objection_suspends_nothing_more(case: GraduationCase) -> None:
    await case.publish_graduated()
    before = await case.read_tahap()
    await case.publish(SanggahLodged, sanggah_id=UUID(int=1), lodged_on="2026-12-01", suspends=True)
    assert (await case.read_tahap())["payable"] == "HELD"
    await case.publish(SanggahDecided, sanggah_id=UUID(int=1), outcome="GUGUR", decided_on="2027-01-21")
    assert await case.read_tahap() == before


async def test_exits_are_counted_by_reason(case: GraduationCase) -> None:
    await case.publish_graduated()
    asked = case.caseload.token(Role.OPERATOR)

    async def count() -> Any:
        return (await case.caseload.post("/v1/numbers", {"kpm_ids": [case.kpm_id]}, as_=asked)).json()

    assert (await count())["totals"] == {"ended": 0, "ending": 1}, "the end lies ahead"
    await case.caseload.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    assert await count() == {
        "service": "caseload",
        "by_exit_reason": {"SEJAHTERA_MANDIRI": {"ended": 1, "ending": 0}},
        "totals": {"ended": 1, "ending": 0},
    }
    await case.publish(SanggahLodged, sanggah_id=UUID(int=1), lodged_on="2026-12-01", suspends=True)
    assert (await count())["totals"] == {"ended": 0, "ending": 1}, "an objection holds it"
    other = await case.caseload.post("/v1/numbers", {"kpm_ids": [str(CASE)]}, as_=asked)
    assert other.json()["totals"] == {"ended": 0, "ending": 0}


async def test_memberships_of_one_bansos_never_overlap(case: GraduationCase) -> None:
    with pytest.raises(asyncpg.ExclusionViolationError):
        await case.caseload.sql(
            "INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid) VALUES (uuidv7(), $1, 'PKH', '[2026-01-01,)')",
            case.kpm_id,
        )
