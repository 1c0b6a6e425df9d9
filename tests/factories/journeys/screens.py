"""The calls of each usual screen, as docs/api-frontend.md lists them."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from deploy.demo.world import World
from tests.factories.journeys.four_services import FourServices

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api-frontend.md"
HEADING = "### Calls of a screen"
CALL = re.compile(r"(registry|caseload|graduation|referral) `(GET|POST) (/v1/[^\s`]+)(?: (\{[^`]*\}))?`")


class Call(NamedTuple):
    """One call of a screen, with ids in braces."""

    service: str
    method: str
    path: str
    body: str


class Screen(NamedTuple):
    """A screen, the demonstration's account that opens it, and its calls."""

    name: str
    account: str
    calls: list[Call]


def list_screens(page: str) -> list[Screen]:
    """Return the screens of the table below the heading."""
    table = page.partition(HEADING)[2].partition("\n#")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return [
        Screen(name, account.strip("`"), [Call(*call) for call in CALL.findall(calls)])
        for name, account, calls in rows[2:]
    ]


async def read_ids(four: FourServices) -> dict[str, str]:
    """Return the ids of the family of scenario 2 by name."""
    graduation, referral = four.services["graduation"], four.services["referral"]
    (case,) = await graduation.sql(
        "SELECT g.graduasi_id, g.kpm_id, g.exit_reason, g.opened_by AS pendamping_id, p.sk_id"
        " FROM graduasi g JOIN penetapan p USING (graduasi_id)"
    )
    partner_id = four.world.data_folder.people()["partner-1"]["partner_id"]
    (offer,) = await referral.sql(
        "SELECT rujukan_program_id FROM rujukan_program WHERE partner_id::text = $1 LIMIT 1", partner_id
    )
    return {name: str(value) for row in (case, offer) for name, value in row.items()}


async def find_failed_calls(world: World, screens: list[Screen], ids: dict[str, str]) -> list[str]:
    """Make the calls of each screen, and return those that are refused."""
    failed = []
    for screen in screens:
        for call in screen.calls:
            path = call.path.format(**ids)
            text = re.sub(r'"\{(\w+)\}"', lambda match: json.dumps(ids[match[1]]), call.body)
            more = {"json": json.loads(text)} if text else {}
            answer = await world.send(call.method, call.service, path, screen.account, **more)
            if not answer.is_success:
                failed.append(
                    f"{screen.name}: {call.method} {path}: {answer.status_code} {answer.text[:200]}"
                )
    return failed
