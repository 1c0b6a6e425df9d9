import pytest

from services.referral.partner.commands.address import Allowed


@pytest.fixture
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set `webhook_loopback` for the process."""
    monkeypatch.setattr(Allowed, "loopback", True)


@pytest.fixture
def public_hosts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow port 443 of public hosts only, as by default."""
    monkeypatch.setattr(Allowed, "loopback", False)
    monkeypatch.setattr(Allowed, "ports", frozenset({443}))
