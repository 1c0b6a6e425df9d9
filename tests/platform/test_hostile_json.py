"""Promise 21: hostile input is refused clearly, is never a 500, and stores nothing."""

import gzip

import pytest

from tests.factories.services import Running

HOSTILE = {
    "not UTF-8": b'{"subject":"LEMBAGA","name":"\xff\xfe"}',
    "an encoded surrogate": b'{"subject":"LEMBAGA","name":"\xed\xa0\x80"}',
    "a lone surrogate": b'{"subject":"LEMBAGA","name":"\\ud800"}',
    "a NUL": b'{"subject":"LEMBAGA","name":"a\\u0000b"}',
    "a control character": b'{"subject":"LEMBAGA","name":"a\\u0007b"}',
    "an invisible character in a key": b'{"subject":"LEMBAGA","na\\u200bme":"a"}',
    "a filler that looks like nothing": b'{"subject":"LEMBAGA","name":"\\u3164"}',
    "a key given twice": b'{"subject":"LEMBAGA","name":"a","name":"b"}',
    "NaN": b'{"subject":"LEMBAGA","name":NaN}',
    "Infinity": b'{"subject":"LEMBAGA","name":-Infinity}',
    "a huge float": b'{"subject":"LEMBAGA","name":1e999}',
    "5,000 digits": b'{"subject":"LEMBAGA","name":' + b"9" * 5000 + b"}",
    "10,000 levels": b"[" * 10_000 + b"]" * 10_000,
    "60 levels": b'{"subject":"LEMBAGA","name":' + b"[" * 60 + b"]" * 60 + b"}",
    "a list for an object": b"[]",
    "a bare text": b'"x"',
    "nothing but null": b"null",
    "half of it": b'{"subject":"LEMBAGA","na',
    "an unknown field": b'{"subject":"LEMBAGA","name":"a","is_admin":true}',
    "a number for a text": b'{"subject":"LEMBAGA","name":12}',
    "a byte order mark": b'\xef\xbb\xbf{"subject":"LEMBAGA","name":"a"}',
    "an empty body": b"",
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_is_refused(registry: Running, what: str) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": "application/json"}
    # Without a key every body would be refused.
    headers["Idempotency-Key"] = "hostile"
    answer = await registry.client.post("/v1/pendamping", content=HOSTILE[what], headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await registry.sql("SELECT count(*) AS n FROM pendamping"))[0]["n"] == 0


async def test_larger_than_the_limit_is_413_for_any_length_header(registry: Running) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b" " * 10_000

    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": "application/json"}
    answer = await registry.client.post("/v1/pendamping", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["title"] == "BodyTooLarge"


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_another_media_type_is_415(registry: Running, media: str) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": media}
    answer = await registry.client.post("/v1/pendamping", content=b'{"a":1}', headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, br", "unknown"])
@pytest.mark.parametrize("path", ["/v1/files", "/v1/pendamping"])
async def test_an_encoded_body_is_415(registry: Running, path: str, encoding: str) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Idempotency-Key": "encoded"}
    headers |= {"Content-Type": "text/csv" if path == "/v1/files" else "application/json"}
    content = gzip.compress(b'{"subject":"LEMBAGA","name":"a"}')
    encoded = headers | {"Content-Encoding": encoding}
    answer = await registry.client.post(path, content=content, headers=encoded)
    assert (answer.status_code, answer.json()["title"]) == (415, "ContentEncoded")
    assert "Content-Encoding" in answer.json()["detail"]
    assert (await registry.sql("SELECT count(*) AS n FROM platform.file"))[0]["n"] == 0


async def test_a_read_with_content_encoding_is_answered(registry: Running) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Encoding": "gzip"}
    assert (await registry.client.get("/v1/pendamping", headers=headers)).status_code == 200


async def test_a_body_with_encoding_identity_is_taken(registry: Running) -> None:
    headers = {"Authorization": f"Bearer {registry.token('KEMENSOS')}", "Content-Type": "text/csv"}
    answer = await registry.client.post(
        "/v1/files", content=b"a", headers=headers | {"Content-Encoding": "identity"}
    )
    assert answer.status_code == 201


async def test_unknown_and_repeated_parameters_are_refused(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    unknown = await registry.get("/v1/pendamping?area=33", as_=token)
    repeated = await registry.get("/v1/pendamping?limit=1&limit=2", as_=token)
    assert unknown.json()["errors"][0] == {
        "pointer": "/query/area",
        "code": "unknown_parameter",
        "message": "This parameter is unknown.",
    }
    assert repeated.json()["errors"][0]["code"] == "repeated_parameter"
    assert (unknown.status_code, repeated.status_code) == (422, 422)


async def test_a_refusal_is_indonesian_on_request_and_has_none_of_the_input(registry: Running) -> None:
    body = {"subject": "PERSON", "nik": "1234567890123456789", "name": "x", "rahasia": "jangan-diulang"}
    answer = await registry.post(
        "/v1/pendamping", body, as_=registry.token("KEMENSOS"), headers={"Accept-Language": "id-ID"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-language"] == "id"
    assert "Isian ini tidak dikenal." in answer.text
    assert "jangan-diulang" not in answer.text
    assert "1234567890123456789" not in answer.text


async def test_the_cursor_of_a_list_is_bound_to_caller_and_filters(registry: Running) -> None:
    token = registry.token("KEMENSOS")
    for number in range(3):
        await registry.post("/v1/pendamping", {"subject": "LEMBAGA", "name": f"LKS {number}"}, as_=token)
    page = (await registry.get("/v1/pendamping?limit=2", as_=token)).json()
    assert len(page["items"]) == 2
    rest = (await registry.get(page["next"], as_=token)).json()
    assert len(rest["items"]) == 1
    assert (rest["next"], rest["next_cursor"]) == (None, None)
    by_cursor = await registry.get(f"/v1/pendamping?limit=2&cursor={page['next_cursor']}", as_=token)
    assert by_cursor.json() == rest
    assert not {i["pendamping_id"] for i in page["items"]} & {i["pendamping_id"] for i in rest["items"]}
    other = await registry.get(page["next"], as_=registry.token("KEMENSOS", "kemensos-2"))
    assert (other.status_code, other.json()["title"]) == (422, "InvalidCursor")
    tampered = await registry.get(page["next"][:-2] + "AA", as_=token)
    assert tampered.json()["title"] == "InvalidCursor"
