from types import MappingProxyType

from shared.errors import DomainError, NotAllowed
from shared.remedies import ENDED, OTHER_PERSON, WAIT, Remedy, one_of, operation, to_call, value_from
from shared.roles import DINSOS, FIELD, MINISTRY, OFFICE, STAFF, TEAM_LEAD, VILLAGE


class SamePersonTwice(NotAllowed):
    """403: the caller has already acted in another stage of this case (docs/decisions/0015-separation-of-duties-in-the-database.md)."""

    en = "You have acted in another stage of this case. Each stage needs a different person."
    id = "Anda sudah bertindak pada tahap lain dari kasus ini. Setiap tahap harus dilakukan orang yang berbeda."
    remedy = OTHER_PERSON


class FamilyAccompaniedLately(NotAllowed):
    """403: the caller accompanied the family a short time ago (docs/case-lifecycle.md#four-eyes)."""

    en = (
        "You have accompanied or monitored this family within the last {months} months. Let another official act on this"
        " case."
    )
    id = (
        "Anda mendampingi atau memantau keluarga ini dalam {months} bulan terakhir. Serahkan kasus ini kepada pejabat"
        " lain."
    )
    remedy = OTHER_PERSON


class CaseElsewhere(NotAllowed):
    """403: the family has moved out of the caller's areas.

    Offices of the area where the family lives now decide its case.
    """

    en = "The family of this case lives in {kode_wilayah} now; the offices there decide on it."
    id = "Keluarga pada kasus ini kini tinggal di {kode_wilayah}; kantor di wilayah itu yang memutuskannya."
    remedy = OTHER_PERSON


class ExitProposalRequired(DomainError):
    """409: cases of this exit reason are opened by an exit proposal in caseload."""

    en = "A case of {exit_reason} is opened by a proposal with evidence in caseload (POST /v1/exit-proposal), not here."
    id = "Kasus {exit_reason} dibuka melalui usulan berbukti di layanan caseload (POST /v1/exit-proposal), bukan di sini."
    remedy = operation("caseload.propose_exit_of_kpm", FIELD | DINSOS)


class KepesertaanOfAnotherFamily(DomainError):
    """409: the kepesertaan belongs to another family."""

    en = "This kepesertaan belongs to another family. Send one of the family in kpm_id."
    id = "Kepesertaan ini milik keluarga lain. Kirimkan kepesertaan milik keluarga pada kpm_id."
    remedy = value_from("caseload.list_kepesertaan", FIELD)


class KepesertaanNotActive(DomainError):
    """409: the kepesertaan is not active today, so it cannot be ended."""

    en = "This kepesertaan is not active on {on}. Choose one that is."
    id = "Kepesertaan ini tidak aktif pada {on}. Pilih kepesertaan yang aktif."
    remedy = value_from("caseload.list_kepesertaan", FIELD)


# What to do next with a case, by its state.
NEXT_ACTS = MappingProxyType(
    {
        "TERIDENTIFIKASI": one_of(to_call("assess_graduasi", FIELD), to_call("propose_graduasi", FIELD)),
        "DIASESMEN": operation("assess_graduasi", FIELD),
        "BELUM_SIAP": operation("assess_graduasi", FIELD),
        "DIKECUALIKAN": operation("assess_graduasi", FIELD),
        "SIAP": operation("sign_pernyataan", FIELD),
        "PERNYATAAN_DITANDATANGANI": operation("propose_graduasi", FIELD),
        "DIKEMBALIKAN": one_of(to_call("assess_graduasi", FIELD), to_call("propose_graduasi", FIELD)),
        "DIUSULKAN": operation("verify_graduasi", TEAM_LEAD),
        "DIVERIFIKASI_KETIM": one_of(
            to_call("deliberate_graduasi", VILLAGE), to_call("approve_graduasi", DINSOS)
        ),
        "DIMUSYAWARAHKAN": operation("approve_graduasi", DINSOS),
        "DISETUJUI_DINSOS": operation("determine_graduasi", MINISTRY),
        "DITETAPKAN": WAIT,
        "MASA_SANGGAH": WAIT,
        "EFEKTIF": WAIT,
        "PEMANTAUAN": operation("record_monitoring", FIELD),
        "DISANGGAH": operation("decide_sanggah", DINSOS | MINISTRY),
        "DITUNDA": operation("resume_graduasi", OFFICE),
        "SELESAI": ENDED,
        "DITOLAK": ENDED,
        "DIBATALKAN": ENDED,
        "DIPULIHKAN": ENDED,
    }
)
CANCEL = operation("cancel_graduasi", STAFF)
ANNUL = operation("annul_graduasi", DINSOS | MINISTRY)
# A case that an SK has not determined is cancelled, and later its SK is annulled.
DETERMINED_STATES = frozenset({"DITETAPKAN", "MASA_SANGGAH", "EFEKTIF", "PEMANTAUAN", "SELESAI"})
STOPS = frozenset({"DIKEMBALIKAN", "DITOLAK", "DITUNDA", "DIBATALKAN", "DIPULIHKAN"})
NOT_STOPPED = frozenset({"DISANGGAH", "DITOLAK", "DIBATALKAN", "DIPULIHKAN"})


def remedy_of_move(state: str, target: str, postponed_from: str | None) -> Remedy:
    """Return what to do with a case whose move to `target` was refused."""
    if target not in STOPS or state in NOT_STOPPED:
        return NEXT_ACTS[state]
    return ANNUL if (postponed_from or state) in DETERMINED_STATES else CANCEL
