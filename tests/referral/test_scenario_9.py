"""Scenario 9 with all five partners, a tenth of its size (docs/domain.md#scenarios).

No graduate is lost, and each is counted once. Fifty graduates of Pemalang, 15 PPSE and 35 mandiri. A is
down for 36
hours, then answers everything twice: 8 approved, 1 and 1 refused, 2 in process, of which one withdraws the
consent. B:
5 approved, 4 refused. C: 12 accepted, 2 in desa without a koperasi. D: its intake is closed. E: silent past
its SLA.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator

from deploy.bench import catalogue
from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.program.rules import payload_schema
from shared.contracts.kinds import ExitReason
from tests.factories.cluster import START
from tests.factories.referral.catalogue import build_rule, register_partner
from tests.factories.referral.events import (
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_identity_sealed,
    build_kpm_graduated,
    build_pendamping_facts,
)
from tests.factories.referral.outage import HOURS, advance_hours, day_after
from tests.factories.referral.places import record_consent, withdraw_consent
from tests.factories.referral.world import World
from tests.factories.services import Running

A, B, C, D, E = "KUR_SUPERMIKRO", "UMI", "KDMP", "TKM_PEMULA", "PEMDA_PELATIHAN"
HOW_MANY = {A: 12, B: 9, C: 14, D: 5, E: 10}
PARTNERS = {A: "BANK_KUR", B: "PIP_UMI", C: "KEMENKOP", D: "KEMNAKER", E: "PEMDA", "PPSE": "DAYASOS"}
PEMALANG, DESA, WITHOUT_KOPERASI = "33.27", "33.27.01.2001", "33.27.01.2002"
PPSE = 15
YES, NO = "DISETUJUI", "DITOLAK"
# The answer of each partner to its rujukan, in their order.
ANSWERS: dict[str, Sequence[tuple[str, str | None]]] = {
    A: [(YES, None)] * 8 + [(NO, "USAHA_BELUM_6_BULAN"), (NO, "SLIK_BURUK")] + [("DIPROSES", None)] * 2,
    B: [(YES, None)] * 5 + [(NO, "KREDIT_AKTIF_SIKP")] * 4,
    C: [(YES, None)] * 12 + [("DAFTAR_TUNGGU", None)] * 2,
}


@dataclass
class Fifty:
    """The graduates by the program of their first choice, each with its offer."""

    world: World
    by_choice: dict[str, list[World]]
    partners: dict[str, PartnerSimulator]
    offers: dict[UUID, str] = field(default_factory=dict[UUID, str])

    def list_offers(self, code: str) -> list[str]:
        return [self.offers[one.family.kpm_id] for one in self.by_choice[code]]


def program_terms(code: str) -> dict[str, Any]:
    """Return a program of the catalogue.

    D opens next year, and A has a long SLA, so that only E is late.
    """
    if code == E:
        within = [build_rule("kode_wilayah", "WITHIN", [PEMALANG], source="Perbup")]
        named = {"name": "Pelatihan", "benefit_kinds": ["PELATIHAN"], "minimum_data": ["nik", "name"]}
        return named | {"sla_days": 14, "rules": within, "legal_basis": "UU 27/2022"}
    listed = next(program for program in catalogue.read()[1] if program["code"] == code)
    more: dict[str, dict[str, Any]] = {
        A: {"sla_days": 60},
        D: {"intake": [{"opens_on": str(TODAY + timedelta(days=200))}]},
    }
    return {name: value for name, value in listed.items() if name != "partner"} | more.get(code, {})


async def publish_programs(referral: Running, stack: AsyncExitStack) -> Fifty:
    """Publish the five programs, and one more that may be the next best."""
    world = World(referral, Family(area=DESA))
    partners: dict[str, PartnerSimulator] = {}
    for code, partner in PARTNERS.items():
        partners[code] = await stack.enter_async_context(PartnerSimulator(down=code == A))
        await register_partner(world, partner, partners[code])
        body = program_terms(code) | {"code": code, "partner_id": world.partners[partner]["partner_id"]}
        body["valid_from"] = str(TODAY - timedelta(days=100))
        made = await referral.post("/v1/program", body, as_=world.kemensos)
        assert made.status_code == 201, made.text
    world.evidence = await referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    return Fifty(world, {}, partners)


async def graduate_all(fifty: Fifty) -> None:
    """Graduate all fifty with consent to their first choice and their sealed identities."""
    world, first = fifty.world, fifty.world.family
    for code, count in HOW_MANY.items():
        areas = [DESA] * (count - 2) + [WITHOUT_KOPERASI] * 2
        families = [
            Family(pendamping_id=first.pendamping_id, penugasan_id=first.penugasan_id, area=area)
            for area in areas
        ]
        fifty.by_choice[code] = [replace(world, family=family) for family in families]
    everyone = [(code, one) for code, several in fifty.by_choice.items() for one in several]
    known = {fact.wire for fact in build_pendamping_facts(first)}
    facts = [fact for _, one in everyone for fact in build_family_facts(one.family) if fact.wire not in known]
    by_reason = [ExitReason.SEJAHTERA_PPSE] * PPSE + [ExitReason.SEJAHTERA_MANDIRI] * len(everyone)
    exits = [
        build_graduasi_determined(one.family, exit_reason=reason)
        for (_, one), reason in zip(everyone, by_reason, strict=False)
    ]
    await world.apply_events(*build_pendamping_facts(first), *facts, *exits)
    fifty.offers = {one.family.kpm_id: await record_consent(one, code) for code, one in everyone}
    sealings = [
        build_identity_sealed(world.referral, one.family, UUID(fifty.offers[one.family.kpm_id]))
        for _, one in everyone
    ]
    effects = [build_kpm_graduated(one.family) for one in fifty.by_choice[C]]
    await world.apply_events(*sealings, *effects)
    await world.referral.work()


async def answer_all(fifty: Fifty) -> None:
    """Let A, B and C answer. A answers everything twice under different keys."""
    for code, answers in ANSWERS.items():
        partner = fifty.partners[code]
        for number, (subject, (status, reason)) in enumerate(
            zip(fifty.list_offers(code), answers, strict=True)
        ):
            body = {"status": status, "reason_code": reason, "answered_on": day_after(HOURS)}
            for key in ("first", "second") if code == A else ("first",):
                answered = await partner.answer(
                    subject, answer_id=f"{code}-{number}", key=f"{key}:{subject}", **body
                )
                assert answered.status_code == 201, answered.text


FATE = """
SELECT p.rujukan_program_id::text AS row, p.kpm_id, p.state, EXISTS (SELECT FROM waiting_list_entry w
    WHERE w.rujukan_program_id = p.rujukan_program_id AND w.left_on IS NULL) AS waits, EXISTS (SELECT FROM escalation e
    WHERE e.rujukan_program_id = p.rujukan_program_id AND e.settled_on IS NULL) AS escalated
FROM rujukan_program p WHERE p.rujukan_program_id = ANY ($1::uuid[])
"""


async def count_fates(fifty: Fifty) -> Counter[str]:
    """Count the fates of the first choices. Each family has one fate."""
    rows = await fifty.world.referral.sql(FATE, list(fifty.offers.values()))
    assert len({row["kpm_id"] for row in rows}) == len(rows)
    counts: Counter[str] = Counter()
    for row in rows:
        assert not (row["waits"] and row["escalated"])
        counts["waits" if row["waits"] else "escalated" if row["escalated"] else row["state"]] += 1
    return counts


async def check_next_best(fifty: Fifty) -> None:
    """Each refused family has its next best.

    No credit for a family with credit, and no UMi for one with KUR.
    """
    referral, world = fifty.world.referral, fifty.world
    refused = [
        subject
        for code in (A, B)
        for subject, (status, _) in zip(fifty.list_offers(code), ANSWERS[code], strict=True)
        if status == NO
    ]
    rows = await referral.sql(
        "SELECT n.after_rujukan_program_id::text AS after, n.id, n.en, p.program_code AS best FROM next_best n"
        " LEFT JOIN rujukan_program p USING (rujukan_program_id)"
    )
    assert {row["after"] for row in rows} == set(refused)
    for row in rows:
        assert row["best"] in {B, "PPSE"}, row["best"]
        assert f"{row['best']} adalah pilihan berikutnya: cocok menurut" in row["id"]
    after_b = [row["best"] for row in rows if row["after"] in fifty.list_offers(B)]
    assert after_b == ["PPSE"] * 4
    with_kur = fifty.by_choice[A][0].family
    shown = await referral.get(f"/v1/offer?kpm_id={with_kur.kpm_id}", as_=world.kemensos)
    assert {one["program_code"]: one["fits"] for one in shown.json()["offers"]}[B] is False


async def check_partners(fifty: Fifty) -> None:
    """Each payload passes the schema of its program, and partners get only their own."""
    for code, partner in fifty.partners.items():
        schema = Draft202012Validator(payload_schema(program_terms(code)["minimum_data"]))
        sent = [one.body for one in partner.received if one.body["notice"] == "RUJUKAN"]
        assert len(sent) == (0 if code in {D, "PPSE"} else HOW_MANY[code]), code
        for body in sent:
            schema.validate(body)
    assert fifty.partners[A].withdrawn == {fifty.list_offers(A)[-1]}
    world = fifty.world
    asked = await world.referral.get("/v1/rujukan?state=TERBUKA", as_=world.partner(PARTNERS[B]))
    assert asked.status_code == 403, "partner B asks for all graduates of Pemalang"


async def test_each_of_fifty_graduates_has_exactly_one_fate(referral: Running) -> None:
    async with AsyncExitStack() as stack:
        fifty = await publish_programs(referral, stack)
        await graduate_all(fifty)
        await advance_hours(fifty.world, HOURS - 1)
        assert fifty.partners[A].received == []
        fifty.partners[A].down = False
        await advance_hours(fifty.world, HOURS)
        await answer_all(fifty)
        assert (await withdraw_consent(fifty.by_choice[A][-1], A)).status_code == 201
        await referral.set_clock(START + timedelta(days=16))
        await referral.work()
        counts = await count_fates(fifty)
        refused = counts.pop(NO)
        assert counts == {YES: 8 + 5 + 12, "waits": 2 + 5, "escalated": 10, "DIPROSES": 1, "DICABUT": 1}
        assert counts.total() + refused == 50
        assert refused == 1 + 1 + 4
        view = await referral.get("/v1/escalation", as_=fifty.world.kemensos)
        assert {one["rujukan_program_id"] for one in view.json()["items"]} == set(fifty.list_offers(E))
        lines = await referral.sql(
            "SELECT reason, count(*) AS n FROM waiting_list_entry WHERE left_on IS NULL GROUP BY 1"
        )
        assert dict(map(tuple, lines)) == {"DAFTAR_MITRA": 2, "PENERIMAAN_TUTUP": 5}
        events = await fifty.world.read_emitted_data("referral.rujukan_answered.v1")
        assert len(events) == len({fact["rujukan_program_id"] for fact in events}) == 12 + 9 + 14
        await check_next_best(fifty)
        await check_partners(fifty)
