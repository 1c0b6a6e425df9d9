"""Names of many pendamping, of those whom the caller may see."""

from tests.factories.audit import read_entries
from tests.factories.graduation.events import KENDAL
from tests.factories.registry import commands
from tests.factories.services import Running


async def test_names_are_those_of_visible_pendamping(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    pendamping_id = pendamping["pendamping_id"]
    other, _ = await commands.register_placed_pendamping(registry, "3324075211879002")
    asked = {"pendamping_ids": [pendamping_id, other["pendamping_id"]]}
    me = registry.token("PENDAMPING", "pendamping-s", [KENDAL], pendamping_id=pendamping_id)
    shown = {}
    for name, token in {"ministry": commands.ministry_token(registry), "me": me}.items():
        shown[name] = (await registry.post("/v1/pendamping/names", asked, as_=token)).json()["items"]
    assert [item["pendamping_id"] for item in shown["ministry"]] == sorted(asked["pendamping_ids"])
    (own,) = shown["me"]
    assert {name: own[name] for name in ("pendamping_id", "pendamping_no", "name")} == {
        name: pendamping[name] for name in ("pendamping_id", "pendamping_no", "name")
    }
    assert {area["wilayah_name"] for area in own["areas"]} == {"Brangsong"}
    assert [str(one) for one in (await read_entries(registry))[-1]["subject_ids"]] == [pendamping_id]
