"""Refusals of supplied data."""

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import PARTNERS


class DataNotRequested(DomainError):
    """409: the partner does not wait for data."""

    en = "The partner does not wait for data; this rujukan is {state}. Data are supplied after the answer PERLU_DATA."
    id = "Mitra tidak sedang menunggu data; rujukan ini berstatus {state}. Data dilengkapi sesudah jawaban PERLU_DATA."
    remedy = operation("answer_rujukan", PARTNERS)


class SupplyNotVoidable(DomainError):
    """409: nothing was supplied, or the partner has answered since."""

    en = "This rujukan is {state}; supplied data can be voided only until the partner answers. Supply the right data when the partner asks again (PERLU_DATA)."
    id = "Rujukan ini berstatus {state}; data hanya dapat dibatalkan sebelum mitra menjawab. Lengkapi data yang benar bila mitra meminta lagi (PERLU_DATA)."
    remedy = operation("answer_rujukan", PARTNERS)


class FieldNotConsented(InvalidInput):
    """422: the consent does not cover a field (docs/case-lifecycle.md#data-that-a-partner-asks-for)."""

    en = (
        "The consent to this program covers {fields}. Leave out {field}, or ask the partner to do without it."
    )
    id = "Persetujuan untuk program ini mencakup {fields}. Hilangkan {field}, atau minta mitra tidak memerlukannya."
    remedy = CORRECT_REQUEST
