"""How an instrument judges: pure functions of its rows, the answers and the facts. A sentence for each criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.graduation.assessment.errors import (
    AnswerOfAnotherType,
    AnswersMissing,
    EvidenceMissing,
    IndicatorUnknown,
)
from services.graduation.policy.models.instrument import Check, Indicator, Instrument, Source, ValueType
from services.graduation.replicas.models import Kpm, Usaha
from shared.contracts.kinds import AsesmenResult, DesilScope
from shared.dates import months_between

SNAPSHOTS_OF_A_TREND = 4
ASKED = {
    Check.AT_LEAST: ("at least {wanted} asked", "diminta paling sedikit {wanted}"),
    Check.AT_MOST: ("at most {wanted} asked", "diminta paling banyak {wanted}"),
    Check.IS: ("{wanted} asked", "diminta {wanted}"),
    Check.NONE: ("asked, unweighted", "ditanyakan, tanpa bobot"),
}
YES_NO = {True: ("yes", "ya"), False: ("no", "tidak")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found in the family's house, and the SHA-256 of the evidence for it."""

    value: bool | int
    evidence_sha256: str | None = None


@dataclass(slots=True)
class Judgement:
    """The result, the score in percent of the weights that apply, and an explanation per criterion."""

    result: AsesmenResult
    score_percent: int
    explanation: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def facts_of(kpm: Kpm, usaha: Sequence[Usaha], member_since: date, on: date) -> dict[str, Any]:
    """Return what is known of the family on a date, as it is kept with the assessment.

    A value of None does not apply to the family (no invitation to P2K2, not yet ranked) and leaves its weight out.
    """
    desil = sorted((d["snapshot"], d["value"]) for d in kpm.desil if d["scope"] == DesilScope.NAS)
    recent = [value for _, value in desil[-SNAPSHOTS_OF_A_TREND:]]
    dependants = kpm.members - kpm.able_productive
    return {
        "as_of": on.isoformat(),
        "members": kpm.members,
        "able_productive": kpm.able_productive,
        "lansia": kpm.lansia,
        "disabilitas": kpm.disabilitas,
        "komponen": kpm.komponen,
        "last_komponen_ends_on": kpm.last_komponen_ends_on.isoformat() if kpm.last_komponen_ends_on else None,
        "desil_nas": [list(pair) for pair in desil],
        "DESIL_NAS": recent[-1] if recent else None,
        "DESIL_NAS_RISE": recent[-1] - recent[0] if recent else None,
        "USAHA_AGE_MONTHS": max((months_between(u.started_on, on) for u in usaha), default=0),
        "USAHA_OMZET_RP": sum(u.omzet_rp for u in usaha),
        "USAHA_PERMIT": any(u.has_nib or u.has_letter for u in usaha),
        "DEPENDENCY_PERCENT": dependants * 100 // kpm.able_productive if kpm.able_productive else None,
        "P2K2_PERCENT": kpm.p2k2_attended * 100 // kpm.p2k2_invited if kpm.p2k2_invited else None,
        "PROGRAM_YEARS": months_between(member_since, on) // 12,
    }


def judge(
    instrument: Instrument,
    indicators: Sequence[Indicator],
    answers: Mapping[str, Answer],
    facts: Mapping[str, Any],
) -> Judgement:
    """Judge a family's readiness.

    A family without enough able members of working age is DIKECUALIKAN, whatever the answers (domain.md 4.3, OQ3).

    Raises:
        IndicatorUnknown, AnswerOfAnotherType; for a family that is not exempt AnswersMissing, EvidenceMissing
    """
    check_known(indicators, answers)
    if facts["able_productive"] < instrument.exempt_below_able:
        return Judgement(AsesmenResult.DIKECUALIKAN, 0, [exemption(instrument, facts)])
    check_whole(indicators, answers)
    found = [explain(indicator, answers, facts) for indicator in indicators]
    applying = [item for item in found if item["passed"] is not None]
    reachable = sum(item["weight"] for item in applying)
    reached = sum(item["weight"] for item in applying if item["passed"])
    score = reached * 100 // reachable if reachable else 0
    knocked_out = any(item["knock_out"] and not item["passed"] for item in applying)
    ready = score >= instrument.threshold_percent and not knocked_out
    return Judgement(AsesmenResult.SIAP if ready else AsesmenResult.BELUM_SIAP, score, found)


def check_known(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Raise IndicatorUnknown or AnswerOfAnotherType, naming the criteria."""
    asked = {i.code: i for i in indicators if i.source is Source.ANSWER}
    unknown = sorted(answers.keys() - asked.keys())
    if unknown:
        raise IndicatorUnknown("/body/answers", codes=", ".join(unknown))
    unfit = [
        code
        for code, answer in answers.items()
        if isinstance(answer.value, bool) != (asked[code].value_type is ValueType.BOOL)
    ]
    if unfit:
        raise AnswerOfAnotherType("/body/answers", codes=", ".join(sorted(unfit)))


def check_whole(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Raise AnswersMissing or EvidenceMissing, naming the criteria."""
    asked = [i for i in indicators if i.source is Source.ANSWER]
    missing = [i.code for i in asked if i.code not in answers]
    if missing:
        raise AnswersMissing("/body/answers", codes=", ".join(missing))
    bare = [i.code for i in asked if i.evidence_required and answers[i.code].evidence_sha256 is None]
    if bare:
        raise EvidenceMissing("/body/answers", codes=", ".join(bare))


def explain(indicator: Indicator, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one criterion with its value, whether it is met (None: does not apply), and a sentence in both languages."""
    answer = answers.get(indicator.code)
    value = answer.value if answer is not None else facts.get(indicator.code)
    passed = meets(indicator, value)
    return {
        "code": indicator.code,
        "source": indicator.source.value,
        "value": value,
        "passed": passed,
        "weight": indicator.weight,
        "knock_out": indicator.knock_out,
        "evidence_sha256": answer.evidence_sha256 if answer else None,
        "en": sentence(indicator, value, passed, 0),
        "id": sentence(indicator, value, passed, 1),
    }


def meets(indicator: Indicator, value: bool | int | None) -> bool | None:
    """Whether the value passes; None where it does not apply or nothing is asked of it."""
    if value is None or indicator.rule is Check.NONE:
        return None
    if indicator.rule is Check.AT_LEAST:
        return value >= indicator.passes_at
    if indicator.rule is Check.AT_MOST:
        return value <= indicator.passes_at
    return value == indicator.passes_at


def sentence(indicator: Indicator, value: bool | int | None, passed: bool | None, language: int) -> str:
    """Say one criterion in words: 0 English, 1 Indonesian."""
    name = (indicator.text_en, indicator.text_id)[language]
    if value is None:
        return f"{name}: {('does not apply', 'tidak berlaku')[language]}."
    asked = ASKED[indicator.rule][language].format(wanted=shown(indicator, indicator.passes_at, language))
    told = {True: ("met", "terpenuhi"), False: ("not met", "tidak terpenuhi"), None: ("", "")}[passed][
        language
    ]
    points = f" ({indicator.weight} {('points', 'poin')[language]})" if passed else ""
    return f"{name}: {shown(indicator, value, language)}; {asked}{': ' + told if told else ''}{points}."


def shown(indicator: Indicator, value: bool | int, language: int) -> str:
    """Write a value as people read it: yes/no, or a number with separators."""
    if indicator.value_type is ValueType.BOOL:
        return YES_NO[bool(value)][language]
    text = f"{value:,}"
    return text.replace(",", ".") if language else text


def exemption(instrument: Instrument, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Say why a family is not pushed."""
    able, wanted = facts["able_productive"], instrument.exempt_below_able
    return {
        "code": "EXEMPT",
        "source": Source.FACT.value,
        "value": able,
        "passed": None,
        "weight": 0,
        "knock_out": False,
        "evidence_sha256": None,
        "en": f"The family has {able} able members of working age, fewer than {wanted}: exempt from graduation.",
        "id": f"Keluarga memiliki {able} anggota produktif yang mampu, kurang dari {wanted}: dikecualikan dari graduasi.",
    }
