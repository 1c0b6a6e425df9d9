"""docs/architecture.md#personal-data: bound to a row and column, found by keyed hash, keys rotate."""

import base64
import stat
import time
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest

from shared.privacy import KeysMissing, Nik, SealBroken, Vault, make_keys

NIK = "3324095708850001"
PLACE = {"table": "member", "column": "nik", "row_id": "r1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_keys(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault(folder, "caseload")


def test_opens_what_it_sealed(vault: Vault) -> None:
    for text in ("", NIK, "Siti Nur\u02bbaini", "x" * 100_000):
        assert vault.open(vault.seal(text, **PLACE), **PLACE) == text
    assert vault.open(vault.seal(Nik(NIK), **PLACE), **PLACE) == NIK


def test_shows_nothing_of_what_is_sealed(vault: Vault) -> None:
    one, other = vault.seal(NIK, **PLACE), vault.seal(NIK, **PLACE)
    assert one != other
    assert NIK.encode() not in one + other


def test_detects_a_change_of_any_byte(vault: Vault) -> None:
    blob = vault.seal(NIK, **PLACE)
    for place in range(len(blob)):
        for bit in (1, 128):
            changed = blob[:place] + bytes([blob[place] ^ bit]) + blob[place + 1 :]
            with pytest.raises(SealBroken):
                vault.open(changed, **PLACE)


def test_detects_cut_or_added_bytes(vault: Vault) -> None:
    blob = vault.seal(NIK, **PLACE)
    for changed in (*(blob[:length] for length in range(len(blob))), blob + b"\0"):
        with pytest.raises(SealBroken):
            vault.open(changed, **PLACE)


@pytest.mark.parametrize("moved", [{"table": "kpm"}, {"column": "no_kk"}, {"row_id": "r2"}])
def test_does_not_open_in_another_place(vault: Vault, moved: dict[str, str]) -> None:
    with pytest.raises(SealBroken) as broken:
        vault.open(vault.seal(NIK, **PLACE), **PLACE | moved)
    assert NIK not in str(broken.value)


def test_does_not_open_for_another_service_even_with_the_same_keys(folder: Path, vault: Vault) -> None:
    with pytest.raises(SealBroken):
        Vault(folder, "referral").open(vault.seal(NIK, **PLACE), **PLACE)


def test_opens_under_an_old_key_and_seals_under_the_new(folder: Path, vault: Vault) -> None:
    old, file = vault.seal(NIK, **PLACE), folder / "data.key"
    file.write_text(base64.b64encode(b"k" * 32).decode() + "\n" + file.read_text())
    rotated = Vault(folder, "caseload")
    assert rotated.open(old, **PLACE) == NIK
    new = rotated.seal(NIK, **PLACE)
    with pytest.raises(SealBroken):
        vault.open(new, **PLACE)


def test_finds_an_equal_value_again_by_kind_and_in_no_other_service(vault: Vault, tmp_path: Path) -> None:
    make_keys(tmp_path / "other")
    assert vault.index("nik", NIK) == vault.index("nik", Nik(NIK))
    assert len(vault.index("nik", NIK)) == 16
    indexes = {
        vault.index("nik", NIK),
        vault.index("no_kk", NIK),
        Vault(tmp_path / "other", "registry").index("nik", NIK),
    }
    assert len(indexes) == 3


def test_refuses_an_invalid_kind(vault: Vault) -> None:
    for kind in ("", "seventeen letters"):
        with pytest.raises(ValueError, match="16 bytes"):
            vault.index(kind, NIK)


def test_finds_a_name_by_its_words_however_it_is_written(vault: Vault) -> None:
    assert vault.tokens("H. Siti Nur'aini  ISMĀ'ĪL") == vault.tokens("ismail, nur\u2019aini siti")
    assert set(vault.tokens("Siti")) < set(vault.tokens("Siti Aminah"))
    assert vault.tokens(" - ") == []


def test_does_many_at_once_as_it_does_one(vault: Vault) -> None:
    rows = [(uuid4(), str(number)) for number in range(500)]
    blobs = vault.seal_many(rows, table="member", column="name")
    assert all(
        vault.open(blob, table="member", column="name", row_id=id_) == text
        for blob, (id_, text) in zip(blobs, rows, strict=True)
    )
    ids = [id_ for id_, _ in rows]
    assert vault.open_many(zip(ids, blobs, strict=True), table="member", column="name") == [
        text for _, text in rows
    ]
    assert len({blob[5:17] for blob in blobs}) == 500
    texts = [text for _, text in rows]
    assert vault.index_many("name", texts) == [vault.index("name", text) for text in texts]


def test_seals_a_hundred_thousand_rows_in_seconds(vault: Vault) -> None:
    rows = [(number, NIK) for number in range(100_000)]
    begun = time.process_time()
    vault.seal_many(rows, table="member", column="nik")
    vault.index_many("nik", (text for _, text in rows))
    assert time.process_time() - begun < 10


def test_signs_for_a_purpose(vault: Vault) -> None:
    assert vault.sign("cursor", b"a") == vault.sign("cursor", b"a")
    assert len({vault.sign(purpose, text) for purpose in ("cursor", "link") for text in (b"a", b"b")}) == 4


def test_names_no_key(vault: Vault, folder: Path) -> None:
    key = (folder / "data.key").read_text().strip()
    assert key not in repr(vault) + str(vault)


def test_keys_are_made_once_for_this_user_alone(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    make_keys(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert len(set(before.values())) == 3


@pytest.mark.parametrize("content", ["", "short", base64.b64encode(b"k" * 31).decode(), "*" * 44])
def test_refuses_an_invalid_key(folder: Path, content: str) -> None:
    (folder / "index.key").write_text(content)
    with pytest.raises(KeysMissing):
        Vault(folder, "caseload")


def test_refuses_keys_that_everybody_may_read_or_that_are_not_there(folder: Path) -> None:
    for file in islice(folder.glob("data.key"), 1):
        file.chmod(0o644)
    with pytest.raises(KeysMissing, match="every user"):
        Vault(folder, "caseload")
    (folder / "data.key").unlink()
    with pytest.raises(KeysMissing):
        Vault(folder, "caseload")
