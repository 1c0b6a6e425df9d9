"""No personal data is stored or logged in clear.

Unique NIK, KK, names, phones and addresses are imported, referred and mistyped, and then searched for everywhere.
"""

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.demo import family_graduation
from deploy.demo.families import scenario_family
from deploy.demo.family_graduation import S
from deploy.demo.people import DINSOS, KEMENSOS
from deploy.demo.scenarios import play
from tests.factories.caseload.intake import build_csv, family, nik
from tests.factories.cluster import Cluster
from tests.factories.journeys.agreement import do_numbers_agree
from tests.factories.journeys.four_services import FourServices, run_four_services
from tests.factories.proof import IN_FULL, Proof

FAMILIES = 1_000 if IN_FULL else 40
PLAIN = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
BORN = date(1986, 4, 9)
PENDAMPING = {"nik": nik(77_001, born=BORN), "name": "Kanaripendamping Satu", "phone": "+62 855 5009 0001"}
FINDINGS = "Kanaritemuan: warungnya ramai"
SCRATCH = "CREATE TABLE planted (content text); INSERT INTO planted VALUES ('{text}'); CHECKPOINT"


def build_rows(number: int) -> list[dict[str, str]]:
    """Return a family with texts that occur nowhere else."""
    rows = family(
        number,
        3,
        address=f"Dusun Kanarialamat {number} RT 9",
        phone=f"0855551{number:05}",
        usaha_sector="MAKANAN",
        usaha_started_on="2023-03-01",
        usaha_omzet_rp="4000000",
        usaha_nib=f"91{number:011}",
    )
    for place, row in enumerate(rows):
        row["name"] = f"Kanarinama {number} {place}"
    return rows


ROWS = [build_rows(number) for number in range(500, 500 + FAMILIES)]
SECRET = ("nik", "no_kk", "name", "address", "phone", "usaha_nib")
# The replica refuses the next visit, so that its event is parked.
REFUSED = "ALTER TABLE replica_load.kunjungan ADD CONSTRAINT planted CHECK (false) NOT VALID"


def canaries() -> list[str]:
    """Return all personal texts that the test sends to Pilar."""
    people = [row for rows in [*ROWS, scenario_family("")] for row in rows]
    values = {row[column] for row in people for column in SECRET if row.get(column)}
    return sorted(values | set(PENDAMPING.values()) | {FINDINGS, "3324094107859001"})


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A durable PostgreSQL for this test alone, whose files can be searched."""
    made = Cluster.start(tmp_path / "cluster", durable=True)
    yield made
    made.stop()


@pytest.fixture
async def four_services(
    own_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> AsyncIterator[FourServices]:
    del capfd  # requested before the services start, so that it captures their log
    monkeypatch.setattr(family_graduation, "FAMILIES", 10)
    async with run_four_services(own_cluster, tmp_path, log_level="info") as made:
        yield made


async def send_wrong_requests(four_services: FourServices) -> str:
    """Send faulty requests with personal data, and return the answers.

    The data is repeated, misplaced, truncated or mistyped.
    """
    world, (first, second) = four_services.world, (ROWS[0][0], ROWS[1][0])
    person = {"subject": "PERSON", **PENDAMPING}
    await world.post("registry", "/v1/pendamping", person, KEMENSOS)
    path = f"/v1/pendamping/{first['nik']}"
    tries: list[tuple[str, str, str, dict[str, Any], set[int]]] = [
        ("registry", "POST", "/v1/pendamping", {"json": person}, {409}),
        ("registry", "POST", "/v1/pendamping", {"json": person | {"nik": first["nik"] + "x"}}, {422}),
        ("registry", "POST", "/v1/pendamping", {"json": person | {"subject": first["name"]}}, {422}),
        ("registry", "POST", "/v1/pendamping", {"json": person | {first["name"]: first["nik"]}}, {422}),
        ("registry", "GET", path, {}, {422}),
        ("registry", "GET", f"/v1/pendamping?status={first['nik']}", {}, {422}),
        ("registry", "POST", "/v1/pendamping/look-up", {"json": {"nik": second["nik"]}}, {404}),
        (
            "caseload",
            "POST",
            "/v1/kpm/look-up",
            {"json": {"nik": first["nik"], "no_kk": first["no_kk"]}},
            {409, 422},
        ),
        ("caseload", "POST", "/v1/kpm/look-up", {"json": {"nik": first["name"]}}, {422}),
        (
            "caseload",
            "POST",
            "/v1/kpm/look-up",
            {"content": b'{"nik": "' + first["nik"].encode()},
            {400, 422},
        ),
        ("caseload", "GET", f"/v1/kpm?nik={first['nik']}", {}, {422}),
        ("caseload", "GET", f"/v1/kpm/{first['no_kk']}", {}, {422}),
        ("caseload", "GET", f"/v1/{first['name']}/{first['phone']}", {}, {404}),
        (
            "graduation",
            "POST",
            "/v1/graduasi",
            {"json": {"kpm_id": first["nik"], "name": first["name"]}},
            {422, 403},
        ),
        ("referral", "GET", f"/v1/offer?kpm_id={first['nik']}", {}, {422}),
        ("referral", "GET", f"/v1/program?code={first['name']}", {}, {200}),
    ]
    return "\n".join([await send_wrong(four_services, *one) for one in tries])


async def send_wrong(
    four_services: FourServices,
    service: str,
    method: str,
    path: str,
    more: dict[str, Any],
    statuses: set[int],
) -> str:
    who = KEMENSOS
    headers = {
        "Authorization": f"Bearer {four_services.world.token(who)}",
        "Content-Type": "application/json",
        "X-Purpose": "VERIFIKASI",
    }
    if method == "POST":
        headers["Idempotency-Key"] = f"wrong-{abs(hash(path + str(more)))}"
    answer = await four_services.world.http.request(
        method, four_services.world.state.url(service) + path, headers=headers, **more
    )
    assert answer.status_code in statuses, (method, path, answer.text)
    return answer.text


def build_bad_file() -> bytes:
    """Return good families and families with one fault each."""
    bad = [[dict(row) for row in build_rows(number)] for number in range(800, 808)]
    bad[0][0]["nik"] = ROWS[0][0]["nik"]  # the NIK of another family
    bad[1][0]["nik"] += "X"
    bad[2][0]["no_kk"] = bad[2][0]["no_kk"][:-1]
    bad[3][0]["birth_date"] = bad[3][0]["name"]
    bad[4][0]["kode_wilayah"] = bad[4][0]["address"]
    bad[5][1]["nik"] = bad[5][0]["nik"]
    bad[6][0]["bansos"] = bad[6][0]["phone"]
    bad[7][0]["sex"], bad[7][1]["relation"] = bad[7][0]["name"], bad[7][1]["nik"]
    return build_csv(*bad, *ROWS[:3])


async def run_intake(four_services: FourServices, content: bytes) -> dict[str, Any]:
    sha256 = await four_services.world.put_file("caseload", content, DINSOS)
    created = await four_services.world.post(
        "caseload", "/v1/intake", {"sha256": sha256, "dry_run": False}, DINSOS
    )
    await four_services.wait_until_idle()
    return await four_services.world.get("caseload", f"/v1/jobs/{created['job_id']}", DINSOS)


async def record_visit(four_services: FourServices) -> None:
    """Record a visit, whose findings are personal text and whose event is parked in registry."""
    from services.caseload.activity.models import KunjunganPurpose

    await four_services.services["registry"].execute(REFUSED)
    listed = await four_services.world.get("caseload", "/v1/kpm", S)
    visit = {"purpose": str(next(iter(KunjunganPurpose))), "visited_on": "2026-10-19", "findings": FINDINGS}
    await four_services.world.post(
        "caseload", "/v1/kunjungan", {"kpm_id": listed["items"][0]["kpm_id"], **visit}, S
    )


async def read_parked(four_services: FourServices) -> list[Any]:
    return await four_services.services["registry"].sql(
        "SELECT 1 FROM platform.parked WHERE reason = 'POISON'"
    )


async def grep(texts: list[str], folder: Path, *options: str, content: str = "") -> list[str]:
    """Return the files that contain one of the texts, in clear or in hexadecimal."""
    patterns = folder / "patterns"
    patterns.write_text("\n".join([*texts, *(text.encode().hex() for text in texts)]))
    command = ["grep", "-laF", "-f", str(patterns), *options]
    result = await asyncio.to_thread(
        subprocess.run, command, check=False, capture_output=True, text=True, input=content, env=PLAIN
    )
    assert result.returncode in {0, 1}, result.stderr
    return result.stdout.splitlines()


async def find_in_files(four_services: FourServices, texts: list[str], folder: Path) -> list[str]:
    """Return the files of PostgreSQL that contain a text, its log included."""
    await four_services.services["registry"].execute("CHECKPOINT")
    home = four_services.services["registry"].cluster.postgres._home
    return await grep(texts, folder, "-r", str(home))


async def find_in_rows(four_services: FourServices, texts: list[str], folder: Path) -> list[str]:
    """Return the tables that contain a text in a row, compressed values included."""
    names: list[str] = []
    for name, service in four_services.services.items():
        tables = await service.sql(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for table in [row["name"] for row in tables]:
            rows = [row["row"] for row in await service.sql(f"SELECT t::text AS row FROM {table} t")]
            if rows and await grep(texts, folder, content="\n".join(rows)):
                names.append(f"{name}: {table}")
    return names


async def read_pages(four_services: FourServices) -> str:
    """Return the pages that each service shows without a token."""
    texts: list[str] = []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for name, service in four_services.services.items():
            texts += [
                (await client.get(four_services.world.state.url(name) + "/readyz")).text,
                await service.metrics(),
            ]
    return "\n".join(texts)


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_no_personal_text_is_in_files_rows_logs_or_answers(
    four_services: FourServices, tmp_path: Path, capfd: pytest.CaptureFixture[str], prove: Proof
) -> None:
    await play(four_services.world, [2])
    assert await do_numbers_agree(four_services.world, [2]), four_services.screen.getvalue()
    job = await run_intake(four_services, build_csv(*ROWS))
    assert (job["state"], job["report"].get("families", FAMILIES)) == ("DONE", FAMILIES), job
    assert (await run_intake(four_services, build_bad_file()))["refused"] > 0
    problems = await send_wrong_requests(four_services)
    await four_services.wait_until_idle()
    await record_visit(four_services)
    await four_services.world.wait_for("the event to be parked", partial(read_parked, four_services))
    texts = canaries()
    assert (
        min(Counter(column for rows in ROWS for row in rows for column in SECRET if row[column]).values())
        >= FAMILIES
    )
    shown, logs = await read_pages(four_services), capfd.readouterr().err
    assert "pilar_request_seconds" in shown
    assert "/v1/kpm/look-up" in logs
    places = {
        "tables, topics and parked rows": await find_in_rows(four_services, texts, tmp_path),
        "table and WAL files": await find_in_files(four_services, texts, tmp_path),
        "logs": [text for text in texts if text in logs],
        "metrics": [text for text in texts if text in shown],
        "problems": [text for text in texts if text in problems],
    }
    for place, hits in places.items():
        prove(f"personal texts in {place}", len(texts), len(hits))
    assert not any(places.values()), places
    await check_search(four_services, tmp_path, texts)


async def check_search(four_services: FourServices, folder: Path, texts: list[str]) -> None:
    """Check that the search finds a text in clear in rows, files and write-ahead log."""
    for text in (ROWS[7][1]["nik"], ROWS[8][0]["address"]):
        await four_services.services["registry"].execute(SCRATCH.format(text=text))
        assert await find_in_rows(four_services, texts, folder) == ["registry: public.planted"]
        files = await find_in_files(four_services, texts, folder)
        assert any("/base/" in file for file in files), files
        assert any("/pg_wal/" in file for file in files), files
        await four_services.services["registry"].execute("DROP TABLE planted")
