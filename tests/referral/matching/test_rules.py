"""Properties of matching for generated rules and families."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.bench import catalogue
from services.referral.matching.rules.eligibility import Eligibility
from services.referral.matching.rules.matching import SET_FIELDS, Family, Match, is_valid_rule, match
from services.referral.program.models import Program, RuleField, RuleOp, RuleView, Strength
from services.referral.replicas.models import KpmFacts, UsahaFacts
from shared.contracts.kinds import KomponenKind, Sex, UsahaSector
from shared.contracts.rujukan_kinds import RefusalCode

# Examples may be slow on a busy machine.
SLOW_ALLOWED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TODAY = date(2026, 6, 1)
AREAS = ["33", "33.24", "33.24.09", "33.24.09.2001", "33.24.10.2001", "35.03"]
CODES = ["KUR_MIKRO", "UMI", "PPSE", "KDMP"]
NUMBERS = st.integers(0, 60) | st.sampled_from([9_000_000, 10_000_000])
LISTS: dict[RuleField, list[str]] = {
    RuleField.KODE_WILAYAH: AREAS,
    RuleField.USAHA_SECTOR: [*UsahaSector.known()],
    RuleField.PENGURUS_SEX: [*Sex.known()],
    RuleField.OWNER_SEX: [*Sex.known()],
    RuleField.KOMPONEN: [*KomponenKind.known()],
    RuleField.AID_PROGRAMS: CODES,
    RuleField.REFUSAL_CODES: [*RefusalCode.known()],
}


@st.composite
def rules(draw: st.DrawFn) -> list[RuleView]:
    drawn = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        field = draw(st.sampled_from(RuleField))
        lists = LISTS.get(field)
        value: Any = draw(
            st.lists(st.sampled_from(lists), min_size=1, max_size=3)
            if lists
            else st.booleans()
            if field is RuleField.USAHA_REGISTERED
            else NUMBERS
        )
        op = draw(st.sampled_from([op for op in RuleOp if is_valid_rule(field, op, value)]))
        strength = draw(st.sampled_from(Strength))
        drawn.append(
            RuleView(
                number=number,
                field=field,
                op=op,
                value=value,
                strength=strength,
                counts_predecessor=draw(st.booleans()),
                source="Permenko 7/2025",
                version="2026-01",
            )
        )
    return drawn


def days(first: int = 2020) -> st.SearchStrategy[date]:
    return st.dates(date(first, 1, 1), date(2026, 12, 31))


FORMER_USAHA = [UUID(int=1), UUID(int=2)]
USAHA = st.builds(
    UsahaFacts,
    usaha_id=st.uuids(),
    continues=st.none() | st.sampled_from(FORMER_USAHA),
    owner_sex=st.sampled_from(Sex),
    owner_birth_year=st.integers(1950, 2012),
    owner_married=st.booleans(),
    sector=st.sampled_from(UsahaSector.known()),
    started_on=days(),
    omzet_rp=NUMBERS,
    has_nib=st.booleans(),
    has_letter=st.booleans(),
)
DESIL = st.fixed_dictionaries(
    {"scope": st.sampled_from(["NAS", "PROV"]), "value": st.integers(1, 10), "snapshot": st.just("2026-Q1")}
)
KPM = st.builds(
    KpmFacts,
    kode_wilayah=st.sampled_from(AREAS[3:5]),
    members=st.integers(1, 9),
    able_productive=st.integers(0, 5),
    lansia=st.integers(0, 2),
    disabilitas=st.integers(0, 2),
    komponen=st.dictionaries(
        st.sampled_from([*map(str, KomponenKind.known())]), st.integers(0, 2), max_size=3
    ),
    desil=st.lists(DESIL, max_size=1),
    pengurus_sex=st.none() | st.sampled_from(Sex),
    pengurus_birth_year=st.none() | st.integers(1950, 2008),
)
FAMILIES = st.builds(
    Family,
    kpm=KPM,
    usaha=st.lists(USAHA, max_size=3),
    on=st.just(TODAY),
    aid=st.frozensets(st.sampled_from(CODES), max_size=2),
    refusals=st.frozensets(st.sampled_from([*map(str, RefusalCode.known())]), max_size=2),
    ended_usaha=st.dictionaries(st.just(FORMER_USAHA[0]), days(), max_size=1),
)


def match_family(given_rules: list[RuleView], family: Family) -> Match:
    return match(Program(program_id=uuid4(), code="X"), given_rules, family)


@settings(SLOW_ALLOWED)
@given(rules(), FAMILIES)
def test_reason_sentence_agrees_with_the_result(some: list[RuleView], family: Family) -> None:
    result = match_family(some, family)
    assert len(result.reasons) == len(some)
    for reason in result.reasons:
        assert reason.en.startswith("fits: ") is reason.fits
        assert reason.id.startswith("cocok: ") is reason.fits
        assert reason.en.startswith("does not fit: ") is not reason.fits
        assert reason.fits is False or reason.actual is not None
    assert result.fits is all(reason.fits for reason in result.reasons if reason.strength is Strength.HARD)


@settings(SLOW_ALLOWED)
@given(rules(), FAMILIES)
def test_soft_rule_never_excludes_a_family(some: list[RuleView], family: Family) -> None:
    for rule in some:
        rule.strength = Strength.SOFT
    assert match_family(some, family).fits


@settings(SLOW_ALLOWED)
@given(rules(), FAMILIES)
def test_failed_hard_rule_excludes_a_family(some: list[RuleView], family: Family) -> None:
    hard = [rule for rule in some if rule.strength is Strength.HARD]
    # Soft rules only choose among equal usaha, so the result without them is the same.
    assert match_family(some, family).fits is match_family(hard, family).fits
    single = [match_family([rule], family).fits for rule in hard]
    if not all(single):
        assert not match_family(some, family).fits


@settings(SLOW_ALLOWED, max_examples=60)
@given(st.lists(rules(), min_size=1, max_size=12), st.lists(FAMILIES, min_size=1, max_size=4))
def test_mask_agrees_with_single_matches(programs: list[list[RuleView]], families: list[Family]) -> None:
    eligibility = Eligibility(programs)
    for family in [*families, *families]:  # the second time from the cache
        fits = [match_family(some, family).fits for some in programs]
        assert eligibility.mask(family) == sum(1 << number for number, one in enumerate(fits) if one)


@settings(SLOW_ALLOWED)
@given(FAMILIES)
def test_umi_does_not_fit_a_family_with_kur(family: Family) -> None:
    _, programs = catalogue.read()
    umi = next(program for program in programs if program["code"] == "UMI")
    some = [RuleView(number=number, **rule) for number, rule in enumerate(umi["rules"], 1)]
    if family.aid & {"KUR_MIKRO", "KUR_SUPERMIKRO"} or "KREDIT_AKTIF_SIKP" in family.refusals:
        assert not match_family(some, family).fits


def test_reason_of_a_set_rule_names_its_values() -> None:
    kpm = KpmFacts(
        kode_wilayah=AREAS[3],
        members=4,
        able_productive=1,
        lansia=0,
        disabilitas=0,
        komponen={"ANAK_SD": 1, "ANAK_SMA": 0},
        desil=[],
        pengurus_sex=None,
        pengurus_birth_year=None,
    )
    family = Family(kpm, [], TODAY, frozenset({"KUR_MIKRO"}), frozenset({"SLIK_BURUK"}))
    rule = RuleView(
        number=1,
        field=RuleField.AID_PROGRAMS,
        op=RuleOp.NONE_OF,
        value=["KUR_MIKRO", "KUR_KECIL"],
        strength=Strength.HARD,
        source="Permenko 7/2025",
        version="2026-01",
    )
    (reason,) = match_family([rule], family).reasons
    assert reason.actual == ["KUR_MIKRO"]
    assert reason.id == (
        "tidak cocok: bantuan yang disetujui atau disalurkan {KUR_MIKRO} memuat salah satu dari {KUR_MIKRO, KUR_KECIL}"
    )
    assert all(is_valid_rule(field, RuleOp.ANY_OF, LISTS[field][:2]) for field in SET_FIELDS)
    assert not is_valid_rule(RuleField.REFUSAL_CODES, RuleOp.NONE_OF, ["WHAT"])
    assert not is_valid_rule(RuleField.KOMPONEN, RuleOp.IN, ["ANAK_SD"])
