"""Pure functions that judge answers and facts by an instrument, and explain each criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.graduation.assessment.errors import (
    AnswersMissing,
    AnswerTypeMismatch,
    EvidenceMissing,
    IndicatorUnknown,
)
from services.graduation.policy.models.instrument import Check, Indicator, Instrument, Source, ValueType
from services.graduation.replicas.models import Kpm, Usaha
from shared.contracts.kinds import AsesmenResult, DesilScope
from shared.dates import months_between

TREND_SNAPSHOTS = 4
RULE_SENTENCES = {
    Check.AT_LEAST: ("at least {limit} asked", "diminta paling sedikit {limit}"),
    Check.AT_MOST: ("at most {limit} asked", "diminta paling banyak {limit}"),
    Check.IS: ("{limit} asked", "diminta {limit}"),
    Check.NONE: ("asked, unweighted", "ditanyakan, tanpa bobot"),
}
YES_NO = {True: ("yes", "ya"), False: ("no", "tidak")}


@dataclass(frozen=True, slots=True)
class Answer:
    """The value recorded at the family's house, and the SHA-256 of its evidence."""

    value: bool | int
    evidence_sha256: str | None = None


@dataclass(slots=True)
class Judgement:
    """The result, the score and an explanation for each criterion.

    The score is in percent of the applicable weights.
    """

    result: AsesmenResult
    score_percent: int
    explanation: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def collect_facts(kpm: Kpm, usaha: Sequence[Usaha], member_since: date, on: date) -> dict[str, Any]:
    """Return the facts of a family on a date, which an assessment stores.

    None means that a fact does not apply to the family (no invitation to P2K2, no desil yet). Its weight is left out.
    A business that has ended by that date is not counted.
    """
    running = [one for one in usaha if one.ended_on is None or one.ended_on > on]
    desil = sorted((d["snapshot"], d["value"]) for d in kpm.desil if d["scope"] == DesilScope.NAS)
    recent = [value for _, value in desil[-TREND_SNAPSHOTS:]]
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
        "USAHA_AGE_MONTHS": max((months_between(u.started_on, on) for u in running), default=0),
        "USAHA_OMZET_RP": sum(u.omzet_rp for u in running),
        "USAHA_PERMIT": any(u.has_nib or u.has_letter for u in running),
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

    A family with too few able members of working age is DIKECUALIKAN, regardless of the answers (docs/domain.md#readiness).

    Raises:
        IndicatorUnknown, AnswerTypeMismatch
        AnswersMissing, EvidenceMissing: Only for a family that is not exempt.
    """
    require_known_answers(indicators, answers)
    if facts["able_productive"] < instrument.exempt_below_able:
        return Judgement(AsesmenResult.DIKECUALIKAN, 0, [explain_exemption(instrument, facts)])
    require_complete_answers(indicators, answers)
    criteria = [explain(indicator, answers, facts) for indicator in indicators]
    applicable = [item for item in criteria if item["passed"] is not None]
    reachable = sum(item["weight"] for item in applicable)
    reached = sum(item["weight"] for item in applicable if item["passed"])
    score = reached * 100 // reachable if reachable else 0
    knocked_out = any(item["knock_out"] and not item["passed"] for item in applicable)
    ready = score >= instrument.threshold_percent and not knocked_out
    return Judgement(AsesmenResult.SIAP if ready else AsesmenResult.BELUM_SIAP, score, criteria)


def require_known_answers(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Check that each answer belongs to a criterion and has its type.

    Raises:
        IndicatorUnknown, AnswerTypeMismatch
    """
    questions = {i.code: i for i in indicators if i.source is Source.ANSWER}
    unknown = sorted(answers.keys() - questions.keys())
    if unknown:
        raise IndicatorUnknown("/body/answers", codes=", ".join(unknown))
    mismatched = [
        code
        for code, answer in answers.items()
        if isinstance(answer.value, bool) != (questions[code].value_type is ValueType.BOOL)
    ]
    if mismatched:
        raise AnswerTypeMismatch("/body/answers", codes=", ".join(sorted(mismatched)))


def require_complete_answers(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Check that each criterion has an answer, with evidence if it requires evidence.

    Raises:
        AnswersMissing, EvidenceMissing
    """
    questions = [i for i in indicators if i.source is Source.ANSWER]
    missing = [i.code for i in questions if i.code not in answers]
    if missing:
        raise AnswersMissing("/body/answers", codes=", ".join(missing))
    without_evidence = [
        i.code for i in questions if i.evidence_required and answers[i.code].evidence_sha256 is None
    ]
    if without_evidence:
        raise EvidenceMissing("/body/answers", codes=", ".join(without_evidence))


def explain(indicator: Indicator, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one criterion with its value, whether it passes, and a sentence in both languages.

    `passed` is None if the criterion does not apply.
    """
    answer = answers.get(indicator.code)
    value = answer.value if answer is not None else facts.get(indicator.code)
    passed = passes(indicator, value)
    return {
        "code": indicator.code,
        "source": indicator.source.value,
        "value": value,
        "passed": passed,
        "weight": indicator.weight,
        "knock_out": indicator.knock_out,
        "evidence_sha256": answer.evidence_sha256 if answer else None,
        "en": describe_criterion(indicator, value, passed, 0),
        "id": describe_criterion(indicator, value, passed, 1),
    }


def passes(indicator: Indicator, value: bool | int | None) -> bool | None:
    """Return whether the value passes, or None if there is no value or no rule."""
    if value is None or indicator.rule is Check.NONE:
        return None
    if indicator.rule is Check.AT_LEAST:
        return value >= indicator.passes_at
    if indicator.rule is Check.AT_MOST:
        return value <= indicator.passes_at
    return value == indicator.passes_at


def describe_criterion(
    indicator: Indicator, value: bool | int | None, passed: bool | None, language: int
) -> str:
    """Return one criterion as a sentence. `language` is 0 for English, 1 for Indonesian."""
    name = (indicator.text_en, indicator.text_id)[language]
    if value is None:
        return f"{name}: {('does not apply', 'tidak berlaku')[language]}."
    limit = format_value(indicator, indicator.passes_at, language)
    rule = RULE_SENTENCES[indicator.rule][language].format(limit=limit)
    verdicts = {True: ("met", "terpenuhi"), False: ("not met", "tidak terpenuhi"), None: ("", "")}
    verdict = verdicts[passed][language]
    points = f" ({indicator.weight} {('points', 'poin')[language]})" if passed else ""
    return f"{name}: {format_value(indicator, value, language)}; {rule}{': ' + verdict if verdict else ''}{points}."


def format_value(indicator: Indicator, value: bool | int, language: int) -> str:
    """Return a value as yes or no, or as a number with separators."""
    if indicator.value_type is ValueType.BOOL:
        return YES_NO[bool(value)][language]
    text = f"{value:,}"
    return text.replace(",", ".") if language else text


def explain_exemption(instrument: Instrument, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Explain that too few able members exempt the family from graduation."""
    able, minimum = facts["able_productive"], instrument.exempt_below_able
    return {
        "code": "EXEMPT",
        "source": Source.FACT.value,
        "value": able,
        "passed": None,
        "weight": 0,
        "knock_out": False,
        "evidence_sha256": None,
        "en": f"The family has {able} able members of working age, fewer than {minimum}: exempt from graduation.",
        "id": f"Keluarga memiliki {able} anggota produktif yang mampu, kurang dari {minimum}: dikecualikan dari graduasi.",
    }
