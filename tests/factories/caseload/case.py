"""Events of graduation about one case, and their application by caseload."""

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiClosed,
    GraduasiDetermined,
    GraduasiProposed,
    KpmGraduated,
    SanggahDecided,
    SanggahLodged,
)
from shared.events import Event
from tests.factories.caseload.intake import SPACE
from tests.factories.delivery import deliver
from tests.factories.services import Running

SANGGAH = UUID(int=1)


class Case:
    """One case. Each method returns one of its events."""

    def __init__(self, kpm_id: str, kepesertaan_id: str, name: str = "case") -> None:
        """Create the events of a membership's case. Another name is another case."""
        self.graduasi_id = uuid5(SPACE, name + kepesertaan_id)
        self.base: dict[str, Any] = {
            "graduasi_id": self.graduasi_id,
            "kpm_id": kpm_id,
            "kode_wilayah": "33.24.09.2011",
            "kepesertaan_id": kepesertaan_id,
            "bansos": "PKH",
            "exit_reason": "SEJAHTERA_MANDIRI",
        }

    def build_event(self, kind: type[Event], **more: Any) -> Event:
        return kind.model_validate(self.base | more)

    def build_proposed(self) -> Event:
        return self.build_event(GraduasiProposed)

    def build_closed(self) -> Event:
        return self.build_event(GraduasiClosed, closed_as="DITOLAK", reason="BUKTI_KURANG")

    def build_determined(self) -> Event:
        fields = {"sk_id": self.graduasi_id, "sk_no": "12/HUK/2026", "sk_on": "2026-11-18"}
        fields |= {"term_ends_on": "2026-12-18", "effective_tahap": "2027-1", "effective_on": "2027-01-01"}
        return self.build_event(GraduasiDetermined, **fields, opens_rujukan=True)

    def build_graduated(self, on: str = "2027-01-01", tahap: str = "2027-1", last: str = "2026-4") -> Event:
        fields = {"effective_on": on, "effective_tahap": tahap, "last_payable_tahap": last}
        return self.build_event(KpmGraduated, **fields, certificate_no="SG-1")

    def build_lodged(self, sanggah_id: UUID = SANGGAH, *, suspends: bool = True) -> Event:
        return self.build_event(
            SanggahLodged, sanggah_id=sanggah_id, lodged_on="2026-12-01", suspends=suspends
        )

    def build_refused(self, sanggah_id: UUID = SANGGAH, **more: Any) -> Event:
        fields = {"effective_tahap": "2027-2", "effective_on": "2027-04-01", "last_payable_tahap": "2027-1"}
        fields |= {"sanggah_id": sanggah_id, "outcome": "DITOLAK", "decided_on": "2027-01-21"}
        return self.build_event(SanggahDecided, **(fields | more))

    def build_accepted(self, sanggah_id: UUID = SANGGAH) -> Event:
        fields = {"sanggah_id": sanggah_id, "outcome": "DITERIMA", "decided_on": "2027-01-05"}
        return self.build_event(SanggahDecided, **fields)

    def build_annulled(self, *back_pay: str, on: str = "2027-01-05", **more: Any) -> Event:
        fields = {"reason": "SANGGAH_DITERIMA", "was_effective": True, "annulled_on": date.fromisoformat(on)}
        return self.build_event(GraduasiAnnulled, **fields, back_pay_tahap=list(back_pay), **more)


async def apply_event(service: Running, teller: Running, event: Event) -> None:
    """Publish an event of another service, deliver it twice and run the work that follows."""
    await teller.publish(event)
    await deliver(teller, service, times=2)
    await service.work()
