from shared.errors import InvalidInput
from shared.remedies import CORRECT_REQUEST


class LookUpNumberInvalid(InvalidInput):
    """422: the request has neither or both of nik and no_kk."""

    en = "Give either nik or no_kk."
    id = "Isi salah satu: nik atau no_kk."
    remedy = CORRECT_REQUEST
