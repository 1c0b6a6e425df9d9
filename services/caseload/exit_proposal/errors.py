from shared.errors import DomainError, InvalidInput


class ExitNotProposable(InvalidInput):
    """422: an end for this reason is not proposed on evidence alone (chain.md 4)."""

    en = "{exit_reason} is not proposed here: it ends a membership by another path, or not at all."
    id = "{exit_reason} tidak diusulkan di sini: kepesertaan berakhir melalui jalur lain, atau tidak sama sekali."


class ExitAlreadyProposed(DomainError):
    """409: one proposal a membership until its case has ended."""

    en = "The end of this membership is proposed already."
    id = "Pengakhiran kepesertaan ini sudah diusulkan."


class ProposalOfAnother(DomainError):
    """403: a proposal is its proposer's to take back; others cancel its case, with their reason."""

    status = 403
    en = "Only who proposed this exit can withdraw it. Officials cancel its case in graduation instead."
    id = (
        "Hanya pengusul yang dapat menarik usulan ini. Petugas lain membatalkan kasusnya di layanan graduasi."
    )


class ExitNotOpen(DomainError):
    """409: what has ended, or was withdrawn, is not withdrawn again."""

    en = "This proposal is {state}; only one whose case has not ended can be withdrawn."
    id = "Usulan ini berstatus {state}; hanya usulan yang kasusnya belum berakhir yang dapat ditarik."


class ExitDetermined(DomainError):
    """409: what stands in an SK is undone by a sanggah or an annulment, not by the proposer."""

    en = "This exit stands in the SK {sk_no}. It can only be undone by a sanggah or an annulment."
    id = "Pengakhiran ini sudah ditetapkan dalam SK {sk_no}. Hanya dapat dipulihkan melalui sanggah atau pembatalan SK."
