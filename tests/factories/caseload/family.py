"""A family with its pendamping, and requests that change it."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.factories.caseload.intake import (
    build_csv,
    dinsos_token,
    family,
    import_file,
    pendamping_token,
    read_kpm_id,
)
from tests.factories.papers import build_pdf
from tests.factories.recall import recall
from tests.factories.services import Running


@dataclass
class Family:
    """One family of pendamping S, over HTTP."""

    caseload: Running
    kpm_id: str
    mine: str

    @classmethod
    async def create(cls, caseload: Running, rows: list[dict[str, str]]) -> "Family":
        """Import a family by intake."""

        async def take_in() -> str:
            done = await import_file(caseload, build_csv(rows))
            assert done["errors"] == []
            return await read_kpm_id(caseload, rows[0]["nik"])

        kpm_id = await recall(("family", repr(rows)), take_in, caseload)
        return cls(caseload, kpm_id, pendamping_token(caseload))

    async def read(self) -> dict[str, Any]:
        """Return the family with all its parts."""
        return dict((await self.caseload.get(f"/v1/kpm/{self.kpm_id}", as_=self.mine)).json())

    async def read_memberships(self) -> dict[str, dict[str, Any]]:
        """Return the family's memberships by bansos. The latest of each."""
        answer = await self.caseload.get(
            f"/v1/kpm/{self.kpm_id}/kepesertaan", as_=dinsos_token(self.caseload)
        )
        assert answer.status_code == 200, answer.text
        return {row["bansos"]: row for row in answer.json()["items"]}

    async def post(self, path: str, body: Any, version: int | None = None, **more: Any) -> httpx.Response:
        """POST to a part of the family, as its pendamping."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        full_path = path if path.startswith("/v1/") else f"/v1/kpm/{self.kpm_id}/{path}"
        return await self.caseload.post(
            full_path, body, as_=more.pop("as_", self.mine), headers=headers, **more
        )

    async def post_ok(self, path: str, body: Any, version: int | None = None, **more: Any) -> dict[str, Any]:
        """POST and return the answer's body. It must be a success."""
        answer = await self.post(path, body, version, **more)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def read_emitted_data(self, name: str) -> list[dict[str, Any]]:
        """Return the data of emitted events by short name."""
        envelopes = await self.caseload.read_envelopes()
        return [envelope["data"] for envelope in envelopes if envelope["type"].split(".")[1] == name]

    async def read_history(self) -> list[tuple[str, str, str | None]]:
        """Return the family's history as subject, act and reason."""
        rows = await self.caseload.get(f"/v1/kpm/{self.kpm_id}/history?limit=200", as_=self.mine)
        return [(row["subject"], row["act"], row["reason_code"]) for row in rows.json()["items"]]

    async def upload_evidence(self, content: bytes = b"surat keterangan") -> str:
        """Upload a scan and return its SHA-256."""
        return await self.caseload.put_file(build_pdf(content), as_=self.mine)


def single_member_family(**more: str) -> list[dict[str, str]]:
    """Return the rows of a family with one member, accompanied by S."""
    return family(700, 1, **({"pendamping_no": "PD-00000S"} | more))
