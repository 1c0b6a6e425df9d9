from shared.errors import DomainError, InvalidInput


class WilayahNotVillage(InvalidInput):
    """422: a family lives in a desa or kelurahan."""

    en = "A family's area is a desa or kelurahan; {kode_wilayah} is none."
    id = "Wilayah keluarga adalah desa atau kelurahan; {kode_wilayah} bukan."


class RelocationNowhere(DomainError):
    """409: nothing would change."""

    en = "The family lives there already."
    id = "Keluarga ini sudah tinggal di sana."


class RelocationBeyondArea(DomainError):
    """403: a move across areas is recorded by whom both belong to."""

    status = 403
    en = "The family moves out of your area. An office that both areas belong to records it."
    id = "Keluarga pindah ke luar wilayah Anda. Dicatat oleh instansi yang membawahi kedua wilayah."


class MovedSince(DomainError):
    """409: a move is later than the last one."""

    en = "The family moved on {since} already; a move cannot be dated before that."
    id = "Keluarga ini sudah pindah pada {since}; perpindahan tidak dapat bertanggal sebelumnya."
