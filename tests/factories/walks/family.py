"""A walk through all changes of one family."""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from shared.access import Role
from shared.contracts.referral import ConsentGiven, RujukanSent
from tests.factories.caseload import intake as families
from tests.factories.caseload.case import Case
from tests.factories.cluster import Cluster
from tests.factories.delivery import deliver
from tests.factories.referral.events import TODAY
from tests.factories.services import Running, run_service
from tests.factories.walks.platform import Tokens, read_success, walk_requests

ADDED = {"anggota", "usaha", "desil"}
"""Parts that are added without a version, because additions do not conflict."""
OFFER = UUID("0199a000-0000-7000-8000-00000000000f")


async def walk_family(service: Running, cluster: Cluster, tokens: Tokens, kpm_id: str) -> None:
    """Walk one family: komponen, an exit proposal, an effective exit and a new application."""
    memberships = read_success(
        await service.get(f"/v1/kpm/{kpm_id}/kepesertaan", as_=tokens[Role.PENDAMPING])
    )
    by_bansos = {row["bansos"]: row["kepesertaan_id"] for row in memberships["items"]}
    await change_komponen(service, tokens, kpm_id)
    await propose_exit(service, tokens, kpm_id, by_bansos["PBI"])
    await apply_events(service, cluster, tokens[Role.PENDAMPING], kpm_id, by_bansos["SEMBAKO"])
    await decide_stay(service, tokens, by_bansos["PBI"])
    await lodge_usulan(service, tokens, kpm_id)
    await FamilyChanges(service, tokens, kpm_id).run()


async def change_komponen(service: Running, tokens: Tokens, kpm_id: str) -> None:
    """Add a komponen, void it and end another."""
    mine = tokens[Role.PENDAMPING]
    child = read_success(await service.get(f"/v1/kpm/{kpm_id}", as_=mine))["members"][-1]
    given = {"anggota_id": child["anggota_id"], "kind": "DISABILITAS_BERAT", "valid_from": str(TODAY)}
    made = read_success(await service.post(f"/v1/kpm/{kpm_id}/komponen", given, as_=mine))
    match, wrong = {"If-Match": f'"{made["version"]}"'}, {"reason": "SALAH_ORANG"}
    path = f"/v1/komponen/{made['komponen_id']}/void"
    read_success(await service.post(path, wrong, as_=mine, headers=match))
    ending, ended = {"valid_to": "2030-06-30", "reason": "LULUS_SEKOLAH"}, child["komponen"][0]
    match = {"If-Match": f'"{ended["version"]}"'}
    read_success(
        await service.post(f"/v1/komponen/{ended['komponen_id']}/end", ending, as_=mine, headers=match)
    )


async def propose_exit(service: Running, tokens: Tokens, kpm_id: str, kepesertaan_id: str) -> None:
    """Propose an exit, withdraw it and propose it again."""
    mine = tokens[Role.PENDAMPING]
    scan = await service.put_file(b"surat pindah", as_=mine)
    exit_ = {"kpm_id": kpm_id, "kepesertaan_id": kepesertaan_id, "exit_reason": "PINDAH"}
    exit_ |= {"evidence_sha256": scan, "on": str(TODAY)}
    made = read_success(await service.post("/v1/exit-proposal", exit_, as_=mine))
    why = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}
    read_success(
        await service.post(f"/v1/exit-proposal/{made['exit_proposal_id']}/withdrawal", why, as_=mine)
    )
    read_success(await service.post("/v1/exit-proposal", exit_, as_=mine))
    read_success(await service.get("/v1/exit-proposal", as_=mine))


async def decide_stay(service: Running, tokens: Tokens, kepesertaan_id: str) -> None:
    """Decide that one pending membership stays, and list the others."""
    office, why = tokens[Role.DINSOS_KABKOTA], {"reason": "Lansia tetap memerlukan bantuan pangan."}
    read_success(await service.post(f"/v1/kepesertaan/{kepesertaan_id}/stay", why, as_=office))
    read_success(await service.get("/v1/kepesertaan-pending", as_=office))


async def apply_events(
    service: Running, cluster: Cluster, mine: str, kpm_id: str, kepesertaan_id: str
) -> None:
    """End a membership by graduation, and record consent and sending by referral."""
    case = Case(kpm_id, kepesertaan_id)
    case.base["bansos"] = "SEMBAKO"
    async with run_service(cluster, "graduation") as publisher:
        await publisher.publish(case.build_proposed(), case.build_graduated(str(TODAY)))
        await deliver(publisher, service)
    members = read_success(await service.get(f"/v1/kpm/{kpm_id}", as_=mine))["members"]
    ids = {"rujukan_id": OFFER, "rujukan_program_id": OFFER, "consent_id": OFFER, "partner_id": OFFER}
    fields = ids | {"kpm_id": kpm_id, "kode_wilayah": "33.24.09.2011", "text_version": 1}
    fields |= {"persons": [members[0]["anggota_id"]]}
    async with run_service(cluster, "referral") as publisher:
        sent = {"graduasi_id": OFFER, "program_code": "KUR_SUPER_MIKRO", "benefit_kinds": ["MODAL"]}
        sent |= {"status": "TERKIRIM", "sent_on": TODAY}
        common = {name: fields[name] for name in RujukanSent.model_fields if name in fields}
        await publisher.publish(
            ConsentGiven.model_validate(fields), RujukanSent.model_validate(common | sent)
        )
        await deliver(publisher, service)


async def lodge_usulan(service: Running, tokens: Tokens, kpm_id: str) -> None:
    """Apply for a new membership and accept it. Another application stays open."""
    mine, office = tokens[Role.PENDAMPING], tokens[Role.DINSOS_KABKOTA]
    application = {"kpm_id": kpm_id, "bansos": "SEMBAKO", "reason": "Usaha tutup.", "ground": "KAMBUH"}
    usulan = read_success(await service.post("/v1/usulan", application | {"lodged_on": str(TODAY)}, as_=mine))
    later = date(TODAY.year + 1, 1, 1)
    decision = {"accepted": True, "valid_from": str(later), "reason": "Memenuhi syarat."}
    read_success(await service.post(f"/v1/usulan/{usulan['usulan_id']}/decision", decision, as_=office))
    read_success(await service.get("/v1/usulan", as_=mine))
    families_of_office = read_success(await service.get("/v1/kpm", as_=office))["items"]
    other = next(item["kpm_id"] for item in families_of_office if item["kpm_id"] != kpm_id)
    started = {"bansos": "PBI", "valid_from": str(TODAY)}
    made = read_success(await service.post(f"/v1/kpm/{other}/kepesertaan", started, as_=office))
    wrong = {"reason": "SALAH_KELUARGA", "evidence_sha256": await service.put_file(b"surat", as_=office)}
    read_success(await service.post(f"/v1/kepesertaan/{made['kepesertaan_id']}/void", wrong, as_=office))


class FamilyChanges:
    """Changes of a family by its pendamping and its office, each with the current version."""

    def __init__(self, service: Running, tokens: Tokens, kpm_id: str) -> None:
        self.service, self.kpm_id = service, kpm_id
        self.mine, self.office = tokens[Role.PENDAMPING], tokens[Role.DINSOS_KABKOTA]

    async def read(self) -> dict[str, Any]:
        return dict(read_success(await self.service.get(f"/v1/kpm/{self.kpm_id}", as_=self.office)))

    async def change(self, part: str, body: dict[str, Any], by: str = "") -> Any:
        """Make one change and check the returned version."""
        match = {"If-Match": f'"{(await self.read())["version"]}"'} if part not in ADDED else {}
        path = f"/v1/kpm/{self.kpm_id}/{part}"
        answer = await self.service.post(path, body, as_=by or self.office, headers=match)
        changed = read_success(answer)
        assert not match or answer.headers["ETag"] == f'"{(await self.read())["version"]}"', part
        return changed

    async def run(self) -> None:
        """Change members, card, business and desil, split the family and move it."""
        on, members = str(TODAY), (await self.read())["members"]
        scan = await self.service.put_file(b"akta", as_=self.mine)
        husband = next(m for m in members if m["relation"] == "KEPALA_KELUARGA")["anggota_id"]
        eldest = next(m for m in members if m["relation"] == "ANAK")["anggota_id"]
        await self.change_members(husband, scan)
        await self.change_businesses(on)
        rank = {"scope": "KABKOTA", "value": 4, "snapshot": "2026-Q2"}
        await self.change("desil", rank)
        # Join dates before the split, so that the family has a past.
        await self.service.execute("UPDATE kpm_anggota SET joined_on = joined_on - 30")
        leaving = {"no_kk": families.no_kk(77), "anggota_ids": [eldest], "pengurus_id": eldest}
        await self.change("split", leaving | {"on": on, "evidence_sha256": scan})
        away = {"kode_wilayah": families.OTHER_DESA, "on": on, "evidence_sha256": scan}
        await self.change("move", away)
        await self.change("move/void", {"on": on, "reason": "SALAH_WILAYAH"})
        await self.change("move", away)
        for part in ("past", "usaha", "desil"):
            read_success(await self.service.get(f"/v1/kpm/{self.kpm_id}/{part}", as_=self.mine))

    async def change_members(self, husband: str, scan: str) -> None:
        """Add a baby, record a marriage, undo a death and change the pengurus."""
        on = str(TODAY)
        born = {"nik": families.nik(888, born=TODAY), "name": "Bayi Contoh", "birth_on": on, "sex": "L"}
        baby = await self.change(
            "anggota", born | {"relation": "ANAK", "married": False, "on": on, "reason": "LAHIR"}, self.mine
        )
        one = f"anggota/{baby['anggota_id']}"
        await self.change(f"{one}/marriage", {"married": False, "on": on}, self.mine)
        await self.change(f"{one}/end", {"reason": "MENINGGAL", "on": on, "evidence_sha256": scan}, self.mine)
        await self.reverse_death(one, scan)
        card = {"anggota_id": husband, "on": on, "reason": "SAKIT_LAMA"}
        await self.change("pengurus", card, self.mine)
        number = families.nik(889, born=TODAY)
        await self.change(f"{one}/nik", {"nik": number, "evidence_sha256": scan}, self.mine)
        await self.change(
            f"{one}/correction", {"name": "Bayi Contoh Dua", "evidence_sha256": scan}, self.mine
        )
        await self.change("contact", {"phone": "081200009077"}, self.mine)
        await self.change(
            "no-kk", {"no_kk": families.no_kk(79), "on": on, "evidence_sha256": scan}, self.mine
        )

    async def reverse_death(self, one: str, scan: str) -> None:
        """Request, as Dinsos, that a death is undone, until Kemensos approves it."""
        body = {"reason": "SALAH_CATAT", "evidence_sha256": scan}
        match = {"If-Match": f'"{(await self.read())["version"]}"'}
        path = f"/v1/kpm/{self.kpm_id}/{one}/return"
        request = partial(self.service.post, path, body, as_=self.office, headers=match)
        await walk_requests(self.service, request, self.office)
        end = {"reason": "LAINNYA", "on": str(TODAY)}
        await self.change(f"{one}/end", end, self.mine)
        await self.change(f"{one}/return", {"reason": "SALAH_CATAT"}, self.mine)

    async def change_businesses(self, on: str) -> None:
        """Revise a business and add one."""
        members = (await self.read())["members"]
        known = next(m["usaha"] for m in members if m["usaha"])
        usaha = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 12_000_000, "has_letter": True}
        match, path = {"If-Match": f'"{known["version"]}"'}, f"/v1/usaha/{known['usaha_id']}/revision"
        read_success(await self.service.post(path, usaha | {"as_of": on}, as_=self.mine, headers=match))
        other = next(m["anggota_id"] for m in members if not m["usaha"])
        made = await self.change("usaha", usaha | {"anggota_id": other, "as_of": on}, self.mine)
        third = next(m["anggota_id"] for m in members if not m["usaha"] and m["anggota_id"] != other)
        for act, more in (("transfer", {"anggota_id": third}), ("end", {})):
            match, path = {"If-Match": f'"{made["version"]}"'}, f"/v1/usaha/{made['usaha_id']}/{act}"
            answer = await self.service.post(path, {"on": on} | more, as_=self.mine, headers=match)
            assert answer.is_success, answer.text
            made = answer.json()
        match, path = {"If-Match": f'"{made["version"]}"'}, f"/v1/usaha/{made['usaha_id']}/reopen"
        read_success(await self.service.post(path, as_=self.mine, headers=match))
