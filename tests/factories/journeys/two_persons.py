"""Acts that one person requests and another approves."""

from typing import Any

from deploy.demo.people import OTHER_KEMENSOS, THIRD_KEMENSOS
from deploy.demo.world import World


async def annul_sk(world: World, graduasi_id: str, why: dict[str, Any]) -> None:
    """Annul the SK of a case, by two officials of Kemensos."""
    proof = await world.put_file("graduation", f"nota dinas {graduasi_id}".encode(), OTHER_KEMENSOS)
    body = {"evidence_sha256": proof} | why
    path = f"/v1/graduasi/{graduasi_id}/annulment"
    await approve_request(world, "graduation", await world.post("graduation", path, body, OTHER_KEMENSOS))


async def approve_request(world: World, service: str, requested: dict[str, Any]) -> None:
    """Approve a request as another official, and wait until its events are applied."""
    path = f"/v1/approval-request/{requested['approval_request_id']}/approval"
    await world.post(service, path, {"body_sha256": requested["body_sha256"]}, THIRD_KEMENSOS)
    await world.wait_until_delivered()
