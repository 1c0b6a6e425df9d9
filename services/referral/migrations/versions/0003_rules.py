"""What rules may look at besides, the next best, worklists by area and state, and moves that the database refuses."""

from alembic import op

revision = "0003_rules"
down_revision = "0002_places"

COLUMNS = """
ALTER TABLE replica_kpm.kpm ADD COLUMN members INTEGER NOT NULL, ADD COLUMN lansia INTEGER NOT NULL,
    ADD COLUMN disabilitas INTEGER NOT NULL, ADD COLUMN komponen JSONB NOT NULL;;
CREATE INDEX ix_kpm_area ON replica_kpm.kpm (kode_wilayah, kpm_id);;
CREATE INDEX ix_dampingan_pendamping_id ON replica_kpm.dampingan (pendamping_id, kpm_id);;
CREATE INDEX ix_rujukan_program_kpm_id ON rujukan_program (kpm_id, rujukan_program_id);;
CREATE INDEX ix_rujukan_program_area ON rujukan_program (kode_wilayah, rujukan_program_id);;
CREATE INDEX ix_rujukan_program_state_area ON rujukan_program (state, kode_wilayah, rujukan_program_id);;
CREATE INDEX ix_rujukan_open ON rujukan (rujukan_id) WHERE state = 'TERBUKA';;
CREATE TABLE next_best (
    after_rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    rujukan_program_id UUID,
    considered JSONB NOT NULL,
    en TEXT NOT NULL,
    id TEXT NOT NULL,
    proposed_on DATE NOT NULL,
    proposed_by TEXT NOT NULL,
    CONSTRAINT pk_next_best PRIMARY KEY (after_rujukan_program_id),
    CONSTRAINT fk_next_best_after_rujukan_program_id FOREIGN KEY(after_rujukan_program_id)
        REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_next_best_rujukan_program_id FOREIGN KEY(rujukan_program_id)
        REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE INDEX ix_next_best_rujukan_id ON next_best (rujukan_id, after_rujukan_program_id);;
REVOKE DELETE ON next_best FROM referral_api, referral_worker;;
ALTER TABLE next_best ENABLE ROW LEVEL SECURITY;;
ALTER TABLE next_best FORCE ROW LEVEL SECURITY;;
CREATE POLICY whose ON next_best USING
    (EXISTS (SELECT FROM rujukan_program p WHERE p.rujukan_program_id = next_best.after_rujukan_program_id))
"""

# domain.md 5 and chain.md 8, a second time: `become` refuses in words, this in whatever way somebody tries.
MOVES = """
CREATE FUNCTION rujukan_program_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND NOT (OLD.state || ' ' || NEW.state) = ANY (ARRAY[
        'DRAF DISETUJUI_KPM', 'DRAF DICABUT',
        'DISETUJUI_KPM TERKIRIM', 'DISETUJUI_KPM GAGAL_KIRIM', 'DISETUJUI_KPM DICABUT',
        'TERKIRIM GAGAL_KIRIM', 'TERKIRIM DITERIMA_SISTEM', 'TERKIRIM KEDALUWARSA', 'TERKIRIM DICABUT',
        'GAGAL_KIRIM TERKIRIM', 'GAGAL_KIRIM DICABUT',
        'DITERIMA_SISTEM DIPROSES', 'DITERIMA_SISTEM KEDALUWARSA', 'DITERIMA_SISTEM DICABUT',
        'DIPROSES DISETUJUI', 'DIPROSES DITOLAK', 'DIPROSES PERLU_DATA', 'DIPROSES DAFTAR_TUNGGU',
        'DIPROSES KEDALUWARSA', 'DIPROSES DICABUT',
        'PERLU_DATA DIPROSES', 'PERLU_DATA KEDALUWARSA', 'PERLU_DATA DICABUT',
        'DAFTAR_TUNGGU DIPROSES', 'DAFTAR_TUNGGU KEDALUWARSA', 'DAFTAR_TUNGGU DICABUT',
        'DISETUJUI DISALURKAN', 'DISETUJUI DICABUT', 'DISALURKAN TUTUP', 'DISALURKAN DICABUT']) THEN
        RAISE EXCEPTION 'a rujukan program does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rujukan_program_moves';
    END IF;
    RETURN NEW;
END $$;;
CREATE TRIGGER moves BEFORE UPDATE OF state ON rujukan_program
    FOR EACH ROW EXECUTE FUNCTION rujukan_program_moves();;
CREATE FUNCTION rujukan_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND NOT (OLD.state || ' ' || NEW.state) = ANY (ARRAY[
        'TERBUKA DICABUT', 'TERBUKA TUTUP', 'TUTUP DICABUT']) THEN
        RAISE EXCEPTION 'a rujukan does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rujukan_moves';
    END IF;
    RETURN NEW;
END $$;;
CREATE TRIGGER moves BEFORE UPDATE OF state ON rujukan FOR EACH ROW EXECUTE FUNCTION rujukan_moves();;
"""


def upgrade() -> None:
    for script in (COLUMNS, MOVES):
        for statement in filter(str.strip, script.split(";;")):
            op.execute(statement)
