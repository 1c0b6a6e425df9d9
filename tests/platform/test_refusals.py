"""Refusals name the limit, the choices or the methods, in one language at a time."""

from typing import Any

import httpx
import pytest

from shared.errors import IllegalTransition, NotFound
from shared.remedies import ENDED
from shared.words import Words
from tests.factories.refusal_texts import check_refusal
from tests.factories.services import Running

NIK = "3324075211879001"
ID = {"Accept-Language": "id"}


async def read_message(registry: Running, path: str, language: str) -> str:
    answer = await registry.client.get(
        path, headers={"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Accept-Language": language}
    )
    assert answer.status_code == 422, answer.text
    return answer.json()["errors"][0]["message"]


async def test_a_limit_is_named(registry: Running) -> None:
    assert (
        await read_message(registry, "/v1/pendamping?limit=201", "en")
        == "The value is too large: at most 200."
    )
    assert (
        await read_message(registry, "/v1/pendamping?limit=0", "id") == "Nilai terlalu kecil: paling kecil 1."
    )


async def test_the_choices_are_named(registry: Running) -> None:
    text = await read_message(registry, "/v1/pendamping?status=LIBUR", "en")
    assert text.startswith("This is not one of the known values: CALON, AKTIF, CUTI")
    assert "LIBUR" not in text
    assert "'" not in text
    indonesian = await read_message(registry, "/v1/pendamping?status=LIBUR", "id")
    assert indonesian.startswith("Bukan salah satu nilai yang dikenal: CALON, AKTIF")


async def test_a_405_lists_the_methods_of_the_address(registry: Running) -> None:
    answer = await registry.client.delete("/v1/pendamping")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    answer = await registry.client.delete("/v1/pendamping/019a0000-0000-7000-8000-000000000001/status")
    assert answer.headers["allow"] == "POST"


async def test_an_unreadable_body_is_refused_in_indonesian_only(registry: Running) -> None:
    headers = {
        "Authorization": f"Bearer {registry.token('KEMENSOS')}",
        "Content-Type": "application/json",
        **ID,
    }
    answer = await registry.client.post("/v1/pendamping", content=b'{"name":"a","name":"b"}', headers=headers)
    assert answer.status_code == 400
    reason = "ada isian yang diberikan dua kali"
    assert answer.json()["detail"] == f"Permintaan tidak dapat dibaca: {reason}. Perbaiki."


@pytest.mark.parametrize("media", ["application/zip", "application/x-www-form-urlencoded", ""])
async def test_a_file_of_another_media_type_is_refused_with_the_right_one(
    registry: Running, media: str
) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": media}
    answer = await registry.client.post("/v1/files", content=b"%PDF", headers=headers)
    assert answer.status_code == 415
    kinds = "image/jpeg, image/png, image/webp, application/pdf, text/csv"
    assert answer.json()["detail"] == f"Send the body as {kinds}."


def test_nouns_are_in_the_language_of_the_sentence() -> None:
    assert NotFound("policy").sentence("id").startswith("Kebijakan itu tidak ada")
    assert NotFound("policy").sentence("en").startswith("There is no such policy")
    stuck = IllegalTransition("exit proposal", current="DITERIMA", target="DIAJUKAN", remedy=ENDED)
    assert stuck.sentence("id").startswith("Usulan keluar ini berstatus DITERIMA")
    assert f"{Words('one', 'satu')}" == "one"


@pytest.mark.parametrize("language", ["en", "id"])
async def test_no_refusal_repeats_a_number_of_the_request(registry: Running, language: str) -> None:
    token, headers = registry.token("KEMENSOS"), {"Accept-Language": language}
    path, person = (
        "/v1/pendamping",
        {"subject": "PERSON", "nik": NIK, "name": "Siti", "phone": "081200009001"},
    )
    bodies: list[Any] = [
        *(person | {name: NIK + "0"} for name in ("subject", "nik", "phone")),
        *(person | {name: [NIK]} for name in person),
        person | {NIK: "an unknown field"},
        person | {"from_on": NIK},
        {"nik": NIK},
        [NIK],
    ]
    answers = [await registry.post(path, body, as_=token, headers=headers) for body in bodies]
    await registry.post(path, person, as_=token)
    answers += [
        await registry.post(path, person, as_=token, headers=headers),
        await registry.post(path, person, as_=token, key=f"\n{NIK}", headers=headers),
        *[
            await registry.get(f"{path}{part}", as_=token, headers=headers)
            for part in (f"?{NIK}=1", f"?limit={NIK}", f"?status={NIK}", f"?after={NIK}", f"/{NIK}")
        ],
        await registry.get(path, as_=NIK, headers=headers),
    ]
    assert all(answer.status_code >= 400 for answer in answers)
    assert [answer.json() for answer in answers if NIK in answer.text] == []


@pytest.mark.parametrize(
    "place",
    [
        {"detail": NIK},
        {"params": {"code": NIK}},
        {"errors": [{"pointer": f"/body/{NIK}", "code": "x", "message": "No."}]},
    ],
)
async def test_refusal_with_a_number_fails_the_test_that_receives_it(place: dict[str, Any]) -> None:
    content = {"title": "NikKnown", "detail": "No.", "params": {}, "errors": []} | place
    answer = httpx.Response(409, json=content, headers={"content-type": "application/problem+json"})
    answer.request = httpx.Request("POST", "http://127.0.0.1/v1/pendamping")
    with pytest.raises(AssertionError, match="NikKnown repeats a number"):
        await check_refusal(answer)


async def test_a_short_text_is_no_list(registry: Running) -> None:
    body = {"subject": "PERSON", "nik": NIK, "name": "Siti Rahayu", "phone": "12"}
    answer = await registry.post("/v1/pendamping", body, as_=registry.token("KEMENSOS"))
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/body/phone", "string_too_short")
    assert error["message"] == "The text is too short: at least 5 characters."
