"""Why somebody reads a family (UU 27/2022, articles 27 and 28)."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from shared.access import Actor, Scope
from shared.errors import DomainError
from shared.remedies import CHANGES_NOTHING, CORRECT_REQUEST

if TYPE_CHECKING:
    from shared.http.route import Route

HEADER = "X-Purpose"


class Purpose(StrEnum):
    """Why a family is read.

    Who accompanies it, a partner and a list need not say so.
    """

    PENDAMPINGAN = "PENDAMPINGAN"  # by who accompanies the family
    RUJUKAN = "RUJUKAN"  # by the partner to which it is referred
    DAFTAR = "DAFTAR"  # in a list
    LAYANAN = "LAYANAN"  # the family asks for a service
    VERIFIKASI = "VERIFIKASI"  # to check data, or to decide a case
    PERBAIKAN_DATA = "PERBAIKAN_DATA"  # to correct data
    PENGADUAN = "PENGADUAN"  # a complaint or an objection
    PENGAWASAN = "PENGAWASAN"  # to supervise work
    PENYALURAN = "PENYALURAN"  # to pay
    PEMERIKSAAN = "PEMERIKSAAN"  # an audit
    DARURAT = "DARURAT"  # under an emergency access, also by a pendamping


IMPLIED = {
    Scope.SELF: Purpose.PENDAMPINGAN,
    Scope.OWN_FAMILIES: Purpose.PENDAMPINGAN,
    Scope.PARTNER: Purpose.RUJUKAN,
}
STATED = tuple(purpose for purpose in Purpose if purpose not in {*IMPLIED.values(), Purpose.DAFTAR})
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "enum": [purpose.value for purpose in STATED], "x-enum": "Purpose"},
    "description": "Why the family is read. Required from everybody but its pendamping and its partner.",
    "example": Purpose.VERIFIKASI.value,
}


class PurposeMissing(DomainError):
    """400: an official must state the purpose of reading a family."""

    status = 400
    en = "Say in the header X-Purpose why you read this family: {purposes}."
    id = "Sebutkan pada header X-Purpose untuk apa Anda membaca keluarga ini: {purposes}."
    remedy = CORRECT_REQUEST


def is_asked(route: "Route") -> bool:
    """Return whether a route shows one family, so that officials say why they read it."""
    reads = "GET" in (route.methods or ()) or route.declared.undo is CHANGES_NOTHING
    is_list = "items" in getattr(route.response_model, "model_fields", ())
    one = bool(route.param_convertors) or ("POST" in (route.methods or ()) and not is_list)
    return route.disclosure.of_family and reads and one


def purpose_of(request: Request, route: "Route", actor: Actor) -> Purpose | None:
    """Return why the actor reads, None for what is not personal.

    Raises:
        PurposeMissing: the header is absent or has another value.
    """
    if not route.disclosure.personal:
        return None
    stated = request.headers.get(HEADER) or None
    if actor.scope in IMPLIED and stated != Purpose.DARURAT:
        return IMPLIED[actor.scope]
    if stated in STATED:
        return Purpose(stated)
    if route.asks_purpose or stated is not None:
        raise PurposeMissing(f"/header/{HEADER}", purposes=list(STATED))
    return Purpose.DAFTAR
