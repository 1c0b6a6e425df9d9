"""Answers, deliveries and corrections of a partner, and what follows from them."""

from typing import Any

import httpx

from tests.factories.referral.events import TODAY
from tests.factories.referral.world import World

KUR = "KUR_SUPERMIKRO"
BANK = "BANK_KUR"
WRONG = "Salah baris saat mengetik"


def words_of(status: str) -> dict[str, str]:
    """Return the words that an answer must have: with PERLU_DATA what to supply."""
    return {"reason_text": "Mohon lengkapi foto tempat usaha."} if status == "PERLU_DATA" else {}


async def post_fact(world: World, subject: str, path: str, **body: Any) -> httpx.Response:
    """Post an answer, a delivery, an outcome or a correction as the bank."""
    return await world.referral.post(f"/v1/rujukan-program/{subject}/{path}", body, as_=world.partner(BANK))


async def post_answer(world: World, subject: str, answer_id: str, status: str, **changes: Any) -> Any:
    """Answer an offer and return the offer."""
    body = {"answer_id": answer_id, "status": status, "answered_on": str(TODAY)} | words_of(status) | changes
    answer = await post_fact(world, subject, "answer", **body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def correct_answer(
    world: World, subject: str, answer_id: str, status: str, **changes: Any
) -> httpx.Response:
    """Correct the answer that holds."""
    body = {"answer_id": answer_id, "status": status, "answered_on": str(TODAY), "reason": WRONG}
    return await post_fact(world, subject, "answer-correction", **body | words_of(status) | changes)


async def read_items(world: World, subject: str, path: str) -> list[dict[str, Any]]:
    """Return a list of an offer as Dinsos sees it."""
    answer = await world.referral.get(f"/v1/rujukan-program/{subject}/{path}", as_=world.dinsos)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]
