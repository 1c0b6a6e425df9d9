"""A webhook's secret is in the first answer alone: what is stored for a repeated request is without it."""

from typing import Any

import httpx

from shared.http.idempotency import _bound
from tests.factories.services import Running

BODY = {
    "code": "MITRA",
    "name": "Mitra",
    "kind": "BANK",
    "channel": "HOST_TO_HOST",
    "webhook_url": "https://mitra.example.go.id/pilar",
}
URL = {"webhook_url": BODY["webhook_url"]}


async def stored(referral: Running, sub: str, path: str) -> list[str]:
    """Open every answer that is stored for a path."""
    rows = await referral.sql("SELECT * FROM platform.idempotency WHERE path = $1 AND client = $2", path, sub)
    vault: Any = referral.app.state.vault
    return [
        vault.open(row["sealed"], **_bound((row["client"], row["method"], row["path"], row["key"])))
        for row in rows
    ]


def same_without_secret(first: httpx.Response, again: httpx.Response) -> bool:
    replayed = again.headers.get("Idempotency-Replayed") == "true"
    return replayed and again.json() == first.json() | {"webhook_secret": None}


async def test_a_repeated_registration_answers_with_the_partner_and_without_the_secret(
    referral: Running,
) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    first, again = [await referral.post("/v1/partner", BODY, as_=token, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert same_without_secret(first, again)
    (kept,) = await stored(referral, "kemensos-1", "/v1/partner")
    assert first.json()["webhook_secret"] not in kept
    assert first.json()["partner_id"] in kept


async def test_a_new_secret_comes_with_the_same_address_and_is_shown_once_too(referral: Running) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    made = (await referral.post("/v1/partner", BODY, as_=token)).json()
    path, versioned = f"/v1/partner/{made['partner_id']}/webhook", {"headers": {"If-Match": '"1"'}}
    first, again = [await referral.post(path, URL, as_=token, key="k-2", **versioned) for _ in range(2)]
    assert first.json()["webhook_secret"] not in {None, made["webhook_secret"]}
    assert same_without_secret(first, again)
    (kept,) = await stored(referral, "kemensos-1", path)
    assert first.json()["webhook_secret"] not in kept
