from shared.errors import DomainError


class CaseNotScored(DomainError):
    """409: the policy of this exit reason requires no assessment or no statement."""

    en = "A case of {exit_reason} needs no {what}."
    id = "Kasus {exit_reason} tidak memerlukan {what}."


class IndicatorUnknown(DomainError):
    """422: the instrument has no such criterion."""

    status = 422
    en = "The instrument does not ask: {codes}."
    id = "Instrumen tidak menanyakan: {codes}."


class AnswerTypeMismatch(DomainError):
    """422: a yes or no was given where a number is asked, or the reverse."""

    status = 422
    en = "These answers do not fit their question (yes/no or a whole number not below zero): {codes}."
    id = "Jawaban ini tidak sesuai pertanyaannya (ya/tidak atau bilangan bulat tidak negatif): {codes}."


class AnswersMissing(DomainError):
    """422: an assessment needs an answer to every criterion of source ANSWER."""

    status = 422
    en = "These criteria have no answer: {codes}. Answer them and send the assessment again."
    id = "Kriteria berikut belum dijawab: {codes}. Jawab semuanya, lalu kirim lagi asesmennya."


class EvidenceMissing(DomainError):
    """422: a criterion that requires evidence has none."""

    status = 422
    en = "These criteria have no evidence: {codes}."
    id = "Kriteria berikut belum disertai bukti: {codes}."


class StatementMissing(DomainError):
    """409: the policy requires the family's signed statement on the last assessment."""

    en = "The family has not signed a statement on its last assessment."
    id = "Keluarga belum menandatangani pernyataan atas asesmen terakhirnya."


class AssessmentNotReady(DomainError):
    """409: the policy requires an assessment with result SIAP."""

    en = "The last assessment does not say SIAP; a proposal needs an assessment that says SIAP."
    id = "Asesmen terakhir tidak menyatakan SIAP; usulan harus berdasarkan asesmen yang SIAP."


class SignerNotMember(DomainError):
    """409: the signer of a statement is no living member of the family."""

    en = "Whoever signed this statement is not a living member of the family. Let a member sign a new one."
    id = "Penanda tangan pernyataan ini bukan anggota keluarga yang hidup. Mintalah anggota keluarga menandatangani yang baru."


class FactsChanged(DomainError):
    """409: what the case was proposed on no longer holds (docs/case-lifecycle.md#current-facts)."""

    en = (
        "{changes} Nothing is decided on facts that have changed. Return the case for a new assessment, or refuse it."
        " If it has been returned, assess the family again, or cancel the case."
    )
    id = (
        "{changes} Kasus tidak diputus atas fakta yang sudah berubah. Kembalikan kasus untuk asesmen baru, atau tolak."
        " Jika sudah dikembalikan, lakukan asesmen ulang atas keluarga itu, atau batalkan kasusnya."
    )


class AssessmentAuthorBarred(DomainError):
    """409: the author of the assessment was dismissed or is under an ethics hearing.

    The assessment is no ground for a decision (docs/case-lifecycle.md#authors-of-assessments).
    """

    en = (
        "{changes} The assessment is no ground for a decision. Assess the family again; if the case is proposed, return it"
        " first."
    )
    id = (
        "{changes} Asesmennya tidak dapat menjadi dasar keputusan. Lakukan asesmen ulang atas keluarga itu; bila kasus"
        " sudah diusulkan, kembalikan dahulu."
    )


class EvidenceFlagged(DomainError):
    """409: evidence of the case was used for something else before (docs/case-lifecycle.md#evidence)."""

    en = (
        "{changes} Let the ketua tim look at it and clear it with a reason (GET /v1/evidence-flag, POST"
        " /v1/evidence-flag/{{id}}/clearance), or return or refuse the case."
    )
    id = (
        "{changes} Mintalah ketua tim memeriksanya dan menyatakannya sah dengan alasan (GET /v1/evidence-flag, POST"
        " /v1/evidence-flag/{{id}}/clearance), atau kembalikan atau tolak kasusnya."
    )


class NewAssessmentMissing(DomainError):
    """409: the case was returned for a new assessment, which has not been made."""

    en = "This case was returned for a new assessment. Assess the family (POST /v1/graduasi/{{id}}/asesmen), then propose again."
    id = "Kasus ini dikembalikan untuk asesmen baru. Lakukan asesmen (POST /v1/graduasi/{{id}}/asesmen), lalu usulkan kembali."


class KomponenNotEnded(DomainError):
    """409: a natural exit requires that the last komponen has ended."""

    en = "The family's last komponen has not ended on {on}; a natural exit cannot be proposed."
    id = "Komponen terakhir keluarga belum berakhir pada {on}; graduasi alamiah belum dapat diusulkan."
