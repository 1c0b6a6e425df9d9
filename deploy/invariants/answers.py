"""I1 of reliability.md: what was answered with yes has its effect exactly once, what was refused none.

A caller's history is held against what the services kept of it: the answer stored under its key, which is part of the
command's own transaction, and the facts told under the id of the request.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.invariants.databases import Asked

# What an accepted command tells, once for each thing it is about; what is not here may tell nothing.
TELLS = {
    "registry": (
        (r"/v1/pendamping", "pendamping_registered"),
        (r"/v1/pendamping/[^/]+/status", "pendamping_status_changed"),
        (r"/v1/penugasan", "penugasan_started"),
        (r"/v1/wilayah-tugas", "wilayah_tugas_placed"),
        (r"/v1/wilayah-tugas/[^/]+/end", "wilayah_tugas_ended"),
    ),
    "caseload": (
        (r"/v1/dampingan", "dampingan_started"),
        (r"/v1/kunjungan", "kunjungan_recorded"),
        (r"/v1/p2k2", "p2k2_held"),
        (r"/v1/exit-proposal", "exit_proposed"),
        (r"/v1/exit-proposal/[^/]+/withdrawal", "exit_proposal_withdrawn"),
    ),
    "graduation": (
        (r"/v1/graduasi/[^/]+/asesmen", "kpm_assessed"),
        (r"/v1/graduasi/[^/]+/proposal", "graduasi_proposed"),
        (r"/v1/graduasi/[^/]+/(refusal|cancellation)", "graduasi_closed"),
        (r"/v1/sk", "graduasi_determined"),
        (r"/v1/graduasi/[^/]+/sanggah", "sanggah_lodged"),
        (r"/v1/sanggah/[^/]+/decision", "sanggah_decided"),
        (r"/v1/graduasi/[^/]+/annulment", "graduasi_annulled"),
        (r"/v1/monitoring/[^/]+/result", "monitoring_recorded"),
    ),
    "referral": ((r"/v1/rujukan-program/[^/]+/consent", "consent_given"),),
}
KEPT = "SELECT client, path, status FROM platform.idempotency WHERE method = 'POST'"
# Only what a request told itself: what a reaction tells later carries the same correlation, and its cause.
TOLD = """
SELECT body::json ->> 'correlationid' AS request_id, wire, count(*) AS count FROM platform.outbox
WHERE body IS NOT NULL AND body::json ->> 'causationid' IS NULL GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A POST as its caller knows it: `status` is None where no answer came; `things`, how many it is about.

    `problem` is the title of a refusal.
    """

    service: str
    who: str
    path: str
    key: str
    status: int | None
    request_id: str = ""
    replayed: bool = False
    things: int = 1
    problem: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def tells(self) -> str | None:
        """The fact that it tells, by its name on the wire."""
        for path, fact in TELLS[self.service]:
            if re.fullmatch(path, self.path):
                return f"{self.service}.{fact}.v1"
        return None


async def answer_faults(services: Mapping[str, Asked], history: Sequence[Command]) -> list[str]:
    """I1 for every service; other callers may have asked too, but nobody under these callers' names."""
    found: list[str] = []
    for name, service in services.items():
        mine = [command for command in history if command.service == name]
        found += [
            f"{name}: I1: {fault}" for fault in [*await kept(service, mine), *await told(service, mine)]
        ]
    return found


async def kept(service: Asked, history: Sequence[Command]) -> list[str]:
    """Under each caller and path stand as many answers as were given, and no refusal."""
    rows = Counter((row["client"], row["path"]) for row in await service.sql(KEPT))
    refusals = [row for row in await service.sql(KEPT) if row["status"] is None or row["status"] >= 300]
    yes: dict[tuple[str, str], set[str]] = {}
    unknown: dict[tuple[str, str], set[str]] = {}
    for command in history:
        kind = yes if command.accepted else unknown if command.status is None else {}
        kind.setdefault((command.who, command.path), set()).add(command.key)
    found = [f"{row['client']} {row['path']}: what was not accepted is kept" for row in refusals]
    for at in yes.keys() | unknown.keys():
        sure = yes.get(at, set())
        maybe = unknown.get(at, set()) - sure
        if not len(sure) <= rows[at] <= len(sure) + len(maybe):
            found.append(f"{at[0]} {at[1]}: {len(sure)} accepted, {len(maybe)} unanswered, {rows[at]} kept")
    return found


async def told(service: Asked, history: Sequence[Command]) -> list[str]:
    """An accepted command told its fact once, under its own request; a refused or repeated one told nothing."""
    facts: dict[str, Counter[str]] = {}
    for row in await service.sql(TOLD):
        facts.setdefault(row["request_id"], Counter())[row["wire"]] = row["count"]
    found: list[str] = []
    for command in history:
        has = facts.get(command.request_id, Counter())
        if command.replayed or (command.status is not None and not command.accepted):
            found += [f"{command.who} {command.path}: {wire} told without an effect" for wire in has]
        elif command.accepted and command.tells and has[command.tells] != command.things:
            found.append(f"{command.who} {command.path}: told {command.tells} {has[command.tells]} times")
    return found
