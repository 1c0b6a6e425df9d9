"""Ways back from what was recorded in error, each chosen at random."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from deploy.demo.people import DINSOS, KEMENSOS, KETUA, OTHER_KEMENSOS, THIRD_KEMENSOS
from deploy.demo.programs import PROGRAMS
from tests.factories.random_year.mistakes import REASON
from tests.factories.random_year.offers import partner_account
from tests.factories.random_year.office import Family, Office

WRONG_FAMILY = {"reason": "SALAH_KELUARGA"}


async def undo_something(office: Office, chance: random.Random, family: Family) -> None:
    """Undo something by the way back of its operation."""
    await chance.choice(WAYS)(office, chance, family)


async def void_membership(office: Office, chance: random.Random, family: Family) -> None:
    """Void a membership by two people."""
    kept = await office.read_items("caseload", f"/v1/kpm/{family.kpm_id}/kepesertaan")
    if kept:
        path = f"/v1/kepesertaan/{chance.choice(kept)['kepesertaan_id']}/void"
        body = {"reason": REASON, "evidence_sha256": await office.choose_paper(chance, "caseload")}
        requested = await office.send_command("request of a void", "caseload", path, body, DINSOS)
        await office.approve("void of a membership", "caseload", requested, KEMENSOS)


async def reopen_task(office: Office, chance: random.Random, family: Family) -> None:
    """Open a task of caseload again."""
    del family
    tasks = await office.read_items("caseload", "/v1/tugas?open_only=false&limit=100")
    if done := [task for task in tasks if task["done_by"]]:
        path = f"/v1/tugas/{chance.choice(done)['tugas_id']}/reopen"
        await office.send_command("reopening of a task", "caseload", path, None, DINSOS)


async def void_komponen(office: Office, chance: random.Random, family: Family) -> None:
    """Void a komponen of a member."""
    shown = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
    listed = [item for member in (shown or {"members": []})["members"] for item in member["komponen"]]
    if listed:
        item = chance.choice(listed)
        path = f"/v1/komponen/{item['komponen_id']}/void"
        await office.send_command(
            "void of a komponen", "caseload", path, {"reason": REASON}, DINSOS, version=item["version"]
        )


async def void_move(office: Office, chance: random.Random, family: Family) -> None:
    """Void the last move of a family, if its day is guessed."""
    shown = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
    if shown:
        path, body = f"/v1/kpm/{family.kpm_id}/move/void", {"on": office.choose_day(chance), "reason": REASON}
        await office.send_command("void of a move", "caseload", path, body, DINSOS, version=shown["version"])


async def restore_placement(office: Office, chance: random.Random, family: Family) -> None:
    """Undo the end of a placement."""
    del family
    shown = await office.read(
        "registry", f"/v1/pendamping/{chance.choice(office.placed).pendamping_id}", KEMENSOS
    )
    if ended := [item for item in (shown or {"penugasan": []})["penugasan"] if item["valid_to"]]:
        path = f"/v1/penugasan/{chance.choice(ended)['penugasan_id']}/restoration"
        await office.send_command(
            "restoration of a placement", "registry", path, {"reason": REASON}, KEMENSOS
        )


async def reverse_monitoring(office: Office, chance: random.Random, family: Family) -> None:
    """Void a result, or reverse one that decided a monitoring, by two people."""
    del family
    tasks = await office.read_items("graduation", "/v1/monitoring?open_only=false&limit=100", DINSOS)
    if not tasks:
        return
    path = f"/v1/monitoring/{chance.choice(tasks)['task_id']}"
    if chance.random() < 0.5:
        await office.send_command("void of a result", "graduation", f"{path}/void", WRONG_FAMILY, KETUA)
        return
    body = {"void_reason": "SALAH_ISI", "reason": REASON}
    body |= {"evidence_sha256": await office.choose_paper(chance, "graduation")}
    requested = await office.send_command(
        "request of a reversal", "graduation", f"{path}/reversal", body, DINSOS
    )
    await office.approve("reversal of a result", "graduation", requested, THIRD_KEMENSOS)


async def correct_sk(office: Office, chance: random.Random, family: Family) -> None:
    """Correct the number and date of an SK by two people."""
    del family
    if made := await office.read_items("graduation", "/v1/sk?limit=20", KEMENSOS):
        sk = chance.choice(made)
        body: dict[str, Any] = {"sk_no": f"{sk['sk_no'][:30]}-K{chance.randrange(10)}", "reason": REASON}
        body |= {"sk_on": chance.choice((sk["sk_on"], office.day(-3)))}
        body |= {"evidence_sha256": await office.choose_paper(chance, "graduation")}
        path = f"/v1/sk/{sk['sk_id']}/correction"
        requested = await office.send_command(
            "request of a correction", "graduation", path, body, OTHER_KEMENSOS
        )
        await office.approve("correction of an SK", "graduation", requested, THIRD_KEMENSOS)


async def void_delivery(office: Office, chance: random.Random, family: Family) -> None:
    """Void a delivery or an outcome, as the partner."""
    del family
    who = partner_account(chance.choice(list(PROGRAMS)))
    offers = await office.read_items("referral", "/v1/rujukan-program?limit=200", who)
    if delivered := [one for one in offers if one["state"] in {"DISALURKAN", "TUTUP"}]:
        path = f"/v1/rujukan-program/{chance.choice(delivered)['rujukan_program_id']}"
        verb, more = chance.choice((("delivery", {}), ("outcome", {"month": 3})))
        await office.send_command(
            f"void of a {verb}", "referral", f"{path}/{verb}-void", WRONG_FAMILY | more, who
        )


async def renew_offer(office: Office, chance: random.Random, family: Family) -> None:
    """Decline a draft, or make an offer again that was withdrawn."""
    state, verb = chance.choice((("DRAF", "decline"), ("DICABUT", "renewal")))
    if offers := await office.read_items("referral", f"/v1/rujukan-program?state={state}&limit=50"):
        path = f"/v1/rujukan-program/{chance.choice(offers)['rujukan_program_id']}/{verb}"
        who = chance.choice((DINSOS, await office.choose_pendamping(chance, family)))
        await office.send_command(f"{verb} of an offer", "referral", path, None, who)


WAYS: tuple[Callable[[Office, random.Random, Family], Awaitable[None]], ...] = (
    void_membership,
    reopen_task,
    void_komponen,
    void_move,
    restore_placement,
    reverse_monitoring,
    reverse_monitoring,
    correct_sk,
    void_delivery,
    renew_offer,
)
