"""Everything that caseload may refuse to do, and why a row of an intake file is refused."""

from shared.errors import InvalidInput


class OneNumberToLookUp(InvalidInput):
    """422: neither or both."""

    en = "Give either nik or no_kk."
    id = "Isi salah satu: nik atau no_kk."
