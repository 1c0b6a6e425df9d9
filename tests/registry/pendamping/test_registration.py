"""Who is registered, under which number, and who may see it."""

import pytest

from services.registry.pendamping.rules import ALPHABET, check_character, generate_number
from tests.factories.registry import commands
from tests.factories.services import Running

OTHER_NIK = "3324070101909002"


async def test_as_a_candidate_whose_number_and_nik_tell_nothing(registry: Running) -> None:
    person = await commands.pendamping(registry, from_on="2025-09-01")
    assert (person["status"], person["nik"], person["name"]) == ("CALON", "3324************", "Siti Rahayu")
    (told,) = await registry.emitted()
    assert told["type"] == "registry.pendamping_registered.v1"
    assert told["data"] == {
        "pendamping_id": person["pendamping_id"],
        "pendamping_no": person["pendamping_no"],
        "subject": "PERSON",
        "status": "CALON",
        "from_on": "2025-09-01",
    }


async def test_with_nothing_personal_in_clear_in_the_database(registry: Running) -> None:
    await commands.pendamping(registry)
    rows = await registry.sql("SELECT to_jsonb(p)::text AS shown FROM pendamping p")
    outbox = await registry.sql("SELECT body AS shown FROM platform.outbox")
    kept = await registry.sql("SELECT encode(sealed, 'escape') AS shown FROM platform.idempotency")
    for row in [*rows, *outbox, *kept]:
        assert not any(clear in row["shown"] for clear in (commands.NIK, "Siti", "0000 0001"))


async def test_once_for_a_nik(registry: Running) -> None:
    await commands.pendamping(registry)
    body = {"subject": "PERSON", "nik": commands.NIK, "name": "Another Name"}
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry(registry))
    assert (answer.status_code, answer.json()["title"]) == (409, "NikAlreadyRegistered")
    assert answer.json()["errors"][0]["pointer"] == "/body/nik"
    assert len(await registry.emitted()) == 1


async def test_once_for_a_key_with_the_same_answer(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    ministry = commands.ministry(registry)
    first = await registry.post("/v1/pendamping", body, as_=ministry, key="one")
    again = await registry.post("/v1/pendamping", body, as_=ministry, key="one")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len(await registry.sql("SELECT 1 FROM pendamping")) == 1


async def test_without_a_nik_as_an_organisation(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    first = commands.made(await registry.post("/v1/pendamping", body, as_=commands.ministry(registry)))
    second = commands.made(await registry.post("/v1/pendamping", body, as_=commands.ministry(registry)))
    assert first["nik"] is None
    assert first["pendamping_no"] != second["pendamping_no"]


@pytest.mark.parametrize(
    "body", [{"subject": "PERSON", "name": "A"}, {"subject": "LEMBAGA", "name": "A", "nik": commands.NIK}]
)
async def test_never_with_a_nik_that_does_not_fit_the_subject(
    registry: Running, body: dict[str, str]
) -> None:
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry(registry))
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
async def test_never_with_values_that_cannot_be_right(registry: Running, field: str, value: object) -> None:
    body = {"subject": "PERSON", "nik": commands.NIK, "name": "A"} | {field: value}
    answer = await registry.post("/v1/pendamping", body, as_=commands.ministry(registry))
    assert answer.status_code == 422, answer.text
    assert f"/body/{field}" in {fault["pointer"] for fault in answer.json()["errors"]}
    assert commands.NIK not in answer.text


async def test_by_the_ministry_alone(registry: Running) -> None:
    body = {"subject": "LEMBAGA", "name": "LKS Kasih"}
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    regional = registry.token("KEMENSOS", areas=["33"])
    for token in (dinsos, regional):
        answer = await registry.post("/v1/pendamping", body, as_=token)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def test_and_found_again_by_nik(registry: Running) -> None:
    person = await commands.pendamping(registry)
    path, ministry = "/v1/pendamping/look-up", commands.ministry(registry)
    assert commands.made(await registry.post(path, {"nik": commands.NIK}, as_=ministry)) == person
    missing = await registry.post(path, {"nik": OTHER_NIK}, as_=ministry)
    assert missing.status_code == 404


async def test_and_seen_by_offices_only_where_placed(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    await commands.pendamping(registry, OTHER_NIK)
    path = f"/v1/pendamping/{person['pendamping_id']}"
    for role, area, seen in [
        ("DINSOS_KABKOTA", "33.24", True),
        ("KETUA_TIM_KABKOTA", "33.24", True),
        ("DINSOS_KABKOTA", "33.25", False),
        ("KETUA_TIM_KABKOTA", "33.24.10", False),
    ]:
        token = registry.token(role, areas=[area])
        assert (await registry.get(path, as_=token)).status_code == (200 if seen else 404)
        listed = commands.made(await registry.get("/v1/pendamping", as_=token))["items"]
        assert [item["pendamping_id"] for item in listed] == ([person["pendamping_id"]] if seen else [])
        found = await registry.post("/v1/pendamping/look-up", {"nik": commands.NIK}, as_=token)
        assert found.status_code == (200 if seen else 404)
    everybody = commands.made(await registry.get("/v1/pendamping", as_=commands.ministry(registry)))
    assert len(everybody["items"]) == 2


async def test_and_sees_only_themself(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    other, _ = await commands.placed(registry, OTHER_NIK)
    self = registry.token("PENDAMPING", areas=["33.24"], pendamping_id=person["pendamping_id"])
    listed = commands.made(await registry.get("/v1/pendamping", as_=self))["items"]
    assert [item["pendamping_id"] for item in listed] == [person["pendamping_id"]]
    for path in (
        f"/v1/pendamping/{other['pendamping_id']}",
        f"/v1/pendamping/{other['pendamping_id']}/scorecard?year=2026",
    ):
        assert (await registry.get(path, as_=self)).status_code == 404


async def test_and_listed_page_by_page_without_phones(registry: Running) -> None:
    for serial in range(9003, 9006):
        await commands.pendamping(registry, f"332407010190{serial}")
    seen, path = [], "/v1/pendamping?limit=2"
    while path:
        page = commands.made(await registry.get(path, as_=commands.ministry(registry)))
        seen += [item["pendamping_no"] for item in page["items"]]
        assert all("phone" not in item for item in page["items"])
        path = page["next"]
    assert len(seen) == 3
    assert seen == sorted(set(seen))


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
async def test_and_narrowed_by_status_kind_and_area(registry: Running, query: str, count: int) -> None:
    await registry.set_clock(commands.START)
    await commands.placed(registry)
    await commands.pendamping(registry, OTHER_NIK)
    page = commands.made(await registry.get(f"/v1/pendamping?{query}", as_=commands.ministry(registry)))
    assert len(page["items"]) == count


def test_under_a_number_whose_check_character_catches_a_wrong_one() -> None:
    for _ in range(50):
        number = generate_number()
        body, check = number[3:-1], number[-1]
        assert number.startswith("PD-")
        assert check == check_character(body)
        for place, sign in enumerate(body):
            wrong = ALPHABET[(ALPHABET.index(sign) + 7) % 32]
            assert check_character(body[:place] + wrong + body[place + 1 :]) != check
