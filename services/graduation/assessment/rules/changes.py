"""Pure functions that test whether a proposed case may still be decided (docs/case-lifecycle.md#current-facts)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.graduation.assessment.errors import (
    AssessmentAuthorBarred,
    EvidenceFlagged,
    FactsChanged,
    ProposerBarred,
)
from services.graduation.assessment.rules.judgement import (
    Answer,
    evaluate,
    find_grounds,
    format_value,
    passes,
    value_of,
)
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import Policy
from services.graduation.replicas.models import Kpm
from services.graduation.tables import HoldReason
from shared.contracts.kinds import AsesmenResult, ExitReason
from shared.errors import DomainError
from shared.wilayah import KABKOTA_LENGTH
from shared.words import Words


@dataclass(frozen=True, slots=True)
class Change:
    """Why a case may not be decided on what it was proposed on.

    `criteria` are those whose verdict has changed, by their codes.
    """

    code: str
    words: Words
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pinned:
    """The assessment to which a proposal is pinned, with its instrument."""

    result: AsesmenResult
    answers: Mapping[str, Answer]
    facts: Mapping[str, Any]
    instrument: Instrument
    indicators: Sequence[Indicator]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a case was proposed on, and what is known today.

    `approved_in` is the area in which the case was or would be approved, or None to leave out the test of the place.
    `case_in` is where the case is: a move reaches the family's facts and its case at different times. `on_hold` marks a
    case that a rule holds.
    """

    policy: Policy
    pinned: Pinned | None
    signer_id: UUID | None
    kpm: Kpm
    facts: Mapping[str, Any]
    on: date
    approved_in: str | None
    case_in: str
    on_hold: bool


def find_changes(basis: Basis) -> list[Change]:
    """Return why the case may not be decided today, nothing if it may."""
    changes = (_check_result(basis), _check_ground(basis), _check_signer(basis), _check_area(basis))
    return [change for change in changes if change is not None]


def find_undone_death(on: date) -> Change:
    """Return the change of a case whose death was undone after its SK."""
    return Change(
        "DEATH_UNDONE",
        Words(
            f"The death on which this SK rests was undone on {on}. Annul the SK for this family.",
            f"Kematian yang menjadi dasar SK ini dibatalkan pada {on}. Pulihkan keluarga ini dari SK.",
        ),
    )


def to_sentences(changes: Sequence[Change]) -> Words:
    """Return all changes as one text."""
    words = [change.words for change in changes]
    return Words(" ".join(words), " ".join(one.id for one in words))


Refusal = Callable[[Words, str], DomainError]
# Changes that are no fact of the family, by code: why they hold a case, and their refusal.
NO_FACTS: Mapping[str, tuple[HoldReason, Refusal]] = {
    "AUTHOR": (HoldReason.ASESMEN_GUGUR, AssessmentAuthorBarred),
    "PROPOSER": (HoldReason.USULAN_GUGUR, ProposerBarred),
    "EVIDENCE": (HoldReason.BUKTI_DITANDAI, EvidenceFlagged),
}


def hold_reason_of(changes: Sequence[Change]) -> HoldReason:
    """Return why the changes hold a case. A changed fact goes first."""
    return _classify(changes)[0]


def to_refusal(changes: Sequence[Change], way: str = "UNDER_REVIEW") -> DomainError:
    """Return the refusal of a decision, with all changes in its sentence.

    `way` is the way out, a key of `WAYS_OF_CHANGED`.
    """
    refusal = _classify(changes)[1](to_sentences(changes), way)
    criteria = [code for change in changes for code in change.criteria]
    refusal.params |= {"codes": [change.code for change in changes], "criteria": criteria}
    return refusal


def _classify(changes: Sequence[Change]) -> tuple[HoldReason, Refusal]:
    if any(change.code not in NO_FACTS for change in changes):
        return HoldReason.FAKTA_BERUBAH, FactsChanged
    return next(kind for code, kind in NO_FACTS.items() if any(change.code == code for change in changes))


EVIDENCE_CHANGE = Change(
    "EVIDENCE",
    Words(
        "Evidence of this case was used for something else before.",
        "Ada bukti pada kasus ini yang sudah pernah dipakai untuk hal lain.",
    ),
)


def author_change(en: str, indonesian: str) -> Change:
    """Return that the author of the assessment has a status that bars it."""
    return Change(
        "AUTHOR",
        Words(
            f"The pendamping who made the assessment {en}.",
            f"Pendamping yang menyusun asesmen {indonesian}.",
        ),
    )


def proposer_change(en: str, indonesian: str) -> Change:
    """Return that the proposer has a status that bars the proposal."""
    return Change(
        "PROPOSER",
        Words(
            f"The pendamping who proposed this exit {en}.",
            f"Pendamping yang mengusulkan keluarga ini keluar {indonesian}.",
        ),
    )


def _check_result(basis: Basis) -> Change | None:
    pinned = basis.pinned
    if pinned is None:
        return None
    result, _ = evaluate(pinned.instrument, pinned.indicators, pinned.answers, basis.facts)
    if result is pinned.result:
        return None
    changed = list(_changed_criteria(pinned, basis.facts))
    values = [*find_grounds(pinned.instrument, basis.facts), *(words for _, words in changed)]
    en = f"With today's facts the assessment gives {result.value}, not {pinned.result.value}: {', '.join(values)}."
    indonesian = ", ".join(value.id for value in values)
    return Change(
        "RESULT",
        Words(
            en,
            f"Dengan fakta hari ini hasil asesmen {result.value}, bukan {pinned.result.value}: {indonesian}.",
        ),
        tuple(code for code, _ in changed),
    )


def _changed_criteria(pinned: Pinned, facts: Mapping[str, Any]) -> Iterator[tuple[str, Words]]:
    """Yield the criteria whose verdict differs, with the value then and the value today."""
    for one in pinned.indicators:
        then, now = (value_of(one, pinned.answers, values) for values in (pinned.facts, facts))
        if passes(one, then) != passes(one, now):
            yield one.code, Words(_compare(one, then, now, 0), _compare(one, then, now, 1))


def _compare(indicator: Indicator, then: bool | int | None, now: bool | int | None, language: int) -> str:
    name, was = (indicator.text_en, indicator.text_id)[language], ("was", "semula")[language]
    missing = ("does not apply", "tidak berlaku")[language]
    texts = [missing if one is None else format_value(indicator, one, language) for one in (now, then)]
    return f"{name}: {texts[0]} ({was} {texts[1]})"


def _check_ground(basis: Basis) -> Change | None:
    """Check the ground of a path without a score."""
    if basis.policy.needs_komponen_ended:
        ends_on = basis.kpm.last_komponen_ends_on
        if ends_on is None or ends_on > basis.on:
            return Change(
                "KOMPONEN",
                Words(
                    f"The family's last komponen has not ended on {basis.on}.",
                    f"Komponen terakhir keluarga belum berakhir pada {basis.on}.",
                ),
            )
    alive = basis.kpm.members if basis.kpm.ended_on is None else 0
    # A held case of a death is resumed when the death is recorded again. Before, the replica may be behind.
    allowed = 0 if basis.on_hold else 1
    if basis.policy.exit_reason is ExitReason.MENINGGAL and alive > allowed:
        return Change(
            "MEMBERS",
            Words(f"The family has {alive} living members.", f"Keluarga masih memiliki {alive} anggota."),
        )
    return None


def _check_signer(basis: Basis) -> Change | None:
    if not basis.policy.needs_statement:
        return None
    if not (basis.kpm.ended_on is not None or basis.signer_id in basis.kpm.former_members):
        return None
    return Change(
        "SIGNER",
        Words(
            "The person who signed the statement is no longer a living member of the family.",
            "Penanda tangan pernyataan bukan lagi anggota keluarga yang hidup.",
        ),
    )


def _check_area(basis: Basis) -> Change | None:
    if basis.approved_in is None:
        return None
    approved_in = basis.approved_in[:KABKOTA_LENGTH]
    known_in = (area[:KABKOTA_LENGTH] for area in (basis.kpm.kode_wilayah, basis.case_in))
    lives_in = next((area for area in known_in if area != approved_in), None)
    if lives_in is None:
        return None
    return Change(
        "AREA",
        Words(
            f"The family lives in {lives_in} now, not in {approved_in}, whose Dinsos approves the case.",
            f"Keluarga kini tinggal di {lives_in}, bukan di {approved_in} yang Dinsosnya menyetujui.",
        ),
    )
