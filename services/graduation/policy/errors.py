from shared.errors import DomainError, NotAllowed
from shared.remedies import CORRECT_REQUEST, OTHER_PERSON, nothing, operation, value_from
from shared.roles import MINISTRY


class PolicyMissing(DomainError):
    """409: no policy of this exit reason is in force today."""

    en = "No policy for {exit_reason} is in force on {on}; no case can be opened on it. Kemensos activates one first."
    id = "Belum ada kebijakan yang berlaku untuk {exit_reason} pada {on}; kasus tidak dapat dibuka. Kemensos memberlakukannya dahulu."
    remedy = operation("activate_policy", MINISTRY)


class TahapNotPlanned(DomainError):
    """409: the tahap calendar does not reach that date. Kemensos extends it first."""

    en = "The tahap calendar has no tahap with a cut-off on or after {on}. Kemensos extends the calendar first (POST /v1/tahap-calendar)."
    id = "Kalender tahap belum memuat tahap dengan batas pada atau setelah {on}. Kemensos melengkapi kalender lebih dahulu (POST /v1/tahap-calendar)."
    remedy = operation("set_tahap", MINISTRY)


class TahapOverlaps(DomainError):
    """409: another tahap starts on that day."""

    en = "Another tahap starts on {on}. Choose another first day."
    id = "Tahap lain dimulai pada {on}. Pilih hari pertama yang lain."
    remedy = CORRECT_REQUEST


class TahapOutOfOrder(DomainError):
    """409: start and cut-off of a tahap lie between those of its neighbours."""

    en = "Tahap {tahap} starts on {starts_on}: start and cut-off of a tahap lie between those of its neighbours. Correct the dates, or the year and number."
    id = "Tahap {tahap} dimulai pada {starts_on}: awal dan batas suatu tahap berada di antara tahap sebelum dan sesudahnya. Perbaiki tanggalnya, atau tahun dan nomornya."
    remedy = CORRECT_REQUEST


class TahapInUse(DomainError):
    """409: a tahap for which exits are planned is not removed."""

    en = "Exits of families are planned for tahap {tahap}. Move it to its right dates instead (POST /v1/tahap-calendar)."
    id = "Ada keluarga yang direncanakan keluar pada tahap {tahap}. Pindahkan saja ke tanggal yang benar (POST /v1/tahap-calendar)."
    remedy = operation("set_tahap", MINISTRY)


class TahapNotLast(DomainError):
    """409: a later tahap follows, and a removal would leave a gap."""

    en = "Tahap {tahap} follows, and only the last tahap of the calendar is removed. Move this one to its right dates instead (POST /v1/tahap-calendar)."
    id = "Masih ada tahap {tahap} sesudahnya, padahal hanya tahap terakhir pada kalender yang dihapus. Pindahkan saja ke tanggal yang benar (POST /v1/tahap-calendar)."
    remedy = operation("set_tahap", MINISTRY)


class TahapClosed(DomainError):
    """409: the cut-off of this tahap has passed.

    Exits and payments were decided by its dates.
    """

    en = "The list of tahap {tahap} was closed after {on}; its dates cannot be moved any more."
    id = "Daftar tahap {tahap} sudah ditutup setelah {on}; tanggalnya tidak dapat diubah lagi."
    remedy = nothing("The list of this tahap is closed.", "Daftar tahap ini sudah ditutup.")


class ApprovedByDrafter(NotAllowed):
    """403: the drafter of a policy may not approve it."""

    en = "You drafted this policy. Two other people approve it."
    id = "Anda menyusun kebijakan ini. Persetujuan diberikan oleh dua orang lain."
    remedy = OTHER_PERSON


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
    remedy = OTHER_PERSON


class PolicyNotApproved(DomainError):
    """409: a policy needs two approvals before it is activated."""

    en = "This policy has not been approved by two people yet. Two other officials of Kemensos approve it first."
    id = "Kebijakan ini belum disetujui oleh dua orang. Dua pejabat lain di Kemensos menyetujuinya dahulu."
    remedy = operation("approve_policy", MINISTRY)


class PolicyWithdrawn(DomainError):
    """409: a withdrawn version can be neither approved nor activated."""

    en = "This policy was withdrawn on {on}. Draft a new version instead."
    id = "Kebijakan ini sudah ditarik pada {on}. Susun versi baru sebagai gantinya."
    remedy = operation("draft_policy", MINISTRY)


class PolicyAlreadyActivated(DomainError):
    """409: an activated version cannot be approved, activated or withdrawn."""

    en = "This policy is activated from {on} and cannot be changed. Draft a new version instead."
    id = "Kebijakan ini sudah diberlakukan mulai {on} dan tidak dapat diubah. Susun versi baru sebagai gantinya."
    remedy = operation("draft_policy", MINISTRY)


class InstrumentUnknown(DomainError):
    """422: the draft names an instrument that does not exist."""

    status = 422
    en = "There is no instrument with version {version}. Name one that a policy uses (GET /v1/policy), or send the instrument with the draft."
    id = "Tidak ada instrumen versi {version}. Sebutkan yang dipakai suatu kebijakan (GET /v1/policy), atau kirim instrumennya bersama rancangan."
    remedy = value_from("list_policy", MINISTRY)


class CreditRuleUnknown(DomainError):
    """422: the draft names a credit rule that does not exist."""

    status = 422
    en = "There is no credit rule with this version. Choose one from GET /v1/credit-rule."
    id = "Tidak ada aturan kredit dengan versi ini. Pilih salah satu dari GET /v1/credit-rule."
    remedy = value_from("list_credit_rules", MINISTRY)


class StagesMissing(DomainError):
    """422: the policy lacks a stage that every case goes through."""

    status = 422
    en = "A policy has at least the stages USUL, VERIFIKASI, PERSETUJUAN, PENETAPAN and SANGGAH. Add those that are missing."
    id = "Kebijakan memuat sekurangnya tahap USUL, VERIFIKASI, PERSETUJUAN, PENETAPAN, dan SANGGAH. Tambahkan yang belum ada."
    remedy = CORRECT_REQUEST


class InstrumentUnfit(DomainError):
    """422: a policy has an instrument if and only if it requires a score."""

    status = 422
    en = "A policy that requires a score needs one instrument; a policy without a score has none."
    id = "Kebijakan yang menilai skor menyebut satu instrumen; yang tidak menilai tidak menyebutnya."
    remedy = CORRECT_REQUEST


class StatementWithoutScore(DomainError):
    """422: a policy that requires a statement must require a score."""

    status = 422
    en = "A statement is signed after an assessment; a policy that requires a statement must require a score."
    id = "Pernyataan ditandatangani atas asesmen; kebijakan yang memintanya harus menilai skor."
    remedy = CORRECT_REQUEST


class ExitProposedIsNotScored(DomainError):
    """422: cases that an exit proposal opens have no score."""

    status = 422
    en = "A case that is opened by an exit proposal has no score. Leave the score out."
    id = "Kasus yang dibuka melalui usulan keluar tidak dinilai skornya. Hapus penilaian skornya."
    remedy = CORRECT_REQUEST


class CandidateReasonsTooMany(DomainError):
    """422: the policy requires more candidate reasons than it defines."""

    status = 422
    en = "The policy requires more reasons at once than it defines, so that no family could ever be a candidate. Require fewer, or define more."
    id = "Kebijakan meminta lebih banyak alasan sekaligus daripada yang disebutnya, sehingga tidak ada calon. Kurangi yang diminta, atau tambah alasannya."
    remedy = CORRECT_REQUEST


class CandidateReasonsConflict(DomainError):
    """422: the policy combines the end of the last komponen with other candidate reasons."""

    status = 422
    en = "A policy that finds candidates by the end of the last komponen has no other reason (desil, usaha, years). Remove the others, or that one."
    id = "Kebijakan yang mencari calon dari berakhirnya komponen terakhir tidak menyebut alasan lain (desil, usaha, lama). Hapus yang lain, atau yang itu."
    remedy = CORRECT_REQUEST
