from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, person_of, value_from
from shared.roles import DINSOS, MINISTRY, STAFF


class WilayahNotVillage(InvalidInput):
    """422: a family lives in a desa or kelurahan."""

    en = "A family's area is a desa or kelurahan; {kode_wilayah} is not. Give the code of one."
    id = "Wilayah keluarga adalah desa atau kelurahan; {kode_wilayah} bukan. Isi kode desa atau kelurahan."
    remedy = CORRECT_REQUEST


class WilayahUnchanged(DomainError):
    """409: the family already lives in this area."""

    en = "The family already lives there. Give the new area; an address in the same area is corrected by POST /v1/kpm/{{id}}/contact."
    id = "Keluarga ini sudah tinggal di sana. Isi wilayah barunya; alamat di wilayah yang sama diperbaiki melalui POST /v1/kpm/{{id}}/contact."
    remedy = CORRECT_REQUEST


class RelocationBeyondArea(DomainError):
    """403: a move across areas needs an office that covers both areas."""

    status = 403
    en = "The family moves out of your area. Ask a Dinsos office that covers both areas, or Kemensos, to record the move."
    id = "Keluarga pindah ke luar wilayah Anda. Mintalah kantor Dinsos yang membawahi kedua wilayah, atau Kemensos, untuk mencatatnya."
    remedy = person_of(DINSOS | MINISTRY)


class MovedSince(DomainError):
    """409: a move must be later than the previous one."""

    en = "The family already moved on {since}. The date of a move must be later."
    id = "Keluarga ini sudah pindah pada {since}. Tanggal perpindahan harus sesudahnya."
    remedy = CORRECT_REQUEST


class MoveNotLast(DomainError):
    """409: only the last move of a family is voided."""

    en = "The last move of this family is not of {on}. Name the day of its last move (GET /v1/kpm/{{id}}/past); an earlier one is voided after it."
    id = "Perpindahan terakhir keluarga ini bukan pada {on}. Sebutkan tanggal perpindahan terakhirnya (GET /v1/kpm/{{id}}/past); yang lebih awal dibatalkan sesudahnya."
    remedy = value_from("read_kpm_past", STAFF)
