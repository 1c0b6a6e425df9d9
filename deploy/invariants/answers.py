"""I1 of docs/messaging.md#invariants: an accepted command has its effect exactly once, a refused one none.

A client's history is compared with the stored answers, which are written in the command's own transaction, and with
the events that carry the id of the request.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.invariants.databases import Asked

# The event that an accepted command emits once per subject. A command that is not listed emits nothing.
EMITTED_EVENTS = {
    "registry": (
        (r"/v1/pendamping", "pendamping_registered"),
        (r"/v1/pendamping/[^/]+/status", "pendamping_status_changed"),
        (r"/v1/penugasan(/[^/]+/restoration)?", "penugasan_started"),
        (r"/v1/wilayah-tugas(/[^/]+/restoration)?", "wilayah_tugas_placed"),
        (r"/v1/wilayah-tugas/[^/]+/end", "wilayah_tugas_ended"),
    ),
    "caseload": (
        (r"/v1/dampingan", "dampingan_started"),
        (r"/v1/kunjungan", "kunjungan_recorded"),
        (r"/v1/p2k2", "p2k2_held"),
        (r"/v1/kunjungan/[^/]+/void", "kunjungan_voided"),
        (r"/v1/p2k2/[^/]+/void", "p2k2_voided"),
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
        (r"/v1/monitoring/[^/]+/(result|void)", "monitoring_recorded"),
    ),
    "referral": ((r"/v1/rujukan-program/[^/]+/consent", "consent_given"),),
}
# The event of an approval, by service and kind of the request.
APPROVAL = re.compile(r"/v1/approval-request/([^/]+)/approval")
EVENTS_OF_APPROVALS = {
    "caseload": {"MEMBERSHIP_VOID": "kepesertaan_voided"},
    "graduation": {
        "ANNULMENT": "graduasi_annulled",
        "BACK_PAY_CORRECTION": "graduasi_annulled",
        "MONITORING_REVERSAL": "monitoring_recorded",
    },
}
REQUESTED_KINDS = "SELECT approval_request_id::text AS id, kind FROM approval_request"
STORED_ANSWERS = "SELECT client, path, status FROM platform.idempotency WHERE method = 'POST'"
# Only events of the request itself. Events of reactions have the same correlation id, but also a cause.
OUTBOX_EVENTS = """
SELECT body::json ->> 'correlationid' AS request_id, wire, count(*) AS count FROM platform.outbox
WHERE body IS NOT NULL AND body::json ->> 'causationid' IS NULL GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A POST as its client knows it. `status` is None if no answer came.

    `things` counts the subjects of the command, None if only the service knows how many. `problem` is the title of a
    refusal.
    """

    service: str
    who: str
    path: str
    key: str
    status: int | None
    request_id: str = ""
    replayed: bool = False
    things: int | None = 1
    problem: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and self.status < 300

    def expects(self, count: int) -> bool:
        """Return whether the command may have emitted this many events."""
        return count > 0 if self.things is None else count == self.things

    def find_wire(self, kinds: Mapping[str, str]) -> str | None:
        """Return the wire name of the event that the command emits.

        `kinds` are the kinds of the two-person requests, by id.
        """
        events = [event for path, event in EMITTED_EVENTS[self.service] if re.fullmatch(path, self.path)]
        if approval := APPROVAL.fullmatch(self.path):
            of_kind = EVENTS_OF_APPROVALS.get(self.service, {}).get(kinds[approval[1]])
            events = [of_kind] if of_kind else []
        return f"{self.service}.{events[0]}.v1" if events else None


async def answer_faults(services: Mapping[str, Asked], history: Sequence[Command]) -> list[str]:
    """Check I1 in every service.

    Other clients may have sent commands too, but not under these clients' names.
    """
    faults: list[str] = []
    for name, service in services.items():
        own = [command for command in history if command.service == name]
        faults += [
            f"{name}: I1: {fault}"
            for fault in [*await answer_count_faults(service, own), *await event_faults(service, own)]
        ]
    return faults


async def answer_count_faults(service: Asked, history: Sequence[Command]) -> list[str]:
    """Compare the number of stored answers per client and path with the history."""
    rows = Counter((row["client"], row["path"]) for row in await service.sql(STORED_ANSWERS))
    refusals = [
        row for row in await service.sql(STORED_ANSWERS) if row["status"] is None or row["status"] >= 300
    ]
    accepted: dict[tuple[str, str], set[str]] = {}
    unknown: dict[tuple[str, str], set[str]] = {}
    for command in history:
        kind = accepted if command.accepted else unknown if command.status is None else {}
        kind.setdefault((command.who, command.path), set()).add(command.key)
    faults = [f"{row['client']} {row['path']}: an answer that is no acceptance is stored" for row in refusals]
    for client, path in accepted.keys() | unknown.keys():
        sure = accepted.get((client, path), set())
        maybe = unknown.get((client, path), set()) - sure
        stored = rows[client, path]
        if not len(sure) <= stored <= len(sure) + len(maybe):
            faults.append(f"{client} {path}: {len(sure)} accepted, {len(maybe)} unanswered, {stored} stored")
    return faults


async def event_faults(service: Asked, history: Sequence[Command]) -> list[str]:
    """Check that an accepted command emitted one event, and a refused or repeated one none."""
    events: dict[str, Counter[str]] = {}
    for row in await service.sql(OUTBOX_EVENTS):
        events.setdefault(row["request_id"], Counter())[row["wire"]] = row["count"]
    approvals = any(APPROVAL.fullmatch(command.path) for command in history)
    kinds = {row["id"]: row["kind"] for row in await service.sql(REQUESTED_KINDS)} if approvals else {}
    faults: list[str] = []
    for command in history:
        counts = events.get(command.request_id, Counter())
        if command.replayed or (command.status is not None and not command.accepted):
            faults += [f"{command.who} {command.path}: {wire} emitted without an effect" for wire in counts]
        elif command.accepted and (wire := command.find_wire(kinds)) and not command.expects(counts[wire]):
            faults.append(f"{command.who} {command.path}: emitted {wire} {counts[wire]} times")
    return faults
