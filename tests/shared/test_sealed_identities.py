"""docs/messaging.md#sealed-topic: a sealed text opens only for its recipient and its purpose."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.privacy import KeysMissing, Nik, SealBroken, SealingKey, open_sealed, read_public_key, seal_to

FIELDS = {"nik": Nik("3324095708850001"), "name": "Siti Nur'aini", "office": "Dinsos Kendal"}
FOR = "0198a0de-0000-7000-8000-000000000001"


@pytest.fixture
def key(tmp_path: Path) -> SealingKey:
    return SealingKey.make(tmp_path / "referral")


def seal_fields(key: SealingKey, **changed: str) -> bytes:
    bound = {"recipient": "referral", "for_id": FOR, "key_id": key.key_id} | changed
    return seal_to(key.public_key, FIELDS, **bound)


def open_fields(key: SealingKey, sealed: bytes, **changed: str) -> dict[str, str]:
    bound = {"recipient": "referral", "for_id": FOR, "key_id": key.key_id} | changed
    return open_sealed(key.private_key, sealed, **bound)


def test_open_for_their_recipient(key: SealingKey) -> None:
    assert open_fields(key, seal_fields(key)) == FIELDS | {"nik": "3324095708850001"}


def test_do_not_open_when_any_byte_is_changed(key: SealingKey) -> None:
    sealed = seal_fields(key)
    for place in range(len(sealed)):
        with pytest.raises(SealBroken):
            open_fields(key, sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])


def test_do_not_open_when_cut(key: SealingKey) -> None:
    sealed = seal_fields(key)
    for length in range(0, len(sealed), 7):
        with pytest.raises(SealBroken):
            open_fields(key, sealed[:length])


@pytest.mark.parametrize(
    "changed", [{"recipient": "graduation"}, {"for_id": FOR[:-1] + "2"}, {"key_id": "00000000"}]
)
def test_do_not_open_for_another_purpose(key: SealingKey, changed: dict[str, str]) -> None:
    with pytest.raises(SealBroken):
        open_fields(key, seal_fields(key), **changed)
    with pytest.raises(SealBroken):
        open_fields(key, seal_fields(key, **changed))


def test_do_not_open_with_differently_split_fields(key: SealingKey) -> None:
    sealed = seal_to(key.public_key, FIELDS, "referral", "ab", "c")
    with pytest.raises(SealBroken):
        open_sealed(key.private_key, sealed, "referral", "a", "bc")


def test_do_not_open_for_another_recipient(key: SealingKey) -> None:
    with pytest.raises(SealBroken):
        open_sealed(X25519PrivateKey.generate(), seal_fields(key), "referral", FOR, key.key_id)


def test_length_reveals_little(key: SealingKey) -> None:
    lengths = {
        len(seal_to(key.public_key, {"name": "x" * n}, "referral", FOR, key.key_id)) for n in (1, 50, 200)
    }
    assert len(lengths) == 1


def test_are_different_each_time(key: SealingKey) -> None:
    assert seal_fields(key) != seal_fields(key)


def test_keys_are_files_and_the_public_one_is_enough_to_seal(key: SealingKey, tmp_path: Path) -> None:
    folder = tmp_path / "referral"
    assert SealingKey.make(folder).key_id == key.key_id
    public = read_public_key(folder / "sealing.pub")
    sealed = seal_to(public, FIELDS, "referral", FOR, key.key_id)
    assert open_sealed(SealingKey.read(folder)[0].private_key, sealed, "referral", FOR, key.key_id)["name"]
    assert (folder / "sealing.key").stat().st_mode & 0o777 == 0o600
    assert json.dumps(str(key)) == f"\"SealingKey('{key.key_id}')\""
    with pytest.raises(KeysMissing):
        read_public_key(folder / "absent.pub")
