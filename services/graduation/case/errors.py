from collections.abc import Mapping
from types import MappingProxyType

from shared.errors import DomainError, NotAllowed, Words
from shared.remedies import ENDED, OTHER_PERSON, WAIT, Remedy, one_of, operation, to_call, value_from
from shared.roles import DINSOS, FIELD, MINISTRY, OFFICE, STAFF, TEAM_LEAD, VILLAGE
from shared.transitions import Advice


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
# How another case is opened on a membership whose case has ended without an exit.
ANOTHER_CASE = (
    to_call("open_graduasi", FIELD),
    to_call("caseload.propose_exit_of_kpm", FIELD | DINSOS),
)
CANCEL = operation("cancel_graduasi", STAFF)
ANNUL = operation("annul_graduasi", MINISTRY)
# A case that an SK has not determined is cancelled, and later its SK is annulled.
DETERMINED_STATES = frozenset({"DITETAPKAN", "MASA_SANGGAH", "EFEKTIF", "PEMANTAUAN", "SELESAI"})
STOPS = frozenset({"DIKEMBALIKAN", "DITOLAK", "DITUNDA", "DIBATALKAN", "DIPULIHKAN"})
NOT_STOPPED = frozenset({"DISANGGAH", "DITOLAK", "DIBATALKAN", "DIPULIHKAN"})


def remedy_of_move(state: str, target: str, postponed_from: str | None) -> Remedy:
    """Return what to do with a case whose move to `target` was refused."""
    if target not in STOPS or state in NOT_STOPPED:
        return NEXT_ACTS[state]
    return ANNUL if (postponed_from or state) in DETERMINED_STATES else CANCEL


# What a case in each state waits for, and when the act that leads to a state is possible.
NOW: Mapping[str, Words] = MappingProxyType(
    {
        "TERIDENTIFIKASI": Words(
            "it is not assessed yet. Record the assessment first; where the policy has no score, propose it.",
            "belum diasesmen. Catat dahulu asesmennya; bila kebijakannya tanpa skor, usulkan.",
        ),
        "DIASESMEN": Words(
            "its assessment has no result yet. Record the assessment again.",
            "hasil asesmennya belum ada. Catat lagi asesmennya.",
        ),
        "SIAP": Words(
            "the family is ready. Record its signed statement first.",
            "keluarga sudah siap. Catat dahulu pernyataan yang ditandatangani.",
        ),
        "BELUM_SIAP": Words(
            "the family is not ready. Assess it again first, or cancel the case.",
            "keluarga belum siap. Lakukan dahulu asesmen ulang, atau batalkan kasusnya.",
        ),
        "DIKECUALIKAN": Words(
            "the family is exempt. Assess it again when that has changed, or cancel the case.",
            "keluarga dikecualikan. Lakukan asesmen ulang bila keadaannya berubah, atau batalkan kasusnya.",
        ),
        "PERNYATAAN_DITANDATANGANI": Words(
            "the family has signed. Propose the exit first.",
            "keluarga sudah menandatangani. Usulkan dahulu graduasinya.",
        ),
        "DIUSULKAN": Words(
            "it waits for the ketua tim, who verifies it or returns it.",
            "menunggu ketua tim, yang memverifikasi atau mengembalikannya.",
        ),
        "DIVERIFIKASI_KETIM": Words(
            "it is verified. The musyawarah comes first, or where the policy has none the approval.",
            "sudah diverifikasi. Dahulukan musyawarah, atau persetujuan bila kebijakannya tanpa musyawarah.",
        ),
        "DIMUSYAWARAHKAN": Words(
            "it waits for the approval by Dinsos.",
            "menunggu persetujuan Dinsos.",
        ),
        "DISETUJUI_DINSOS": Words(
            "it is approved and waits for an SK. To change it, return it first.",
            "sudah disetujui dan menunggu SK. Untuk mengubahnya, kembalikan dahulu.",
        ),
        "DITETAPKAN": Words(
            "it is in an SK that waits for its announcement. If the SK is wrong for this family, annul it.",
            "sudah ada dalam SK yang menunggu pengumuman. Bila SK keliru bagi keluarga ini, batalkan.",
        ),
        "MASA_SANGGAH": Words(
            "its term of sanggah runs. An objection is recorded as a sanggah; a wrong SK is annulled.",
            "masa sanggahnya berjalan. Keberatan dicatat sebagai sanggah; SK yang keliru dibatalkan.",
        ),
        "DISANGGAH": Words(
            "a sanggah is open. Decide it first.",
            "ada sanggah yang belum diputus. Putuskan dahulu.",
        ),
        "EFEKTIF": Words(
            "the exit is final and begins with its tahap. Only a sanggah in term or an annulment changes it.",
            "graduasi sudah tetap dan berlaku mulai tahapnya. Hanya sanggah dalam masanya atau pembatalan "
            "SK yang mengubahnya.",
        ),
        "PEMANTAUAN": Words(
            "the exit is in effect and the family is monitored. Only a sanggah in term or an annulment "
            "undoes it.",
            "graduasi sudah berlaku dan keluarga dipantau. Hanya sanggah dalam masanya atau pembatalan SK "
            "yang memulihkannya.",
        ),
        "SELESAI": Words(
            "it is complete. A family in need applies again in caseload; a wrong SK is annulled.",
            "sudah selesai. Keluarga yang membutuhkan mengajukan usulan lagi di layanan caseload; SK yang "
            "keliru dibatalkan.",
        ),
        "DIKEMBALIKAN": Words(
            "it was returned. Assess it again or propose it again first.",
            "sudah dikembalikan. Lakukan dahulu asesmen ulang atau usulkan kembali.",
        ),
        "DITOLAK": Words(
            "it has ended with a refusal. Open another case.",
            "sudah berakhir dengan penolakan. Buka kasus lain.",
        ),
        "DITUNDA": Words(
            "it is postponed. Resume it first.",
            "sedang ditunda. Lanjutkan dahulu.",
        ),
        "DIBATALKAN": Words(
            "it was cancelled. Open another case.",
            "sudah dibatalkan. Buka kasus lain.",
        ),
        "DIPULIHKAN": Words(
            "its SK was undone and the membership continues. Open another case.",
            "SK-nya sudah dibatalkan dan kepesertaan berlanjut. Buka kasus lain.",
        ),
    }
)
ACTS: Mapping[str, Words] = MappingProxyType(
    {
        "TERIDENTIFIKASI": Words(
            "A case is opened once.",
            "Kasus dibuka satu kali.",
        ),
        "DIASESMEN": Words(
            "An assessment is recorded before the proposal, or after a return.",
            "Asesmen dicatat sebelum usulan, atau setelah dikembalikan.",
        ),
        **dict.fromkeys(
            ("SIAP", "BELUM_SIAP", "DIKECUALIKAN"),
            Words("A result follows from an assessment.", "Hasil mengikuti asesmen."),
        ),
        "PERNYATAAN_DITANDATANGANI": Words(
            "A statement follows an assessment with the result SIAP. Until the proposal it can be replaced.",
            "Pernyataan mengikuti asesmen dengan hasil SIAP. Sampai diusulkan, pernyataan dapat diganti.",
        ),
        "DIUSULKAN": Words(
            "A proposal follows the signed statement, or a return.",
            "Usulan mengikuti pernyataan yang ditandatangani, atau pengembalian.",
        ),
        "DIVERIFIKASI_KETIM": Words(
            "A verification follows the proposal.",
            "Verifikasi mengikuti usulan.",
        ),
        "DIMUSYAWARAHKAN": Words(
            "A musyawarah follows the verification.",
            "Musyawarah mengikuti verifikasi.",
        ),
        "DISETUJUI_DINSOS": Words(
            "An approval follows the musyawarah, or the verification where the policy has no musyawarah.",
            "Persetujuan mengikuti musyawarah, atau verifikasi bila kebijakannya tanpa musyawarah.",
        ),
        "DITETAPKAN": Words(
            "An SK follows the approval.",
            "SK mengikuti persetujuan.",
        ),
        "MASA_SANGGAH": Words(
            "The term of sanggah begins with the announcement of the SK.",
            "Masa sanggah dimulai dengan pengumuman SK.",
        ),
        "DISANGGAH": Words(
            "A sanggah is recorded from the announcement of the SK until the case is complete.",
            "Sanggah dicatat sejak pengumuman SK sampai kasus selesai.",
        ),
        "EFEKTIF": Words(
            "An exit takes effect after the term of sanggah.",
            "Graduasi berlaku setelah masa sanggah.",
        ),
        "PEMANTAUAN": Words(
            "Monitoring begins with the effective tahap.",
            "Pemantauan dimulai dengan tahap efektif.",
        ),
        "SELESAI": Words(
            "A case is complete after its monitoring.",
            "Kasus selesai setelah pemantauannya.",
        ),
        "DIKEMBALIKAN": Words(
            "A case is returned between its proposal and its SK.",
            "Kasus dikembalikan antara usulan dan SK.",
        ),
        "DITOLAK": Words(
            "A case is refused between its proposal and its SK; before that it is cancelled.",
            "Kasus ditolak antara usulan dan SK; sebelum itu kasus dibatalkan.",
        ),
        "DITUNDA": Words(
            "A case is postponed before its exit takes effect, while no sanggah is open.",
            "Kasus ditunda sebelum graduasi berlaku, selama tidak ada sanggah yang terbuka.",
        ),
        "DIBATALKAN": Words(
            "A case is cancelled before its SK; after that the SK is annulled.",
            "Kasus dibatalkan sebelum SK; setelah itu SK-nya yang dibatalkan.",
        ),
        "DIPULIHKAN": Words(
            "An annulment undoes an SK; before the SK the case is returned, refused or cancelled.",
            "Pembatalan meniadakan SK; sebelum SK, kasus dikembalikan, ditolak, atau dibatalkan.",
        ),
    }
)
ADVICE = Advice(NOW, ACTS)
