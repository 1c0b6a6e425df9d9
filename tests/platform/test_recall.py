"""Rows that many tests begin with are copied only into a database without other rows."""

from typing import Any

from tests.factories.cluster import Cluster
from tests.factories.graduation.case import CaseDriver
from tests.factories.recall import recall
from tests.factories.services import Running, run_service

TABLES = ("graduasi", "platform.outbox", "platform.stream", "platform.business_clock", "platform.file")


async def read_rows(service: Running) -> dict[str, list[Any]]:
    return {name: await service.sql(f"SELECT * FROM {name} t ORDER BY t::text") for name in TABLES}


class Builder:
    """A beginning that counts how often it is built."""

    def __init__(self, service: Running) -> None:
        self.service, self.times = service, 0

    async def build(self) -> str:
        self.times += 1
        driver = await CaseDriver.start(self.service)
        await driver._take_steps_to("SIAP", "2026-05-18")
        return driver.graduasi_id


async def begin(service: Running, key: str) -> tuple[str, int]:
    builder = Builder(service)
    return await recall(key, builder.build, service), builder.times


async def test_the_second_test_gets_the_rows_of_the_first(cluster: Cluster) -> None:
    async with run_service(cluster, "graduation") as first:
        case, times = await begin(first, "copied")
        rows = await read_rows(first)
        assert times == 1
        assert all(rows.values())
        await first.put_file(b"written later", as_=first.token("KEMENSOS"))
    async with run_service(cluster, "graduation") as second:
        assert await begin(second, "copied") == (case, 0)
        assert await read_rows(second) == rows
        new = await CaseDriver.start(second)
        await new._take_steps_to("SIAP", "2026-05-18")
        assert new.graduasi_id != case


async def test_a_test_that_has_written_builds_its_own_rows(cluster: Cluster) -> None:
    async with run_service(cluster, "graduation") as first:
        case, _ = await begin(first, "written")
    async with run_service(cluster, "graduation") as second:
        sha256 = await second.put_file(b"written before", as_=second.token("KEMENSOS"))
        other, times = await begin(second, "written")
        assert (times, other != case) == (1, True)
        assert await second.sql("SELECT FROM platform.file WHERE sha256 = $1", sha256)
