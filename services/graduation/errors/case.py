"""What graduation may refuse to do with a case, in the words of an official."""

from shared.errors import DomainError, NotAllowed


class NotYourFamily(NotAllowed):
    """403: the caller accompanies this family under no placement that holds today."""

    en = "You do not accompany this family today, or your placement does not cover its area."
    id = "Anda tidak mendampingi keluarga ini hari ini, atau wilayah tugas Anda tidak mencakup wilayahnya."


class PendampingInactive(NotAllowed):
    """403: anything but AKTIF means no new acts (chain.md 8)."""

    en = "Your status is {status}; only an active pendamping may do this."
    id = "Status Anda {status}; hanya pendamping aktif yang dapat melakukan ini."


class SamePersonTwice(NotAllowed):
    """403: the caller has already acted in another stage of this case (chain.md 4)."""

    en = "You have acted in another stage of this case. Each stage needs a different person."
    id = "Anda sudah bertindak pada tahap lain dari kasus ini. Setiap tahap harus dilakukan orang yang berbeda."


class CaseElsewhere(NotAllowed):
    """403: the family has moved out of the caller's areas; who decides goes by where it lives now."""

    en = "The family of this case lives in {kode_wilayah} now; the offices there decide on it."
    id = "Keluarga pada kasus ini kini tinggal di {kode_wilayah}; kantor di wilayah itu yang memutuskannya."


class NoPolicy(DomainError):
    """409: no policy of this exit reason holds today; no case opens on it."""

    en = "No policy for {exit_reason} is in force on {on}; no case can be opened on it."
    id = "Belum ada kebijakan yang berlaku untuk {exit_reason} pada {on}; kasus tidak dapat dibuka."


class OpenedByExitProposal(DomainError):
    """409: this reason's cases open by a proposal with evidence in caseload."""

    en = "A case of {exit_reason} is opened by a proposal with evidence in caseload, not here."
    id = "Kasus {exit_reason} dibuka melalui usulan berbukti di layanan caseload, bukan di sini."


class KepesertaanOfAnother(DomainError):
    """409: the kepesertaan is another family's."""

    en = "This kepesertaan belongs to another family."
    id = "Kepesertaan ini milik keluarga lain."


class KepesertaanNotActive(DomainError):
    """409: there is nothing to end."""

    en = "This kepesertaan is not active on {on}."
    id = "Kepesertaan ini tidak aktif pada {on}."


class CaseAlreadyOpen(DomainError):
    """409: at most one open case and one in effect per kepesertaan (chain.md 1)."""

    en = "This kepesertaan already has an open case, or one in effect."
    id = "Kepesertaan ini sudah memiliki kasus yang terbuka atau yang sudah berlaku."


class NotScored(DomainError):
    """409: the policy of this exit reason asks for no assessment or statement."""

    en = "A case of {exit_reason} goes without {what}."
    id = "Kasus {exit_reason} berjalan tanpa {what}."


class UnknownIndicator(DomainError):
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


class EvidenceUnknown(DomainError):
    """422: a SHA-256 of a file that was not handed in here."""

    status = 422
    en = "The evidence of {codes} was not handed in here. Send the file first."
    id = "Bukti untuk {codes} belum diserahkan di sini. Kirim berkasnya lebih dahulu."


class DateTooEarly(DomainError):
    """422: the paper is older than what it stands on."""

    status = 422
    en = "The date {on} lies before {earliest}, the date of what it stands on."
    id = "Tanggal {on} mendahului {earliest}, tanggal dasarnya."


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


class MusyawarahMissing(DomainError):
    """409: the policy asks for a berita acara of the village before approval."""

    en = "The policy asks for a berita acara of the musyawarah before approval."
    id = "Kebijakan mensyaratkan berita acara musyawarah sebelum persetujuan."


class MusyawarahNotAsked(DomainError):
    """409: the policy of this exit reason has no musyawarah."""

    en = "The policy of {exit_reason} asks for no musyawarah."
    id = "Kebijakan {exit_reason} tidak mensyaratkan musyawarah."


class SkNumberTaken(DomainError):
    """409: one number, one SK."""

    en = "An SK with this number exists already."
    id = "SK dengan nomor ini sudah ada."


class AlreadyInAnSk(DomainError):
    """409: one case, one SK."""

    en = "One of these cases stands in an SK already."
    id = "Salah satu kasus ini sudah ada dalam SK."


class CasesNotApproved(DomainError):
    """409: an SK takes only cases that Dinsos approved."""

    en = "Only approved cases (DISETUJUI_DINSOS) go into an SK; these are not: {ids}."
    id = "Hanya kasus yang disetujui (DISETUJUI_DINSOS) dapat masuk SK; yang belum: {ids}."


class TahapNotPlanned(DomainError):
    """409: the calendar does not reach that far; Kemensos sets it first."""

    en = "The tahap calendar has no tahap with a cut-off on or after {on}. Set the calendar first."
    id = "Kalender tahap belum memuat tahap dengan batas pada atau setelah {on}. Lengkapi kalender lebih dahulu."


class TahapOverlaps(DomainError):
    """409: two tahap cannot start on one day."""

    en = "Another tahap starts on {on}."
    id = "Tahap lain dimulai pada {on}."


class TahapClosed(DomainError):
    """409: the list of this tahap is closed; exits and payments were decided by it."""

    en = "The list of tahap {tahap} was closed after {on}; its dates cannot be moved any more."
    id = "Daftar tahap {tahap} sudah ditutup setelah {on}; tanggalnya tidak dapat diubah lagi."


class NotPostponed(DomainError):
    """409: only what was postponed is resumed."""

    en = "This case is {state}; only a postponed case (DITUNDA) can be resumed."
    id = "Kasus ini berstatus {state}; hanya kasus yang ditunda (DITUNDA) dapat dilanjutkan."


class SkFileUnknown(DomainError):
    """422: the list of cases was not handed in here."""

    status = 422
    en = "The file with the cases was not handed in here. Send it first."
    id = "Berkas daftar kasus belum diserahkan di sini. Kirim berkasnya lebih dahulu."


class SkFileEmpty(DomainError):
    """422: an SK is over at least one case."""

    status = 422
    en = "The file names no case."
    id = "Berkas tidak menyebut satu kasus pun."


class SkFileTooLong(DomainError):
    """422: the list is longer than one SK takes."""

    status = 422
    en = "The file is longer than {max_mb} MB. Issue more than one SK."
    id = "Berkas lebih besar dari {max_mb} MB. Terbitkan lebih dari satu SK."
