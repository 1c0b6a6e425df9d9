"""A family in the hands of its pendamping: what tests of its changes begin with, and how they ask for them."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.factories.caseload.intake import companion, csv_of, dinsos, family, family_of, take_in
from tests.factories.services import Running


@dataclass
class Family:
    """One family of pendamping S, over HTTP."""

    caseload: Running
    kpm_id: str
    mine: str

    @classmethod
    async def taken_in(cls, caseload: Running, rows: list[dict[str, str]]) -> "Family":
        """Take a family in."""
        done = await take_in(caseload, csv_of(rows))
        assert done["errors"] == []
        return cls(caseload, await family_of(caseload, rows[0]["nik"]), companion(caseload))

    async def read(self) -> dict[str, Any]:
        """The family whole."""
        return dict((await self.caseload.get(f"/v1/kpm/{self.kpm_id}", as_=self.mine)).json())

    async def memberships(self) -> dict[str, dict[str, Any]]:
        """What it is a member of, by bansos; of several of one bansos the latest."""
        found = await self.caseload.get(f"/v1/kpm/{self.kpm_id}/kepesertaan", as_=dinsos(self.caseload))
        assert found.status_code == 200, found.text
        return {row["bansos"]: row for row in found.json()["items"]}

    async def post(self, path: str, body: Any, version: int | None = None, **more: Any) -> httpx.Response:
        """POST to a part of the family, as its pendamping."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        whole = path if path.startswith("/v1/") else f"/v1/kpm/{self.kpm_id}/{path}"
        return await self.caseload.post(whole, body, as_=more.pop("as_", self.mine), headers=headers, **more)

    async def done(self, path: str, body: Any, version: int | None = None, **more: Any) -> dict[str, Any]:
        """POST, and be answered with success."""
        answer = await self.post(path, body, version, **more)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def told(self, name: str) -> list[dict[str, Any]]:
        """What was told of one kind."""
        said = [one for one in await self.caseload.emitted() if one["type"].split(".")[1] == name]
        return [one["data"] for one in said]

    async def acts(self) -> list[tuple[str, str, str | None]]:
        """The family's history: subject, act, why."""
        rows = await self.caseload.get(f"/v1/kpm/{self.kpm_id}/history?limit=200", as_=self.mine)
        return [(row["subject"], row["act"], row["why"]) for row in rows.json()["items"]]

    async def evidence(self, content: bytes = b"surat keterangan") -> str:
        """Upload a scan; return its SHA-256."""
        return await self.caseload.put_file(content, as_=self.mine)


def alone(**more: str) -> list[dict[str, str]]:
    """A family of one, accompanied by S."""
    return family(700, 1, **({"pendamping_no": "PD-00000S"} | more))


def refused(answer: httpx.Response, title: str, status: int = 409) -> None:
    """Expect a refusal by its name."""
    assert (answer.status_code, answer.json()["title"]) == (status, title), answer.text
