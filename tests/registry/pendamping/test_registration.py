"""Registration of pendamping, their numbers, and who may see them."""

import pytest

from services.registry.pendamping.rules import ALPHABET, check_character, generate_number
from tests.factories.registry import commands
from tests.factories.services import Running

OTHER_NIK = "3324070101909002"


async def test_a_registered_pendamping_is_calon_and_the_event_has_no_personal_data(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry, from_on="2025-09-01")
    assert (pendamping["status"], pendamping["nik"], pendamping["name"]) == (
        "CALON",
        "3324************",
        "Siti Rahayu",
    )
    (event,) = await registry.read_envelopes()
    assert event["type"] == "registry.pendamping_registered.v1"
    assert event["data"] == {
        "pendamping_id": pendamping["pendamping_id"],
        "pendamping_no": pendamping["pendamping_no"],
        "subject": "PERSON",
        "status": "CALON",
        "from_on": "2025-09-01",
    }


async def test_personal_data_is_not_in_clear_text_in_the_database(registry: Running) -> None:
    await commands.register_pendamping(registry)
    rows = await registry.sql("SELECT to_jsonb(p)::text AS text FROM pendamping p")
    outbox = await registry.sql("SELECT body AS text FROM platform.outbox")
    answers = await registry.sql("SELECT encode(sealed, 'escape') AS text FROM platform.idempotency")
    for row in [*rows, *outbox, *answers]:
        assert not any(clear in row["text"] for clear in (commands.NIK, "Siti", "0000 0001"))


async def test_a_nik_is_registered_once(registry: Running) -> None:
    await commands.register_pendamping(registry)
    body = {"subject": "PERSON", "nik": commands.NIK, "name": "Another Name"}
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry_token(registry))
    assert (answer.status_code, answer.json()["title"]) == (409, "NikAlreadyRegistered")
    assert answer.json()["errors"][0]["pointer"] == "/body/nik"
    assert len(await registry.read_envelopes()) == 1


async def test_a_repeated_idempotency_key_returns_the_same_answer(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    ministry = commands.ministry_token(registry)
    first = await registry.post("/v1/pendamping", body, as_=ministry, key="one")
    repeated = await registry.post("/v1/pendamping", body, as_=ministry, key="one")
    assert first.status_code == repeated.status_code == 201
    assert first.json() == repeated.json()
    assert len(await registry.sql("SELECT 1 FROM pendamping")) == 1


async def test_organisations_are_registered_without_a_nik(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    ministry = commands.ministry_token(registry)
    first = commands.expect_ok(await registry.post("/v1/pendamping", body, as_=ministry))
    second = commands.expect_ok(await registry.post("/v1/pendamping", body, as_=ministry))
    assert first["nik"] is None
    assert first["pendamping_no"] != second["pendamping_no"]


@pytest.mark.parametrize(
    "body", [{"subject": "PERSON", "name": "A"}, {"subject": "LEMBAGA", "name": "A", "nik": commands.NIK}]
)
async def test_a_person_without_or_an_organisation_with_a_nik_is_refused(
    registry: Running, body: dict[str, str]
) -> None:
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry_token(registry))
    assert (answer.status_code, answer.json()["title"]) == (422, "NikNeedsPerson")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nik", "12"),
        ("nik", 3324075211879001),
        ("subject", "UNKNOWN"),
        ("subject", "ORANG"),
        ("name", "   "),
        ("phone", "none"),
        ("from_on", 0),
        ("from_on", "0001-01-01"),
        ("title", "Ibu"),
    ],
)
async def test_an_invalid_value_is_refused_at_its_field(registry: Running, field: str, value: object) -> None:
    body = {"subject": "PERSON", "nik": commands.NIK, "name": "A"} | {field: value}
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry_token(registry))
    assert answer.status_code == 422, answer.text
    assert f"/body/{field}" in {error["pointer"] for error in answer.json()["errors"]}
    assert commands.NIK not in answer.text


async def test_only_the_national_ministry_registers(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    regional = registry.token("KEMENSOS", areas=["33"])
    for token in (dinsos, regional):
        answer = await registry.post("/v1/pendamping", body, as_=token)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def test_a_lookup_by_nik_returns_the_pendamping(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    path, ministry = "/v1/pendamping/look-up", commands.ministry_token(registry)
    assert commands.expect_ok(await registry.post(path, {"nik": commands.NIK}, as_=ministry)) == pendamping
    missing = await registry.post(path, {"nik": OTHER_NIK}, as_=ministry)
    assert missing.status_code == 404


async def test_an_office_sees_only_pendamping_placed_in_its_area(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await commands.register_pendamping(registry, OTHER_NIK)
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    for role, area, visible in [
        ("DINSOS_KABKOTA", "33.24", True),
        ("KETUA_TIM_KABKOTA", "33.24", True),
        ("DINSOS_KABKOTA", "33.25", False),
        ("KETUA_TIM_KABKOTA", "33.24.10", False),
    ]:
        token = registry.token(role, areas=[area])
        assert (await registry.get(path, as_=token)).status_code == (200 if visible else 404)
        items = commands.expect_ok(await registry.get("/v1/pendamping", as_=token))["items"]
        assert [item["pendamping_id"] for item in items] == ([pendamping["pendamping_id"]] if visible else [])
        lookup = await registry.post("/v1/pendamping/look-up", {"nik": commands.NIK}, as_=token)
        assert lookup.status_code == (200 if visible else 404)
    ministry = commands.ministry_token(registry)
    assert len(commands.expect_ok(await registry.get("/v1/pendamping", as_=ministry))["items"]) == 2


async def test_a_pendamping_sees_only_itself(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    other, _ = await commands.register_placed_pendamping(registry, OTHER_NIK)
    own = registry.token("PENDAMPING", areas=["33.24"], pendamping_id=pendamping["pendamping_id"])
    items = commands.expect_ok(await registry.get("/v1/pendamping", as_=own))["items"]
    assert [item["pendamping_id"] for item in items] == [pendamping["pendamping_id"]]
    for path in (
        f"/v1/pendamping/{other['pendamping_id']}",
        f"/v1/pendamping/{other['pendamping_id']}/scorecard?year=2026",
    ):
        assert (await registry.get(path, as_=own)).status_code == 404


async def test_a_list_is_paged_by_number_without_phones(registry: Running) -> None:
    for serial in range(9003, 9006):
        await commands.register_pendamping(registry, f"332407010190{serial}")
    numbers, path = [], "/v1/pendamping?limit=2"
    while path:
        page = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
        numbers += [item["pendamping_no"] for item in page["items"]]
        assert all("phone" not in item for item in page["items"])
        path = page["next"]
    assert len(numbers) == 3
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=AKTIF", 1),
        ("status=CALON", 1),
        ("kind=PKH_PENDAMPING", 1),
        ("kind=TKSK", 0),
        ("kode_wilayah=33.24", 1),
        ("kode_wilayah=33.24.10", 0),
        ("kode_wilayah=33.24.09.2011&kind=PKH_PENDAMPING&status=AKTIF", 1),
    ],
)
async def test_a_list_is_filtered_by_status_kind_and_area(registry: Running, query: str, count: int) -> None:
    await registry.set_clock(commands.START)
    await commands.register_placed_pendamping(registry)
    await commands.register_pendamping(registry, OTHER_NIK)
    path = f"/v1/pendamping?{query}"
    page = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    assert len(page["items"]) == count


def test_the_check_character_detects_a_wrong_character() -> None:
    for _ in range(50):
        number = generate_number()
        body, check = number[3:-1], number[-1]
        assert number.startswith("PD-")
        assert check == check_character(body)
        for position, character in enumerate(body):
            wrong = ALPHABET[(ALPHABET.index(character) + 7) % 32]
            assert check_character(body[:position] + wrong + body[position + 1 :]) != check
