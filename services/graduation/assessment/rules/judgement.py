"""Pure functions that judge answers and facts by an instrument, and explain each criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.graduation.assessment.errors import (
    AnswersMissing,
    AnswerTypeMismatch,
    EvidenceMissing,
    IndicatorUnknown,
)
from services.graduation.policy.models.instrument import Check, Indicator, Instrument, Source, ValueType
from services.graduation.policy.rules import find_exemption
from shared.contracts.kinds import AsesmenResult
from shared.words import Words

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

    instrument_version: int
    result: AsesmenResult
    score_percent: int
    explanation: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def judge(
    instrument: Instrument,
    indicators: Sequence[Indicator],
    answers: Mapping[str, Answer],
    facts: Mapping[str, Any],
) -> Judgement:
    """Judge a family's readiness.

    A family that the instrument exempts is DIKECUALIKAN, regardless of the answers (docs/domain.md#readiness).

    Raises:
        IndicatorUnknown, AnswerTypeMismatch
        AnswersMissing, EvidenceMissing: Only for a family that is not exempt.
    """
    require_known_answers(indicators, answers)
    if grounds := find_grounds(instrument, facts):
        criteria = [explain_exemption(grounds, facts)]
        return Judgement(instrument.version, AsesmenResult.DIKECUALIKAN, 0, criteria)
    require_complete_answers(indicators, answers)
    result, score = evaluate(instrument, indicators, answers, facts)
    criteria = [explain(indicator, answers, facts) for indicator in indicators]
    return Judgement(instrument.version, result, score, criteria)


def evaluate(
    instrument: Instrument,
    indicators: Sequence[Indicator],
    answers: Mapping[str, Answer],
    facts: Mapping[str, Any],
) -> tuple[AsesmenResult, int]:
    """Return the result and the score of complete answers, without an explanation."""
    if find_grounds(instrument, facts):
        return AsesmenResult.DIKECUALIKAN, 0
    verdicts = [(one, passes(one, value_of(one, answers, facts))) for one in indicators]
    applicable = [(one, passed) for one, passed in verdicts if passed is not None]
    reachable = sum(one.weight for one, _ in applicable)
    reached = sum(one.weight for one, passed in applicable if passed)
    score = reached * 100 // reachable if reachable else 0
    knocked_out = any(one.knock_out and not passed for one, passed in applicable)
    ready = score >= instrument.threshold_percent and not knocked_out
    return AsesmenResult.SIAP if ready else AsesmenResult.BELUM_SIAP, score


def value_of(
    indicator: Indicator, answers: Mapping[str, Answer], facts: Mapping[str, Any]
) -> bool | int | None:
    """Return the answer to a criterion, else the fact, or None."""
    answer = answers.get(indicator.code)
    return answer.value if answer is not None else facts.get(indicator.code)


def require_known_answers(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Check that each answer belongs to a criterion and has its type.

    Raises:
        IndicatorUnknown, AnswerTypeMismatch
    """
    questions = {i.code: i for i in indicators if i.source is Source.ANSWER}
    unknown = sorted(answers.keys() - questions.keys())
    if unknown:
        raise IndicatorUnknown(codes=unknown, pointers=_pointers_of(unknown))
    mismatched = sorted(
        code
        for code, answer in answers.items()
        if isinstance(answer.value, bool) != (questions[code].value_type is ValueType.BOOL)
    )
    if mismatched:
        raise AnswerTypeMismatch(codes=mismatched, pointers=_pointers_of(mismatched, "/value"))


def require_complete_answers(indicators: Sequence[Indicator], answers: Mapping[str, Answer]) -> None:
    """Check that each criterion has an answer, with evidence if it requires evidence.

    Raises:
        AnswersMissing, EvidenceMissing
    """
    questions = [i for i in indicators if i.source is Source.ANSWER]
    missing = [i.code for i in questions if i.code not in answers]
    if missing:
        raise AnswersMissing(codes=missing, pointers=_pointers_of(missing))
    without_evidence = [
        i.code for i in questions if i.evidence_required and answers[i.code].evidence_sha256 is None
    ]
    if without_evidence:
        raise EvidenceMissing(
            codes=without_evidence, pointers=_pointers_of(without_evidence, "/evidence_sha256")
        )


def _pointers_of(codes: Sequence[str], part: str = "") -> list[str]:
    return [f"/body/answers/{code}{part}" for code in codes]


def explain(indicator: Indicator, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one criterion with its value, whether it passes, and a sentence in both languages.

    `passed` is None if the criterion does not apply.
    """
    answer = answers.get(indicator.code)
    value = value_of(indicator, answers, facts)
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


def find_grounds(instrument: Instrument, facts: Mapping[str, Any]) -> list[Words]:
    """Return the grounds by which the instrument exempts a family with these facts."""
    return find_exemption(instrument, facts["able_productive"], facts["lansia"], facts["disabilitas"])


def explain_exemption(grounds: Sequence[Words], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Explain which grounds exempt the family from graduation."""
    en, indonesian = "; ".join(grounds), "; ".join(ground.id for ground in grounds)
    return {
        "code": "EXEMPT",
        "source": Source.FACT.value,
        "value": facts["able_productive"],
        "passed": None,
        "weight": 0,
        "knock_out": False,
        "evidence_sha256": None,
        "en": f"{en[:1].upper()}{en[1:]}: exempt from graduation.",
        "id": f"{indonesian[:1].upper()}{indonesian[1:]}: dikecualikan dari graduasi.",
    }
