"""The request to draft a policy."""

from typing import Annotated, Self

from annotated_types import Interval, Len
from pydantic import StrictInt, model_validator

from services.graduation.case.models import GraduasiState
from services.graduation.policy.models.instrument import (
    FACT_TYPES,
    ExemptIf,
    IndicatorTerms,
    InstrumentTerms,
    Source,
)
from services.graduation.policy.models.policy import PolicyTerms
from shared.errors import BadValue
from shared.fields import Body, Sentence

SIDE_STATES = {
    GraduasiState.DIKEMBALIKAN,
    GraduasiState.DITOLAK,
    GraduasiState.DITUNDA,
    GraduasiState.DIBATALKAN,
}


class IndicatorDraft(IndicatorTerms, Body):
    """One criterion: source and type of its value, rule, limit, weight, knock-out, evidence."""


class InstrumentDraft(InstrumentTerms, Body):
    """A new version of the instrument, with its criteria in order."""

    indicators: Annotated[list[IndicatorDraft], Len(1, 60)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.code for one in self.indicators}) != len(self.indicators):
            raise BadValue("A criterion is named twice.", "Ada kriteria yang disebut dua kali.")
        facts = {one.code: one.value_type for one in self.indicators if one.source is Source.FACT}
        if not facts.items() <= FACT_TYPES.items():
            known = ", ".join(f"{code} ({value_type.value})" for code, value_type in FACT_TYPES.items())
            raise BadValue(
                f"A criterion of source FACT has one of these codes, with its type: {known}.",
                f"Kriteria bersumber FACT memakai salah satu kode ini, dengan jenisnya: {known}.",
            )
        if self.exempt_if is ExemptIf.ALL and not (self.exempt_below_able and self.exempt_with):
            raise BadValue(
                "An exemption that requires all grounds has exempt_below_able above 0 and at least one of exempt_with.",
                "Pengecualian yang mensyaratkan semua dasar memuat exempt_below_able di atas 0 dan isi exempt_with.",
            )
        return self


class PolicyDraft(PolicyTerms, Body):
    """The next version of an exit reason's policy.

    A policy that requires a score has a new instrument, or the version of an existing one.
    """

    reason: Sentence
    instrument_version: Annotated[StrictInt, Interval(ge=1, le=100_000)] | None = None
    instrument: InstrumentDraft | None = None

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if (self.candidate_desil_scope is None) != (self.candidate_desil_at_least is None):
            raise BadValue(
                "Give a desil together with its scope.", "Desil harus diberikan bersama lingkupnya."
            )
        if self.candidate_program_years is not None and self.candidate_program_months is not None:
            raise BadValue(
                "Give the time in the program in years or in months, not both.",
                "Sebutkan lama kepesertaan dalam tahun atau bulan; bukan keduanya.",
            )
        if not SIDE_STATES.issuperset(self.evidence_for):
            raise BadValue(
                "Evidence can be required only for DIKEMBALIKAN, DITOLAK, DITUNDA and DIBATALKAN.",
                "Bukti hanya diminta untuk DIKEMBALIKAN, DITOLAK, DITUNDA dan DIBATALKAN.",
            )
        return self

    @model_validator(mode="after")
    def _one_instrument(self) -> Self:
        if self.instrument is not None and self.instrument_version is not None:
            raise BadValue(
                "Give a new instrument or the version of an existing one, not both.",
                "Berikan instrumen baru atau versi instrumen yang sudah ada; bukan keduanya.",
            )
        return self
