"""The migrated tables equal the declared tables."""

import asyncio

from shared.migrations import check
from tests.factories.services import Running


async def test_migrations_create_the_declared_tables(caseload: Running) -> None:
    await asyncio.to_thread(check, "caseload", caseload.settings.owner_database_url)
    tables = await caseload.sql(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY relname"
    )
    assert {row["relname"] for row in tables} >= {
        "dampingan",
        "desil",
        "kepesertaan",
        "komponen",
        "kpm",
        "kpm_anggota",
        "kpm_no_kk",
        "kunjungan",
        "usaha",
    }


async def test_no_column_has_personal_data_in_clear(kendal_caseload: Running) -> None:
    from tests.factories.caseload.intake import build_csv, import_file, mother

    await import_file(kendal_caseload, build_csv(mother()))
    for table in ("kpm", "kpm_anggota", "kpm_no_kk", "usaha", "kpm_history"):
        for row in await kendal_caseload.sql(f"SELECT to_json(t)::text AS row FROM {table} t"):
            assert "3324075211879001" not in row["row"]
            assert "Ibu Contoh" not in row["row"]
            assert "081234567890" not in row["row"]
