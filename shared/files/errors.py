"""Refusals of uploaded files, and faults of stored ones."""

from shared.errors import InvalidInput
from shared.remedies import CORRECT_REQUEST


class FileTooLong(InvalidInput):
    """413: the file is longer than this service accepts."""

    status = 413
    en = "The file is longer than {max_mb} MB. Divide it, or make it smaller."
    id = "Berkas lebih besar dari {max_mb} MB. Bagi atau perkecil berkasnya."
    remedy = CORRECT_REQUEST


class FileKindUnknown(InvalidInput):
    """415: the content is none of the accepted kinds."""

    status = 415
    en = "The file is not a JPEG, PNG, WebP, PDF or CSV (UTF-8) file. Save it as one of these and upload it again."
    id = "Berkas ini bukan JPEG, PNG, WebP, PDF, atau CSV (UTF-8). Simpan sebagai salah satunya, lalu unggah lagi."
    remedy = CORRECT_REQUEST


class FileNotOfDeclaredKind(InvalidInput):
    """415: the content differs from the Content-Type."""

    status = 415
    en = "The content of the file is {kind}. Send this Content-Type, or choose the right file."
    id = "Isi berkas ini {kind}. Kirim dengan Content-Type tersebut, atau pilih berkas yang benar."
    remedy = CORRECT_REQUEST


class UploadEmpty(InvalidInput):
    """422: the file has no content."""

    en = "The file is empty. Choose the file again, and check that it opens."
    id = "Berkas ini kosong. Pilih lagi berkasnya, dan pastikan dapat dibuka."
    remedy = CORRECT_REQUEST


class FileUnreadable(InvalidInput):
    """422: an image or PDF is cut off or damaged, or has too many pixels."""

    en = "The file cannot be opened: it is incomplete or damaged, or the picture is too large. Make it again and upload it."
    id = "Berkas tidak dapat dibuka: tidak lengkap, rusak, atau gambarnya terlalu besar. Buat ulang, lalu unggah."
    remedy = CORRECT_REQUEST


class FileDamaged(Exception):
    """The stored file differs from what was uploaded. The reader must not use it."""
