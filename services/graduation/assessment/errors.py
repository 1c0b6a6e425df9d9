from types import MappingProxyType

from shared.errors import DomainError
from shared.remedies import BY_STATE, CORRECT_REQUEST, WAIT, one_of, operation, to_call
from shared.roles import FIELD, MINISTRY, OFFICE, STAFF, TEAM_LEAD
from shared.words import Words


class CaseNotScored(DomainError):
    """409: the policy of this exit reason requires no assessment or no statement."""

    en = "A case of {exit_reason} needs no {what}. Its pendamping proposes it directly (POST /v1/graduasi/{{id}}/proposal)."
    id = "Kasus {exit_reason} tidak memerlukan {what}. Pendamping langsung mengusulkannya (POST /v1/graduasi/{{id}}/proposal)."
    remedy = operation("propose_graduasi", FIELD)


class IndicatorUnknown(DomainError):
    """422: the instrument has no such criterion."""

    status = 422
    en = "The instrument does not ask: {codes}. Leave these answers out."
    id = "Instrumen tidak menanyakan: {codes}. Hapus jawaban tersebut."
    listed = "codes"
    remedy = CORRECT_REQUEST


class AnswerTypeMismatch(DomainError):
    """422: a yes or no was given where a number is asked, or the reverse."""

    status = 422
    en = "These answers do not fit their question (yes/no or a whole number not below zero): {codes}. Correct them."
    id = "Jawaban ini tidak sesuai pertanyaannya (ya/tidak atau bilangan bulat tidak negatif): {codes}. Perbaiki."
    listed = "codes"
    remedy = CORRECT_REQUEST


class AnswersMissing(DomainError):
    """422: an assessment needs an answer to every criterion of source ANSWER."""

    status = 422
    en = "These criteria have no answer: {codes}. Answer them and send the assessment again."
    id = "Kriteria berikut belum dijawab: {codes}. Jawab semuanya, lalu kirim lagi asesmennya."
    listed = "codes"
    remedy = CORRECT_REQUEST


class EvidenceMissing(DomainError):
    """422: a criterion that requires evidence has none."""

    status = 422
    en = "These criteria have no evidence: {codes}. Upload the files, and name the SHA-256 of each."
    id = "Kriteria berikut belum disertai bukti: {codes}. Unggah berkasnya, dan sebutkan SHA-256 masing-masing."
    listed = "codes"
    remedy = CORRECT_REQUEST


class StatementMissing(DomainError):
    """409: the policy requires the family's signed statement on the last assessment."""

    en = "The family has not signed a statement on its last assessment. Record the signed statement first (POST /v1/graduasi/{{id}}/pernyataan)."
    id = "Keluarga belum menandatangani pernyataan atas asesmen terakhirnya. Catat dahulu pernyataannya (POST /v1/graduasi/{{id}}/pernyataan)."
    remedy = operation("sign_pernyataan", FIELD)


class AssessmentNotReady(DomainError):
    """409: the policy requires an assessment with result SIAP."""

    en = "The last assessment does not say SIAP; a proposal needs an assessment that says SIAP."
    id = "Asesmen terakhir tidak menyatakan SIAP; usulan harus berdasarkan asesmen yang SIAP."
    remedy = operation("assess_graduasi", FIELD)


class SignerNotMember(DomainError):
    """409: the signer of a statement is no living member of the family."""

    en = "The person who signed this statement is not a living member of the family. Let a member sign a new one."
    id = "Penanda tangan pernyataan ini bukan anggota keluarga yang hidup. Mintalah anggota keluarga menandatangani yang baru."
    remedy = CORRECT_REQUEST


class SignerIsMinor(DomainError):
    """409: the signer of a statement is a minor, and the family has an adult."""

    en = "The person who signed this statement is a minor. Let an adult of the family sign a new one."
    id = "Penanda tangan pernyataan ini belum dewasa. Mintalah anggota keluarga yang dewasa menandatangani yang baru."
    remedy = CORRECT_REQUEST


# What to do with a case whose facts have changed, and how to say it.
WAYS_OF_CHANGED = MappingProxyType(
    {
        "UNDER_REVIEW": (
            one_of(to_call("return_graduasi", OFFICE), to_call("refuse_graduasi", OFFICE)),
            Words(
                "Return the case for a new assessment, or refuse it.",
                "Kembalikan kasus untuk asesmen baru, atau tolak.",
            ),
        ),
        "UNDER_REVIEW_WITHOUT_SCORE": (
            one_of(to_call("return_graduasi", OFFICE), to_call("refuse_graduasi", OFFICE)),
            Words(
                "Return the case, so that its pendamping of today proposes it again, or refuse it.",
                "Kembalikan kasus agar diusulkan ulang oleh pendampingnya sekarang, atau tolak.",
            ),
        ),
        "DETERMINED": (
            operation("annul_graduasi", MINISTRY),
            Words(
                "Two people of Kemensos undo the SK for this family (POST /v1/graduasi/{id}/annulment).",
                "Dua orang Kemensos memulihkan keluarga ini (POST /v1/graduasi/{id}/annulment).",
            ),
        ),
        "BEFORE_PROPOSAL": (
            operation("assess_graduasi", FIELD),
            Words("Assess the family again.", "Lakukan asesmen ulang atas keluarga itu."),
        ),
        "RETURNED": (
            one_of(to_call("assess_graduasi", FIELD), to_call("cancel_graduasi", STAFF)),
            Words(
                "Assess the family again, or cancel the case.",
                "Lakukan asesmen ulang atas keluarga itu, atau batalkan kasusnya.",
            ),
        ),
        "RETURNED_WITHOUT_SCORE": (
            operation("cancel_graduasi", STAFF),
            Words("Cancel the case.", "Batalkan kasusnya."),
        ),
    }
)


class FactsChanged(DomainError):
    """409: what the case was proposed on no longer holds (docs/case-lifecycle.md#current-facts)."""

    en = "{changes} Nothing is decided on facts that have changed. {advice}"
    id = "{changes} Kasus tidak diputus atas fakta yang sudah berubah. {advice}"
    more_params = ("codes", "criteria")
    remedy = BY_STATE

    def __init__(self, changes: Words, way: str = "UNDER_REVIEW") -> None:
        """Set what has changed, and the way out, a key of `WAYS_OF_CHANGED`."""
        remedy, advice = WAYS_OF_CHANGED[way]
        super().__init__(remedy=remedy, changes=changes, advice=advice)


class AssessmentAuthorBarred(DomainError):
    """409: the author of the assessment was dismissed or is under an ethics hearing.

    The assessment is no ground for a decision (docs/case-lifecycle.md#authors-of-assessments).
    """

    en = "{changes} The assessment is no ground for a decision. {advice}"
    id = "{changes} Asesmennya tidak dapat menjadi dasar keputusan. {advice}"
    more_params = ("codes", "criteria")
    remedy = BY_STATE

    def __init__(self, changes: Words, way: str = "UNDER_REVIEW") -> None:
        """Set what bars the author, and the way out, a key of `WAYS_OF_CHANGED`."""
        remedy, advice = WAYS_OF_CHANGED[way]
        super().__init__(remedy=remedy, changes=changes, advice=advice)


class ProposerBarred(DomainError):
    """409: the proposer was dismissed or is under an ethics hearing.

    Without an assessment the proposal is no ground for a decision (docs/case-lifecycle.md#authors-of-assessments).
    """

    en = "{changes} The proposal is no ground for a decision. {advice}"
    id = "{changes} Usulannya tidak dapat menjadi dasar keputusan. {advice}"
    more_params = ("codes", "criteria")
    remedy = BY_STATE

    def __init__(self, changes: Words, way: str = "UNDER_REVIEW") -> None:
        """Set what bars the proposer, and the way out, a key of `WAYS_OF_CHANGED`."""
        remedy, advice = WAYS_OF_CHANGED[way]
        super().__init__(remedy=remedy, changes=changes, advice=advice)


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
    more_params = ("codes", "criteria")
    remedy = operation("clear_evidence_flag", TEAM_LEAD)

    def __init__(self, changes: Words, _way: str = "") -> None:
        """Set what is flagged. The way out is the same in each state."""
        super().__init__(changes=changes)


class NewAssessmentMissing(DomainError):
    """409: the case was returned for a new assessment, which has not been made."""

    en = "This case was returned for a new assessment. Assess the family (POST /v1/graduasi/{{id}}/asesmen), then propose again."
    id = "Kasus ini dikembalikan untuk asesmen baru. Lakukan asesmen (POST /v1/graduasi/{{id}}/asesmen), lalu usulkan kembali."
    remedy = operation("assess_graduasi", FIELD)


class KomponenNotEnded(DomainError):
    """409: a natural exit requires that the last komponen has ended."""

    en = "The family's last komponen has not ended on {on}. Propose the natural exit when it has ended."
    id = "Komponen terakhir keluarga belum berakhir pada {on}. Usulkan graduasi alamiah setelah komponennya berakhir."
    remedy = WAIT
