import pytest

from services.referral.partner.commands.address import Allowed


@pytest.fixture
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process with the setting `webhook_loopback`."""
    monkeypatch.setattr(Allowed, "loopback", True)


@pytest.fixture
def public_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that calls port 443 of public hosts, as by default."""
    monkeypatch.setattr(Allowed, "loopback", False)
    monkeypatch.setattr(Allowed, "ports", frozenset({443}))
