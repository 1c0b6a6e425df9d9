from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, WAIT


class SkNumberTaken(DomainError):
    """409: another SK has this number."""

    en = "An SK with this number exists already. Use the number on your SK."
    id = "SK dengan nomor ini sudah ada. Gunakan nomor yang tertera pada SK Anda."
    more_params = ("sk_id",)
    remedy = CORRECT_REQUEST


class CaseAlreadyInSk(DomainError):
    """409: a case belongs to at most one SK."""

    en = "A case is already in an SK, or is named twice. Leave it out."
    id = "Ada kasus yang sudah dimuat dalam SK, atau disebut dua kali. Keluarkan dari daftar."
    remedy = CORRECT_REQUEST


class CasesNotApproved(DomainError):
    """409: an SK contains only cases that Dinsos approved."""

    en = "Only approved cases (DISETUJUI_DINSOS) go into an SK; these are not: {ids}. Leave them out, or let Dinsos approve them first."
    id = "Hanya kasus yang disetujui (DISETUJUI_DINSOS) dapat masuk SK; yang belum: {ids}. Keluarkan dari daftar, atau mintalah Dinsos menyetujuinya dahulu."
    more_params = ("state",)
    listed = "ids"
    remedy = CORRECT_REQUEST


class SkBeforeApproval(InvalidInput):
    """422: the SK is dated before the latest approval of its cases."""

    en = (
        "The SK is dated {on}, but Dinsos approved a case in it on {earliest}. An SK follows the approvals: correct the"
        " date, or leave out the cases that were approved later."
    )
    id = (
        "SK bertanggal {on}, sedangkan Dinsos menyetujui kasus di dalamnya pada {earliest}. SK terbit setelah"
        " persetujuan: perbaiki tanggalnya, atau keluarkan kasus yang disetujui kemudian."
    )
    remedy = CORRECT_REQUEST


class SkWithoutCase(DomainError):
    """409: the job of the SK has added no case yet."""

    en = "No case is in this SK yet. Correct it when its job has added the cases; an SK without a case is deleted."
    id = "SK ini belum memuat kasus. Perbaiki setelah pekerjaannya menambahkan kasus; SK tanpa kasus dihapus."
    remedy = WAIT


class SkEnteredTooLate(InvalidInput):
    """422: the SK is entered too many days after its date (docs/domain.md#rules-that-are-data)."""

    en = (
        "The SK is dated {on}. An SK is entered at most {days} days after its date, so this one had to be entered by"
        " {latest}. Issue a new SK with a later date."
    )
    id = (
        "SK ini bertanggal {on}. SK dicatat paling lambat {days} hari setelah tanggalnya, sehingga SK ini seharusnya"
        " dicatat paling lambat {latest}. Terbitkan SK baru dengan tanggal yang lebih baru."
    )
    remedy = CORRECT_REQUEST


class AnnouncementTooLate(InvalidInput):
    """422: the SK would be announced too far ahead (docs/domain.md#rules-that-are-data)."""

    en = "The SK would be announced on {on}. Announce it at most {days} days from today: by {latest}."
    id = "SK ini akan diumumkan pada {on}. Umumkan paling lambat {days} hari dari hari ini: {latest}."
    remedy = CORRECT_REQUEST


class SkFileTooLong(DomainError):
    """422: the file is larger than the limit of one SK."""

    status = 422
    en = "The file is larger than {max_mb} MB. Issue more than one SK."
    id = "Berkas lebih besar dari {max_mb} MB. Terbitkan lebih dari satu SK."
    remedy = CORRECT_REQUEST
