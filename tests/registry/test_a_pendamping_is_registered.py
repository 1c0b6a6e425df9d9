"""Who is registered, under which number, and who may see it."""

from tests.kit import Running
from tests.registry import given


async def test_as_a_candidate_whose_number_and_nik_tell_nothing(registry: Running) -> None:
    person = await given.pendamping(registry)
    assert person["status"] == "CALON"
    assert person["nik"] == "3324********9001"
    assert person["name"] == "Siti Rahayu"
    told = await registry.emitted()
    assert [event["type"] for event in told] == ["registry.pendamping_registered.v1"]
