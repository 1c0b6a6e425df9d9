"""Officials of Kemensos who draft, approve and activate a policy over HTTP."""

from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.services import Running

POLICY_DAY = date(2026, 5, 18)
CONTENT = [
    "opened_by",
    "stages",
    "needs_score",
    "needs_statement",
    "needs_komponen_ended",
    "counts",
    "opens_rujukan",
    "sanggah_length",
    "sanggah_unit",
    "sanggah_starts_from",
    "monitoring_months",
    "follow_up_months",
    "survival_months",
    "check_days",
    "credit_rule_version",
    "evidence_for",
    "candidate_desil_scope",
    "candidate_desil_at_least",
    "candidate_usaha_months",
    "candidate_program_years",
    "candidate_program_months",
    "counted_memberships",
    "candidate_komponen_months",
    "candidate_reasons",
]
INDICATOR = [
    "code",
    "source",
    "value_type",
    "rule",
    "passes_at",
    "weight",
    "knock_out",
    "evidence_required",
    "text_en",
    "text_id",
]


class Ministry:
    """Four officials of Kemensos, and the policy that they work on."""

    def __init__(self, service: Running) -> None:
        self.service, self.policy_id = service, ""

    def official_token(self, number: int) -> str:
        return self.service.token("KEMENSOS", f"kemensos-{number}")

    async def read_policy(self, exit_reason: str = "SEJAHTERA_MANDIRI") -> dict[str, Any]:
        return expect_ok(await self.service.get(f"/v1/policy/{exit_reason}", as_=self.official_token(1)), 200)

    async def build_policy(self, exit_reason: str = "SEJAHTERA_MANDIRI", **other: Any) -> dict[str, Any]:
        """Return the version in force as a draft with other content."""
        current = await self.read_policy(exit_reason)
        draft = {name: current[name] for name in CONTENT} | {
            "exit_reason": exit_reason,
            "reason": "Juknis baru.",
        }
        if current["instrument"]:
            draft["instrument_version"] = current["instrument"]["version"]
        return {**draft, **other}

    async def draft(self, exit_reason: str = "SEJAHTERA_MANDIRI", **other: Any) -> httpx.Response:
        answer = await self.service.post(
            "/v1/policy", await self.build_policy(exit_reason, **other), as_=self.official_token(1)
        )
        self.policy_id = answer.json().get("policy_id", "")
        return answer

    async def approve(self, number: int, **more: Any) -> httpx.Response:
        path = f"/v1/policy/{self.policy_id}/approval"
        return await self.service.post(path, {}, as_=self.official_token(number), **more)

    async def activate(self, valid_from: str) -> httpx.Response:
        path = f"/v1/policy/{self.policy_id}/activation"
        return await self.service.post(path, {"valid_from": valid_from}, as_=self.official_token(1))

    async def withdraw(self, number: int) -> httpx.Response:
        path = f"/v1/policy/{self.policy_id}/withdrawal"
        return await self.service.post(path, {"reason": "Pasal 4 keliru."}, as_=self.official_token(number))

    async def expect_sql_refusal(self, statement: str, refusal: type[Exception], name: str) -> None:
        """Assert that the database refuses a statement on the policy by the service's own role."""
        connection = await asyncpg.connect(self.service.settings.database_url)
        try:
            with pytest.raises(refusal, match=name):
                await connection.execute(statement, self.policy_id)
        finally:
            await connection.close()

    async def enact(self, valid_from: str, exit_reason: str = "SEJAHTERA_MANDIRI", **other: Any) -> None:
        """Draft, approve and activate a version."""
        expect_ok(await self.draft(exit_reason, **other))
        expect_ok(await self.approve(2))
        expect_ok(await self.approve(3))
        expect_ok(await self.activate(valid_from))

    async def build_harder_instrument(self) -> dict[str, Any]:
        """Return the instrument in force with a threshold that no family reaches.

        It also has one criterion less.
        """
        current = (await self.read_policy())["instrument"]
        indicators = [{name: indicator[name] for name in INDICATOR} for indicator in current["indicators"]][
            1:
        ]
        for indicator in indicators:
            indicator["passes_at"] = 10**9 if indicator["rule"] == "AT_LEAST" else indicator["passes_at"]
        return {
            "threshold_percent": 90,
            "exempt_below_able": 1,
            "source": "Juknis graduasi 2027",
            "indicators": indicators,
        }


async def start_ministry(service: Running) -> Ministry:
    await set_day(service, POLICY_DAY)
    return Ministry(service)
