from shared.errors import DomainError


class CaseNotScored(DomainError):
    """409: the policy of this exit reason asks for no assessment or statement."""

    en = "A case of {exit_reason} goes without {what}."
    id = "Kasus {exit_reason} berjalan tanpa {what}."


class IndicatorUnknown(DomainError):
    """422: an answer to a question that the instrument does not ask."""

    status = 422
    en = "The instrument does not ask: {codes}."
    id = "Instrumen tidak menanyakan: {codes}."


class AnswerOfAnotherType(DomainError):
    """422: yes or no where a number is asked, or the reverse."""

    status = 422
    en = "These answers do not fit their question (yes/no or a whole number not below zero): {codes}."
    id = "Jawaban ini tidak sesuai pertanyaannya (ya/tidak atau bilangan bulat tidak negatif): {codes}."


class AnswersMissing(DomainError):
    """422: an assessment is whole or it is not taken."""

    status = 422
    en = "These criteria have no answer: {codes}."
    id = "Kriteria berikut belum dijawab: {codes}."


class EvidenceMissing(DomainError):
    """422: a criterion that asks for evidence has none."""

    status = 422
    en = "These criteria have no evidence: {codes}."
    id = "Kriteria berikut belum disertai bukti: {codes}."


class StatementMissing(DomainError):
    """409: the policy asks for the family's signature on this assessment."""

    en = "The family has not signed a statement on its last assessment."
    id = "Keluarga belum menandatangani pernyataan atas asesmen terakhirnya."


class AssessmentNotReady(DomainError):
    """409: the policy asks for a score, and the last assessment does not say SIAP."""

    en = "The last assessment does not say SIAP; a proposal stands on one that does."
    id = "Asesmen terakhir tidak menyatakan SIAP; usulan harus berdasarkan asesmen yang SIAP."


class KomponenNotEnded(DomainError):
    """409: a natural exit stands on the end of the last komponen."""

    en = "The family's last komponen has not ended on {on}; a natural exit cannot be proposed."
    id = "Komponen terakhir keluarga belum berakhir pada {on}; graduasi alamiah belum dapat diusulkan."
