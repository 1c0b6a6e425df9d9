"""The four databases' numbers side by side, compared with what chain.md 9 says of scenario 2."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from deploy.local.databases import SERVICES
from deploy.local.demo.world import World

REASON = "SEJAHTERA_MANDIRI"
EXPECTED = {
    "graduation": {"determined": 1, "annulled": 0, "effective": 1},
    "caseload": {"ended": 1},
    "registry": {"granted": 1, "reversed": 0, "net": 1},
    "referral": {"opened": 1, "withdrawn": 0, "live": 1},
}
SCENARIO = "scenario-2"


async def compare(world: World) -> bool:
    """Print the table of the scenario's own family and pendamping; whether every number is as it must be."""
    family = world.place.people()[SCENARIO]
    of = {"kpm_ids": [family["kpm_id"]], "pendamping_ids": [family["pendamping_id"]]}
    found = {service: await world.post(service, "/v1/numbers", of, "operator-1") for service in SERVICES}
    table = Table(title=f"The totals, by {REASON}, as each service's own database counts them")
    for heading in ("service", "counts", "expected", "found", ""):
        table.add_column(heading, justify="left" if heading in {"service", "counts"} else "right")
    same = [add(table, service, word, wanted, found[service]) for service, word, wanted in rows()]
    world.console.print(table)
    return all(same)


def rows() -> list[tuple[str, str, int]]:
    return [(service, word, wanted) for service, words in EXPECTED.items() for word, wanted in words.items()]


def add(table: Table, service: str, word: str, wanted: int, told: dict[str, Any]) -> bool:
    """Both the reason's number and the total must be right: nothing may have been counted under another reason."""
    by_reason, total = told["by_exit_reason"].get(REASON, {}).get(word, 0), told["totals"].get(word, 0)
    same = by_reason == total == wanted
    shown = str(by_reason) if by_reason == total else f"{by_reason} of {total}"
    table.add_row(service, word, str(wanted), shown, "[green]agrees[/]" if same else "[bold red]differs[/]")
    return same
