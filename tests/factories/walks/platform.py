"""Operations that every service has, and the accounts that may call them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.access import Actor, Role
from shared.database import uuid7
from shared.evidence import EvidenceKind, EvidenceUse, record_uses
from shared.jobs import enqueue
from tests.factories.graduation.events import DESA, KENDAL
from tests.factories.services import Running
from tests.factories.things import read_areas_of_owners

Tokens = dict[Role, str]
PARKED = {"subscription": "walked", "topic": "pilar.registry", "key": "walked"}


def read_success(answer: httpx.Response) -> Any:
    """Return the body of a successful answer. After an edit the version must have changed."""
    assert answer.is_success, answer.text
    if (read := answer.request.headers.get("If-Match")) is not None:
        assert answer.headers.get("ETag", read) != read, answer.request.url.path
    return answer.json() if answer.content else None


async def walk_shared_operations(service: Running, tokens: Tokens) -> None:
    """Call the operations of every service: files, jobs, parked events, clock and numbers."""
    operator, actor = tokens[Role.OPERATOR], Actor("dinsos-kendal-1", frozenset({Role.DINSOS_KABKOTA}))
    scan = await service.put_file(b"a scan", as_=tokens[Role.PENDAMPING])
    await walk_files(service, scan, tokens[Role.PENDAMPING])
    await clear_used_twice(service, tokens, scan)
    async with service.session() as session:
        jobs = [await enqueue(session, "platform.republish", {}, actor) for _ in range(3)]
    read_success(await service.get(f"/v1/jobs/{jobs[0]}", as_=operator))
    read_success(await service.get("/v1/jobs?state=QUEUED", as_=operator))
    read_success(await service.get("/v1/me", as_=operator))
    for notes in ("errors", "warnings", "changes"):
        read_success(await service.get(f"/v1/jobs/{jobs[1]}/{notes}", as_=operator))
    read_success(await service.post(f"/v1/jobs/{jobs[2]}/cancellation", as_=tokens[Role.DINSOS_KABKOTA]))
    await service.execute(
        'INSERT INTO platform.parked (subscription, topic, key, partition, "offset", body, reason)'
        f" VALUES ('{PARKED['subscription']}', '{PARKED['topic']}', '{PARKED['key']}', 0, 0, '', 'POISON')"
    )
    read_success(await service.get("/v1/labels"))
    read_success(await service.get("/v1/parked", as_=operator))
    read_success(await service.post("/v1/parked/retry", PARKED, as_=operator))
    read_success(await service.post("/v1/parked/skip", PARKED, as_=operator))
    now = read_success(await service.get("/v1/clock", as_=operator))["now"]
    later = datetime.fromisoformat(now) + timedelta(minutes=1)
    read_success(await service.post("/v1/clock", {"now": later.isoformat()}, as_=operator))
    read_success(await service.post("/v1/numbers", {}, as_=operator))
    await walk_deadlines(service, tokens)
    auditor = tokens[Role.AUDITOR]
    subject_id = min(await read_areas_of_owners(service))
    for noun in (f"subjects/{subject_id}", "accounts/operator-1", "denials", "purposes", "bulk-reads"):
        read_success(await service.get(f"/v1/audit/{noun}", as_=auditor))


async def walk_files(service: Running, sha256: str, token: str) -> None:
    """Read a file, and upload one in parts."""
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    part = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    for method in ("GET", "HEAD"):
        read = await service.client.request(method, f"/v1/files/{sha256}", headers=headers)
        assert read.status_code == 200, read.text
    created = await service.client.post("/v1/uploads", headers=headers | {"Upload-Length": "9"})
    path = created.headers["location"]
    answers = [
        await service.client.options("/v1/uploads", headers=headers),
        await service.client.head(path, headers=headers),
        await service.client.patch(path, content=b"a,b\n", headers=headers | part),
        await service.client.delete(path, headers=headers),
    ]
    assert all(answer.is_success for answer in answers)


async def walk_deadlines(service: Running, tokens: Tokens) -> None:
    """Call the operations of deadlines."""
    read_success(await service.get("/v1/overdue", as_=tokens[Role.DINSOS_KABKOTA]))
    today = read_success(await service.get("/v1/clock", as_=tokens[Role.OPERATOR]))["today"]
    rule = {
        "days": 21,
        "escalate_to": [{"role": "KEMENSOS", "days": 7}],
        "valid_from": today,
        "basis": "walk",
    }
    read_success(await service.post("/v1/deadline-rule", rule, as_=tokens[Role.KEMENSOS]))
    read_success(await service.get("/v1/deadline-rule", as_=tokens[Role.DINSOS_KABKOTA]))


async def walk_requests(
    service: Running, request: Callable[[], Awaitable[httpx.Response]], requester: str
) -> None:
    """Request an act three times: withdraw, refuse and approve it."""
    ministry = service.token("KEMENSOS", "kemensos-9")
    for noun, by in (("withdrawal", requester), ("refusal", ministry), ("approval", ministry)):
        requested = await request()
        assert requested.status_code == 202, requested.text
        path = requested.headers["Location"]
        bodies = {
            "approval": {"body_sha256": requested.json()["body_sha256"]},
            "refusal": {"reason": "Kurang."},
        }
        read_success(await service.get(path, as_=ministry))
        read_success(await service.post(f"{path}/{noun}", bodies.get(noun), as_=by))
    assert len(read_success(await service.get("/v1/approval-request", as_=ministry))["items"]) >= 3


async def clear_used_twice(service: Running, tokens: Tokens, scan: str) -> None:
    """Use one file for two things, and clear the second use."""
    author = Actor("pendamping-9", frozenset({Role.PENDAMPING}))
    async with service.session() as session:
        for _ in range(2):
            await record_uses(session, [scan], EvidenceUse(EvidenceKind.SURAT, uuid7(), None, DESA, author))
    path, lead = "/v1/evidence-flag", tokens[Role.KETUA_TIM_KABKOTA]
    flags = read_success(await service.get(path, as_=lead, params={"limit": 200}))["items"]
    flag_id = next(flag["flag_id"] for flag in flags if flag["sha256"] == scan)
    why = {"reason": "Satu berkas untuk dua hal, sudah diperiksa."}
    read_success(await service.post(f"{path}/{flag_id}/clearance", why, as_=lead))


def create_tokens(service: Running, **tokens: str) -> Tokens:
    """Return tokens of all roles in Kendal, and the given ones."""
    made = {
        Role.KEMENSOS: service.token("KEMENSOS", "kemensos-1"),
        Role.DINSOS_KABKOTA: service.token("DINSOS_KABKOTA", "dinsos-kendal-1", [KENDAL]),
        Role.KETUA_TIM_KABKOTA: service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [KENDAL]),
        Role.OPERATOR_DESA: service.token("OPERATOR_DESA", "operator-desa-1", [DESA]),
        Role.OPERATOR: service.token("OPERATOR", "operator-1"),
        Role.AUDITOR: service.token("AUDITOR", "auditor-1"),
    }
    return made | {Role(name): token for name, token in tokens.items()}
