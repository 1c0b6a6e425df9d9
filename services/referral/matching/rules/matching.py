"""Judge whether a program fits a family (docs/domain.md#partner-programs).

Every rule gives its own reason in words, on facts from caseload.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from services.referral.program.models import Program, RuleField, RuleOp, RuleTerms, RuleView, Strength
from services.referral.replicas.models import KpmFacts, UsahaFacts
from shared import wilayah
from shared.contracts.kinds import DesilScope, KomponenKind, Sex, UsahaSector
from shared.contracts.rujukan_kinds import RefusalCode
from shared.dates import months_between

F, OP = RuleField, RuleOp
OwnedUsaha = TypeVar("OwnedUsaha", bound=UsahaFacts)
NUMBERS = frozenset(
    {F.DESIL_NAS, F.ABLE_PRODUCTIVE, F.PENGURUS_AGE, F.USAHA_MONTHS, F.USAHA_OMZET_RP, F.OWNER_AGE}
    | {F.MEMBERS, F.LANSIA, F.DISABILITAS}
)
SET_FIELDS = frozenset({F.KOMPONEN, F.AID_PROGRAMS, F.REFUSAL_CODES})
WORDS = {
    F.KODE_WILAYAH: ("area", "wilayah", "", ""),
    F.DESIL_NAS: ("national desil", "desil nasional", "", ""),
    F.ABLE_PRODUCTIVE: ("productive members", "anggota produktif", "", ""),
    F.PENGURUS_AGE: ("age of the pengurus", "usia pengurus", " years", " tahun"),
    F.PENGURUS_SEX: ("sex of the pengurus", "jenis kelamin pengurus", "", ""),
    F.USAHA_MONTHS: ("business", "usaha", " months", " bulan"),
    F.USAHA_OMZET_RP: ("monthly turnover Rp", "omzet per bulan Rp", "", ""),
    F.USAHA_SECTOR: ("line of business", "sektor usaha", "", ""),
    F.USAHA_REGISTERED: ("NIB or business letter", "NIB atau surat keterangan usaha", "", ""),
    F.OWNER_AGE: ("age of the owner", "usia pemilik usaha", " years", " tahun"),
    F.OWNER_SEX: ("sex of the owner", "jenis kelamin pemilik usaha", "", ""),
    F.MEMBERS: ("members", "jumlah anggota", "", ""),
    F.LANSIA: ("elderly members", "anggota lanjut usia", "", ""),
    F.DISABILITAS: ("members with a disability", "anggota penyandang disabilitas", "", ""),
    F.KOMPONEN: ("komponen", "komponen", "", ""),
    F.AID_PROGRAMS: ("aid accepted or delivered", "bantuan yang disetujui atau disalurkan", "", ""),
    F.REFUSAL_CODES: ("reasons of earlier refusals", "alasan penolakan sebelumnya", "", ""),
}
# The sign when the rule holds, and when it does not.
SIGNS = {
    OP.GE: ("≥", "<"),
    OP.GE_OR_MARRIED: ("≥", "<"),
    OP.LE: ("≤", ">"),
    OP.EQ: ("=", "≠"),
    OP.IN: ("∈", "∉"),
    OP.WITHIN: ("∈", "∉"),
}
ONE, NONE = ("has one of", "memuat salah satu dari"), ("has none of", "tidak memuat satu pun dari")
OVERLAPS = {OP.ANY_OF: (ONE, NONE), OP.NONE_OF: (NONE, ONE)}


@dataclass(frozen=True, slots=True)
class Family:
    """The facts that rules may use, on a day.

    `usaha` are those that still exist on the day, `ended_usaha` the last days of the others by their ids. `aid` has
    program codes, `refusals` the partners' reason codes.
    """

    kpm: KpmFacts
    usaha: Sequence[UsahaFacts]
    on: date
    aid: frozenset[str] = frozenset()
    refusals: frozenset[str] = frozenset()
    ended_usaha: Mapping[UUID, date] = field(default_factory=dict[UUID, date])


@dataclass(frozen=True, slots=True)
class Reason:
    """The result of one rule.

    `actual` is None if the fact is unknown. An unknown fact does not fit.
    """

    number: int
    field: RuleField
    op: RuleOp
    value: Any
    actual: Any
    fits: bool
    strength: Strength
    source: str
    version: str
    en: str
    id: str

    def as_json(self) -> dict[str, Any]:
        """Return the reason as it is stored and returned."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Match:
    """A program and a family: whether it fits, why, and the usaha that was judged."""

    program: Program
    reasons: Sequence[Reason]
    usaha: UsahaFacts | None

    @property
    def fits(self) -> bool:
        """Whether every hard rule holds."""
        return all(reason.fits for reason in self.reasons if reason.strength is Strength.HARD)


def select_running_usaha(
    usaha: Sequence[OwnedUsaha], on: date, former_members: Collection[UUID]
) -> list[OwnedUsaha]:
    """Return the usaha that exist on the day and belong to a member."""
    return [
        one
        for one in usaha
        if (one.ended_on is None or one.ended_on > on) and one.owner_id not in former_members
    ]


def ends_of(usaha: Iterable[UsahaFacts]) -> dict[UUID, date]:
    """Return the days on which usaha ended, by their ids."""
    return {one.usaha_id: one.ended_on for one in usaha if one.ended_on is not None}


def match(program: Program, rules: Sequence[RuleView], family: Family) -> Match:
    """Judge a program on the family's best fitting usaha.

    Rules on a usaha must all hold for the same one.
    """
    candidates = [
        Match(program, [_reason(rule, family, usaha) for rule in rules], usaha)
        for usaha in family.usaha or [None]
    ]
    return min(candidates, key=_misfits)


def _misfits(candidate: Match) -> tuple[int, int, date]:
    failed = [reason.strength for reason in candidate.reasons if not reason.fits]
    started = candidate.usaha.started_on if candidate.usaha else date.max
    return failed.count(Strength.HARD), failed.count(Strength.SOFT), started


def _reason(rule: RuleView, family: Family, usaha: UsahaFacts | None) -> Reason:
    actual = actual_of(rule)(family, usaha)
    married = rule.op is OP.GE_OR_MARRIED and usaha is not None and usaha.owner_married
    fits = holds(rule, actual, married=married)
    return Reason(
        number=rule.number,
        field=rule.field,
        op=rule.op,
        value=rule.value,
        actual=sorted(actual) if isinstance(actual, frozenset) else actual,
        fits=fits,
        strength=rule.strength,
        source=rule.source,
        version=rule.version,
        en=_sentence(rule, actual, fits=fits, married=married, language=0),
        id=_sentence(rule, actual, fits=fits, married=married, language=1),
    )


def holds(rule: RuleView, actual: Any, *, married: bool) -> bool:
    """Return whether a rule holds for a fact. An unknown fact does not fit."""
    is_exempt = married and rule.op is OP.GE_OR_MARRIED
    return actual is not None and (is_exempt or _holds(rule.op, actual, rule.value))


def _holds(op: RuleOp, actual: Any, value: Any) -> bool:
    if op in OVERLAPS:
        return actual.isdisjoint(value) is (op is OP.NONE_OF)
    if op in {OP.GE, OP.GE_OR_MARRIED}:
        return actual >= value
    if op is OP.LE:
        return actual <= value
    if op is OP.IN:
        return actual in value
    if op is OP.WITHIN:
        return any(wilayah.is_within(actual, area) for area in value)
    return actual == value


def _sentence(rule: RuleView, actual: Any, *, fits: bool, married: bool, language: int) -> str:
    """Return a sentence like "tidak cocok: usaha 4 bulan < 6 bulan" (docs/domain.md#partner-programs).

    `married`: marriage takes the place of the owner's age. `language`: 0 is English, 1 Indonesian.
    """
    head = (("does not fit", "tidak cocok"), ("fits", "cocok"))[fits][language]
    noun, unit = WORDS[rule.field][language], WORDS[rule.field][2 + language]
    if actual is None:
        return f"{head}: {noun} {('is not known', 'belum diketahui')[language]}"
    if married:
        return f"{head}: {('the owner is married', 'pemilik usaha sudah menikah')[language]}"
    sign = OVERLAPS[rule.op][not fits][language] if rule.op in OVERLAPS else SIGNS[rule.op][not fits]
    return f"{head}: {noun} {_words(actual, language)}{unit} {sign} {_words(rule.value, language)}{unit}"


def _words(value: Any, language: int) -> str:
    if isinstance(value, bool):
        return (("no", "tidak ada"), ("yes", "ada"))[value][language]
    if isinstance(value, list | frozenset):
        value = sorted(value) if isinstance(value, frozenset) else value
        return "{" + ", ".join(map(str, value[:5])) + (", …" if len(value) > 5 else "") + "}"
    return str(value)


def _desil(family: Family, usaha: UsahaFacts | None) -> int | None:
    del usaha
    national = [desil for desil in family.kpm.desil if desil["scope"] == DesilScope.NAS]
    return max(national, key=lambda desil: desil["snapshot"])["value"] if national else None


def _age(family: Family, birth_year: int | None) -> int | None:
    """Return the age reached for certain.

    Only the year of birth is known, so the birthday may be ahead.
    """
    return None if birth_year is None else max(0, family.on.year - birth_year - 1)


def _sex(sex: Sex | None) -> str | None:
    return None if sex in {None, Sex.UNKNOWN} else str(sex)


ACTUAL: dict[RuleField, Callable[[Family, UsahaFacts | None], Any]] = {
    F.KODE_WILAYAH: lambda family, _: family.kpm.kode_wilayah,
    F.DESIL_NAS: _desil,
    F.ABLE_PRODUCTIVE: lambda family, _: family.kpm.able_productive,
    F.PENGURUS_AGE: lambda family, _: _age(family, family.kpm.pengurus_birth_year),
    F.PENGURUS_SEX: lambda family, _: _sex(family.kpm.pengurus_sex),
    F.USAHA_MONTHS: lambda family, usaha: months_between(usaha.started_on, family.on) if usaha else None,
    F.USAHA_OMZET_RP: lambda _, usaha: usaha.omzet_rp if usaha else None,
    F.USAHA_SECTOR: lambda _, usaha: str(usaha.sector) if usaha else None,
    F.USAHA_REGISTERED: lambda _, usaha: (usaha.has_nib or usaha.has_letter) if usaha else None,
    F.OWNER_AGE: lambda family, usaha: _age(family, usaha.owner_birth_year) if usaha else None,
    F.OWNER_SEX: lambda _, usaha: _sex(usaha.owner_sex) if usaha else None,
    F.MEMBERS: lambda family, _: family.kpm.members,
    F.LANSIA: lambda family, _: family.kpm.lansia,
    F.DISABILITAS: lambda family, _: family.kpm.disabilitas,
    F.KOMPONEN: lambda family, _: frozenset(kind for kind, count in family.kpm.komponen.items() if count),
    F.AID_PROGRAMS: lambda family, _: family.aid,
    F.REFUSAL_CODES: lambda family, _: family.refusals,
}


def actual_of(rule: RuleTerms) -> Callable[[Family, UsahaFacts | None], Any]:
    """Return the function that gives the fact of a rule."""
    if rule.field is F.USAHA_MONTHS and not rule.counts_predecessor:
        return _own_months
    return ACTUAL[rule.field]


def _own_months(family: Family, usaha: UsahaFacts | None) -> int | None:
    """Return the months under the present owner, or None if unknown."""
    if usaha is None:
        return None
    since = usaha.started_on if usaha.continues is None else family.ended_usaha.get(usaha.continues)
    return None if since is None else months_between(since, family.on)


CODES = {F.KOMPONEN: KomponenKind.known(), F.REFUSAL_CODES: RefusalCode.known()}


def is_valid_rule(field: RuleField, op: RuleOp, value: object) -> bool:
    """Return whether the operator and the value of a rule fit its field.

    Numbers are compared, areas contain, and coded values are in a list.
    """
    if field is F.KODE_WILAYAH:
        return op is OP.WITHIN and _all(value, wilayah.exists)
    if field is F.USAHA_REGISTERED:
        return op is OP.EQ and isinstance(value, bool)
    if field in NUMBERS:
        comparable = op in {OP.GE, OP.LE, OP.EQ} or (op is OP.GE_OR_MARRIED and field is F.OWNER_AGE)
        return comparable and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12
    if field in SET_FIELDS:
        return op in OVERLAPS and _all(value, lambda item: field is F.AID_PROGRAMS or item in CODES[field])
    kinds = UsahaSector.known() if field is F.USAHA_SECTOR else Sex.known()
    return op is OP.IN and _all(value, lambda item: item in kinds)


def _all(value: object, fits: Callable[[str], bool]) -> bool:
    items: Iterable[object] = value if isinstance(value, list) else []
    return bool(items) and all(isinstance(item, str) and fits(item) for item in items)
