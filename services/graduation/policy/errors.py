from shared.errors import DomainError, NotAllowed
from shared.remedies import value_from
from shared.roles import MINISTRY


class PolicyMissing(DomainError):
    """409: no policy of this exit reason is in force today."""

    en = "No policy for {exit_reason} is in force on {on}; no case can be opened on it."
    id = "Belum ada kebijakan yang berlaku untuk {exit_reason} pada {on}; kasus tidak dapat dibuka."


class TahapNotPlanned(DomainError):
    """409: the tahap calendar does not reach that date. Kemensos extends it first."""

    en = "The tahap calendar has no tahap with a cut-off on or after {on}. Set the calendar first."
    id = "Kalender tahap belum memuat tahap dengan batas pada atau setelah {on}. Lengkapi kalender lebih dahulu."


class TahapOverlaps(DomainError):
    """409: another tahap starts on that day."""

    en = "Another tahap starts on {on}."
    id = "Tahap lain dimulai pada {on}."


class TahapClosed(DomainError):
    """409: the cut-off of this tahap has passed.

    Exits and payments were decided by its dates.
    """

    en = "The list of tahap {tahap} was closed after {on}; its dates cannot be moved any more."
    id = "Daftar tahap {tahap} sudah ditutup setelah {on}; tanggalnya tidak dapat diubah lagi."


class ApprovedByDrafter(NotAllowed):
    """403: the drafter of a policy may not approve it."""

    en = "You drafted this policy. Two other people approve it."
    id = "Anda menyusun kebijakan ini. Persetujuan diberikan oleh dua orang lain."


class PolicyAlreadyApproved(DomainError):
    """409: a person approves once, and a policy needs two approvals."""

    en = (
        "You have approved this policy already, or it has both approvals. If one is missing, ask another official to"
        " approve."
    )
    id = (
        "Anda sudah menyetujui kebijakan ini, atau kedua persetujuannya sudah lengkap. Bila masih kurang satu, minta"
        " pejabat lain menyetujui."
    )


class PolicyNotApproved(DomainError):
    """409: a policy needs two approvals before it is activated."""

    en = "This policy has not been approved by two people yet."
    id = "Kebijakan ini belum disetujui oleh dua orang."


class PolicyWithdrawn(DomainError):
    """409: a withdrawn version can be neither approved nor activated."""

    en = "This policy was withdrawn on {on}. Draft a new version instead."
    id = "Kebijakan ini sudah ditarik pada {on}. Susun versi baru sebagai gantinya."


class PolicyAlreadyActivated(DomainError):
    """409: an activated version cannot be approved, activated or withdrawn."""

    en = "This policy is activated from {on} and cannot be changed. Draft a new version instead."
    id = "Kebijakan ini sudah diberlakukan mulai {on} dan tidak dapat diubah. Susun versi baru sebagai gantinya."


class InstrumentUnknown(DomainError):
    """422: the draft names an instrument that does not exist."""

    status = 422
    en = "There is no instrument with version {version}."
    id = "Tidak ada instrumen versi {version}."


class CreditRuleUnknown(DomainError):
    """422: the draft names a credit rule that does not exist."""

    status = 422
    en = "There is no credit rule with this version. Choose one from GET /v1/credit-rule."
    id = "Tidak ada aturan kredit dengan versi ini. Pilih salah satu dari GET /v1/credit-rule."
    remedy = value_from("list_credit_rules", MINISTRY)


class StagesMissing(DomainError):
    """422: the policy lacks a stage that every case goes through."""

    status = 422
    en = "A policy has at least the stages USUL, VERIFIKASI, PERSETUJUAN, PENETAPAN and SANGGAH."
    id = "Kebijakan memuat sekurangnya tahap USUL, VERIFIKASI, PERSETUJUAN, PENETAPAN, dan SANGGAH."


class InstrumentUnfit(DomainError):
    """422: a policy has an instrument if and only if it requires a score."""

    status = 422
    en = "A policy that requires a score needs one instrument; a policy without a score has none."
    id = "Kebijakan yang menilai skor menyebut satu instrumen; yang tidak menilai tidak menyebutnya."


class StatementWithoutScore(DomainError):
    """422: a policy that requires a statement must require a score."""

    status = 422
    en = "A statement is signed after an assessment; a policy that requires a statement must require a score."
    id = "Pernyataan ditandatangani atas asesmen; kebijakan yang memintanya harus menilai skor."


class ExitProposedIsNotScored(DomainError):
    """422: cases that an exit proposal opens have no score."""

    status = 422
    en = "A case that is opened by an exit proposal has no score."
    id = "Kasus yang dibuka melalui usulan keluar tidak dinilai skornya."


class CandidateReasonsTooMany(DomainError):
    """422: the policy requires more candidate reasons than it defines."""

    status = 422
    en = "The policy requires more reasons at once than it defines, so that no family could ever be a candidate."
    id = "Kebijakan meminta lebih banyak alasan sekaligus daripada yang disebutnya, sehingga tidak ada calon."


class CandidateReasonsConflict(DomainError):
    """422: the policy combines the end of the last komponen with other candidate reasons."""

    status = 422
    en = "A policy that finds candidates by the end of the last komponen has no other reason (desil, usaha, years)."
    id = "Kebijakan yang mencari calon dari berakhirnya komponen terakhir tidak menyebut alasan lain (desil, usaha, lama)."
