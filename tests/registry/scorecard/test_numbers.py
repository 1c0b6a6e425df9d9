"""Counts of registry by families, pendamping and areas."""

from shared.database import uuid7
from tests.factories.registry import commands
from tests.factories.registry.events import (
    build_credit_granted,
    build_credit_reversed,
    build_graduasi_determined,
    deliver_events,
)
from tests.factories.services import Running


async def test_numbers_are_filtered_by_pendamping_and_by_the_area_of_the_actor(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    other, other_penugasan = await commands.register_placed_pendamping(
        registry, "3324070101909002", "35.03.01"
    )
    granted = [build_credit_granted(pendamping, penugasan) for _ in range(2)]
    other_area = build_credit_granted(other, other_penugasan, "SEJAHTERA_PPSE", kode_wilayah="35.03.01.2001")
    await deliver_events(registry, *granted, build_credit_reversed(granted[0]), other_area)
    body = {"pendamping_ids": [pendamping["pendamping_id"]]}
    ministry = commands.ministry_token(registry)
    of_pendamping = commands.expect_ok(await registry.post("/v1/numbers", body, as_=ministry))
    assert of_pendamping == {
        "service": "registry",
        "by_exit_reason": {"SEJAHTERA_MANDIRI": {"granted": 2, "reversed": 1, "net": 1}},
        "totals": {"granted": 2, "reversed": 1, "net": 1},
    }
    of_all = commands.expect_ok(await registry.post("/v1/numbers", {}, as_=ministry))
    assert of_all["totals"] == {"granted": 3, "reversed": 1, "net": 2}
    dinsos = registry.token("DINSOS_KABKOTA", areas=["35.03"])
    of_area = commands.expect_ok(await registry.post("/v1/numbers", {}, as_=dinsos))
    assert of_area["totals"]["net"] == 1


async def test_numbers_are_filtered_by_families(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    cases = [build_graduasi_determined(pendamping) for _ in range(3)]
    granted = [build_credit_granted(pendamping, penugasan, graduasi_id=case.graduasi_id) for case in cases]
    await deliver_events(registry, *cases, *granted, build_credit_reversed(granted[1]), times=2)
    for kpm_ids, totals in (
        ([cases[0].kpm_id], (1, 0, 1)),
        ([case.kpm_id for case in cases[:2]], (2, 1, 1)),
        ([uuid7()], (0, 0, 0)),
        ([], (0, 0, 0)),
    ):
        body = {
            "kpm_ids": [str(kpm_id) for kpm_id in kpm_ids],
            "pendamping_ids": [pendamping["pendamping_id"]],
        }
        answer = await registry.post("/v1/numbers", body, as_=commands.ministry_token(registry))
        assert tuple(commands.expect_ok(answer)["totals"].values()) == totals
