from shared.errors import DomainError, InvalidInput


class ExitNotProposable(InvalidInput):
    """422: an end for this reason cannot be proposed on evidence (docs/case-lifecycle.md#exits-on-evidence)."""

    en = "{exit_reason} cannot be proposed here: it ends a membership in another way, or not at all."
    id = "{exit_reason} tidak dapat diusulkan di sini: kepesertaan berakhir melalui jalur lain, atau tidak sama sekali."


class ExitAlreadyProposed(DomainError):
    """409: a membership has at most one open proposal."""

    en = "The end of this membership is already proposed."
    id = "Pengakhiran kepesertaan ini sudah diusulkan."


class ProposalOfAnotherPerson(DomainError):
    """403: only its proposer can withdraw a proposal. Others cancel its case in graduation."""

    status = 403
    en = (
        "Only the proposer can withdraw this proposal. Other officials cancel its case in graduation instead."
    )
    id = (
        "Hanya pengusul yang dapat menarik usulan ini. Petugas lain membatalkan kasusnya di layanan graduasi."
    )


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


class ExitNotOpen(DomainError):
    """409: the proposal's case has ended, or it was withdrawn already."""

    en = "This proposal is {state}; only one whose case has not ended can be withdrawn."
    id = "Usulan ini berstatus {state}; hanya usulan yang kasusnya belum berakhir yang dapat ditarik."


class ExitDetermined(DomainError):
    """409: an SK has been issued, which only a sanggah or an annulment can undo."""

    en = "This exit has been determined in SK {sk_no}. It can only be undone by a sanggah or an annulment."
    id = "Pengakhiran ini sudah ditetapkan dalam SK {sk_no}. Hanya dapat dibatalkan melalui sanggah atau pembatalan SK."
