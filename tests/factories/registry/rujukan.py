"""Events of one family's rujukan, as referral publishes them."""

from datetime import date

from shared.contracts.caseload_activity import VoidReason
from shared.contracts.graduation import (
    GraduasiDetermined,
)
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanDeliveryVoided,
    RujukanOpened,
    RujukanSent,
    RujukanWithdrawn,
)
from shared.contracts.rujukan_kinds import BenefitKind, RefusalCode, RujukanProgramState, RujukanPurpose
from shared.database import uuid7
from tests.factories.registry.events import build_case_fields


def build_rujukan_opened(case: GraduasiDetermined) -> RujukanOpened:
    return RujukanOpened(
        **build_case_fields(case, "exit_reason"), rujukan_id=uuid7(), purpose=RujukanPurpose.PASCAGRADUASI
    )


class Offer:
    """One offer of a rujukan, and its events."""

    def __init__(self, rujukan: RujukanOpened, program_code: str = "KUR_SUPERMIKRO") -> None:
        self.fields = {
            "rujukan_id": rujukan.rujukan_id,
            "rujukan_program_id": uuid7(),
            "graduasi_id": rujukan.graduasi_id,
            "kpm_id": rujukan.kpm_id,
            "kode_wilayah": rujukan.kode_wilayah,
            "partner_id": uuid7(),
            "program_code": program_code,
            "benefit_kinds": [BenefitKind.MODAL],
        }

    def build_sent(self) -> RujukanSent:
        return RujukanSent(**self.fields, status=RujukanProgramState.TERKIRIM, sent_on=date(2026, 6, 1))

    def build_answered(self, status: str, reason: str | None = None) -> RujukanAnswered:
        return RujukanAnswered(
            **self.fields,
            status=RujukanProgramState(status),
            reason_code=RefusalCode(reason) if reason else None,
            answered_on=date(2026, 6, 2),
        )

    def build_delivered(self) -> RujukanDelivered:
        state = RujukanProgramState.DISALURKAN
        return RujukanDelivered(
            **self.fields, status=state, amount_rp=5_000_000, delivered_on=date(2026, 6, 3)
        )

    def build_delivery_voided(self) -> RujukanDeliveryVoided:
        state, reason = RujukanProgramState.DISETUJUI, VoidReason.SALAH_KELUARGA
        return RujukanDeliveryVoided(
            **self.fields, status=state, amount_rp=5_000_000, voided_on=date(2026, 6, 4), reason=reason
        )

    def build_withdrawn(self) -> RujukanWithdrawn:
        state = RujukanProgramState.DICABUT
        return RujukanWithdrawn(
            **self.fields, status=state, reason="SANGGAH_DITERIMA", withdrawn_on=date(2026, 6, 4)
        )
