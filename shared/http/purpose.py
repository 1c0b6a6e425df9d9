"""Why somebody reads a family (UU 27/2022, articles 27 and 28)."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from shared.access import Actor, Scope
from shared.audit.queries import OF_A_FAMILY, P2K2_SESI
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
NOT_URGENT = tuple(purpose for purpose in STATED if purpose is not Purpose.DARURAT)
OF_ONE = frozenset({"kpm_id", "subject_id", P2K2_SESI, *OF_A_FAMILY})
"""Names in an address or a query that narrow an answer to one family, or to the group of one session."""
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "enum": [purpose.value for purpose in STATED], "x-enum": "Purpose"},
    "description": "Why the family is read. Required from everybody but its pendamping and its partner; of a list if "
    "it is filtered by one family. DARURAT only where an emergency access is checked.",
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
    is_list = "items" in getattr(route.response_model, "model_fields", ())
    named = route.declared.one_family or not OF_ONE.isdisjoint(route.param_convertors)
    return _reads_families(route) and (named or ("POST" in (route.methods or ()) and not is_list))


def filters_of(route: "Route") -> frozenset[str]:
    """Return the parameters that filter a list by one family."""
    return route.parameters & OF_ONE if _reads_families(route) else frozenset()


def _reads_families(route: "Route") -> bool:
    reads = {"GET", "HEAD"} & (route.methods or set()) or route.declared.undo is CHANGES_NOTHING
    return route.disclosure.of_family and bool(reads)


def is_of_one(request: Request, route: "Route") -> bool:
    """Return whether the request reads one family."""
    return route.asks_purpose or not route.family_filters.isdisjoint(request.query_params)


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
    # Only a route that checks an emergency access takes it as the reason.
    purposes = STATED if route.declared.emergency else NOT_URGENT
    if stated in purposes:
        return Purpose(stated)
    if is_of_one(request, route) or stated is not None:
        raise PurposeMissing(f"/header/{HEADER}", purposes=list(purposes))
    return Purpose.DAFTAR
