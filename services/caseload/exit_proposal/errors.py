from shared.errors import DomainError, InvalidInput
from shared.remedies import nothing, one_of, operation, to_call
from shared.roles import DINSOS, FIELD, MINISTRY, STAFF, VILLAGE


class ExitNotProposable(InvalidInput):
    """422: an end for this reason cannot be proposed on evidence (docs/case-lifecycle.md#exits-on-evidence)."""

    en = "{exit_reason} cannot be proposed here. Its pendamping opens a case in graduation (POST /v1/graduasi), if the reason ends a membership at all."
    id = "{exit_reason} tidak dapat diusulkan di sini. Pendamping membuka kasusnya di layanan graduasi (POST /v1/graduasi), bila alasan itu memang mengakhiri kepesertaan."
    remedy = operation("graduation.open_graduasi", FIELD)


class ExitAlreadyProposed(DomainError):
    """409: a membership has at most one open proposal."""

    en = "The end of this membership is already proposed. Follow that proposal (GET /v1/exit-proposal); its proposer withdraws it if it is wrong."
    id = "Pengakhiran kepesertaan ini sudah diusulkan. Ikuti usulan itu (GET /v1/exit-proposal); pengusulnya menariknya bila keliru."
    more_params = ("exit_proposal_id",)
    remedy = operation("withdraw_exit_proposal", FIELD | DINSOS)


class ProposalOfAnotherPerson(DomainError):
    """403: only its proposer can withdraw a proposal. Others cancel its case in graduation."""

    status = 403
    en = (
        "Only the proposer can withdraw this proposal. Other officials cancel its case in graduation instead."
    )
    id = (
        "Hanya pengusul yang dapat menarik usulan ini. Petugas lain membatalkan kasusnya di layanan graduasi."
    )
    remedy = operation("graduation.cancel_graduasi", STAFF)


class ProposalFollowsFact(DomainError):
    """409: the proposal follows from a recorded death, and is withdrawn with it."""

    en = (
        "This proposal follows from a recorded death. If the record is wrong, undo the death"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/return): this withdraws the proposal."
    )
    id = (
        "Usulan ini mengikuti kematian yang tercatat. Bila catatannya keliru, batalkan kematian itu"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/return): usulan ini ikut ditarik."
    )
    remedy = operation("take_anggota_back", FIELD | DINSOS)


class ExitNotOpen(DomainError):
    """409: the proposal's case has ended, or it was withdrawn already."""

    en = "This proposal is {state}; only one whose case has not ended can be withdrawn. Nothing is left to withdraw."
    id = "Usulan ini berstatus {state}; hanya usulan yang kasusnya belum berakhir yang dapat ditarik. Tidak ada lagi yang perlu ditarik."
    remedy = nothing("The proposal has ended.", "Usulan itu sudah berakhir.")


class ExitDetermined(DomainError):
    """409: an SK has been issued, which only a sanggah or an annulment can undo."""

    en = "This exit has been determined in SK {sk_no}. It can only be undone by a sanggah or an annulment."
    id = "Pengakhiran ini sudah ditetapkan dalam SK {sk_no}. Hanya dapat dibatalkan melalui sanggah atau pembatalan SK."
    remedy = one_of(
        to_call("graduation.lodge_sanggah", FIELD | VILLAGE | DINSOS),
        to_call("graduation.annul_graduasi", MINISTRY),
    )
