"""A family whose PKH membership has a case in graduation."""

from datetime import UTC, datetime
from typing import Any

from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import dinsos_token
from tests.factories.delivery import deliver
from tests.factories.services import Running


class CaseScenario:
    """One family with one case on its PKH membership, and graduation."""

    def __init__(self, family: Family, graduation: Running, case: Case) -> None:
        self.family, self.graduation, self.case, self.caseload = family, graduation, case, family.caseload

    async def publish(self, *events: Any) -> None:
        await self.graduation.publish(*events)
        await deliver(self.graduation, self.caseload)

    async def read_tahap(self, on: str | None = None) -> dict[str, Any]:
        asked = f"/v1/kpm/{self.family.kpm_id}/tahap?bansos=PKH" + (f"&on={on}" if on else "")
        answer = await self.caseload.get(asked, as_=dinsos_token(self.caseload))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def read_payable(self, on: str | None = None) -> tuple[str, str | None, list[str]]:
        answer_body = await self.read_tahap(on)
        return answer_body["payable"], answer_body["last_payable_tahap"], answer_body["back_pay"]

    async def re_enter(self, valid_from: str, **more: Any) -> dict[str, Any]:
        """Lodge and accept an application with a first day."""
        body = {"kpm_id": self.family.kpm_id, "bansos": "PKH", "reason": "Usaha tutup.", "ground": "KAMBUH"}
        lodged = {"lodged_on": "2027-02-01"} | more
        usulan = await self.family.post_ok("/v1/usulan", body | lodged)
        decision = {"accepted": True, "valid_from": valid_from, "reason": "Memenuhi syarat."}
        path = f"/v1/usulan/{usulan['usulan_id']}/decision"
        return await self.family.post_ok(path, decision, as_=dinsos_token(self.caseload))

    async def advance_to(self, year: int, month: int, day: int) -> None:
        await self.caseload.set_clock(datetime(year, month, day, 3, tzinfo=UTC))
        await self.caseload.work()

    async def read_purpose(self) -> str:
        return str((await self.family.read())["dampingan"][0]["purpose"])

    async def count_parked(self) -> int:
        return len(await self.caseload.sql("SELECT FROM platform.parked"))
