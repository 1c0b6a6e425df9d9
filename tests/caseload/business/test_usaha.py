"""The businesses of a family: revisions, of which one is current."""

from tests.factories.caseload.family import Family, refused

ON = "2026-01-10"


async def test_earns_by_revisions_of_which_one_is_current(family: Family) -> None:
    owner = next(m for m in (await family.read())["members"] if m["usaha"])
    usaha = owner["usaha"]
    said = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 12_000_000, "has_letter": True}
    said |= {"as_of": ON, "nib": "9120000000001"}
    path = f"/v1/usaha/{usaha['usaha_id']}/revision"
    refused(await family.post(path, said), "PreconditionRequired", 428)
    await family.done(path, said, usaha["version"])
    refused(await family.post(path, said, usaha["version"]), "LostRace", 412)
    refused(
        await family.post(path, said | {"as_of": "2199-01-01"}, usaha["version"] + 1), "DateInTheFuture", 422
    )
    told = (await family.emitted_data("usaha_recorded"))[-1]
    assert (told["omzet_rp"], told["has_nib"], "9120000000001" in str(told)) == (12_000_000, True, False)
    assert await family.emitted_data("kpm_updated") == []
    found = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/usaha", as_=family.mine)
    assert [(one["omzet_rp"], one["current"]) for one in found.json()["items"]] == [
        (9_000_000, False),
        (12_000_000, True),
    ]
    refused(await family.post("usaha", said | {"anggota_id": owner["anggota_id"]}), "UsahaKnown")
