from shared.errors import InvalidInput


class OneNumberToLookUp(InvalidInput):
    """422: neither or both."""

    en = "Give either nik or no_kk."
    id = "Isi salah satu: nik atau no_kk."
