"""Field work of S and T: visits, P2K2 sessions and monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.demo.people import KEMENSOS
from deploy.demo.year.families import A
from deploy.demo.year.pendamping import S, T

if TYPE_CHECKING:
    from deploy.demo.world import World
    from deploy.demo.year.year import Year

VISITED = ("B1", "B2", "A1", "A9")
INVITED = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10")
WARNING_LIMIT = 450


async def scorecard(world: World, pendamping_id: str) -> dict[str, Any]:
    return await world.get("registry", f"/v1/pendamping/{pendamping_id}/scorecard?year=2026", KEMENSOS)


def limit_sides(card: dict[str, Any]) -> list[str | None]:
    """Return on which side of its limit each placement is, according to registry."""
    return [placement["limit_side"] for placement in card["penugasan"]]


class FieldWork:
    """Steps of the pendamping with the families of the year."""

    def __init__(self, year: Year) -> None:
        self.year, self.world = year, year.world

    async def load(self) -> None:
        """Check that 462 families exceed the warning limit."""
        card = await scorecard(self.world, self.year.s.pendamping_id)
        self.world.check("registry counts 462 families on S", card["load_now"], 462)
        self.world.check(
            f"… and shows that the limit of {WARNING_LIMIT} is exceeded", limit_sides(card), ["ABOVE"]
        )

    async def visits(self) -> None:
        """Record visits of S to two families of B and two of A."""
        reports = [
            {
                "kpm_id": case.kpm_id,
                "visited_on": "2026-03-16",
                "purpose": "PENDAMPINGAN",
                "findings": "Usaha berjalan, anak bersekolah.",
            }
            for case in self.year.of(*VISITED)
        ]
        commands = [("/v1/kunjungan", report) for report in reports]
        await self.world.act_many(f"visits {', '.join(VISITED)}", "caseload", commands, S)

    async def p2k2(self) -> None:
        """Record a session in kelurahan A that nine of ten invited attend."""
        attendance = [
            {"kpm_id": case.kpm_id, "presence": "ALPA" if case.name == "A8" else "HADIR"}
            for case in self.year.of(*INVITED)
        ]
        session = {
            "penugasan_id": self.year.s.penugasan_id,
            "kode_wilayah": A,
            "held_on": "2026-03-18",
            "module": 1,
            "session": 1,
            "kelompok": "Melati 1",
            "attendance": attendance,
        }
        await self.world.act("holds a P2K2 session", "caseload", "/v1/p2k2", session, S)

    async def monitoring(self) -> None:
        """Record monitoring by the current pendamping: S of A1, T of B1."""
        for name, who in (("A1", S), ("B1", T)):
            case = self.year.cases[name]
            path = f"/v1/monitoring?graduasi_id={case.graduasi_id}"
            tasks = await self.world.get("graduation", path, who)
            first = tasks["items"][0]
            self.world.check(f"the first task of {name} is of month 1", first["month"], 1)
            result = {"still_out": True, "note": "Warung tetap buka."}
            path = f"/v1/monitoring/{first['task_id']}/result"
            await self.world.act(f"monitors {name}", "graduation", path, result, who)
