"""What an audit entry costs a read: the same API with and without it."""

from __future__ import annotations

from collections.abc import Callable

from deploy.bench.figure import Aim, Figure
from deploy.bench.http_client import HttpClient
from deploy.bench.reads import find_families, timed
from deploy.bench.testbed import Testbed

AIM = Aim("ratio", 1.5, at_least=False)


async def audit(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure the p95 of one family by id and of a list of fifty."""
    kpm_ids = await find_families(testbed)
    ours, floor = await testbed.api("caseload"), await testbed.unaudited()
    token = testbed.issuer.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    requests = 100 if quick else 2_000
    paths: dict[str, Callable[[int], str]] = {
        "read one family with its audit entry, p95": lambda n: f"/v1/kpm/{kpm_ids[n % len(kpm_ids)]}",
        "list fifty families with their audit entry, p95": lambda _: "/v1/kpm?limit=50",
    }
    return [await _compare(name, path, (ours, floor), token, requests) for name, path in paths.items()]


async def _compare(
    name: str, path: Callable[[int], str], clients: tuple[HttpClient, HttpClient], token: str, requests: int
) -> Figure:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(requests):
        for client, measured in zip(clients, times, strict=True):
            measured.append(await timed(client, path(number), token))
    value, floor = (_p95(values[len(values) // 10 :]) for values in times)
    return Figure(name, value, "ms", floor, value / floor, AIM)


def _p95(values: list[float]) -> float:
    return sorted(values)[len(values) * 95 // 100]
