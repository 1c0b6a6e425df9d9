"""Registry's first tables: pendamping, placements, targets, and what graduation and caseload tell."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE pendamping (
    pendamping_id UUID NOT NULL,
    pendamping_no TEXT NOT NULL,
    subject VARCHAR(40) NOT NULL,
    nik_sealed BYTEA,
    nik_index BYTEA,
    name_sealed BYTEA NOT NULL,
    phone_sealed BYTEA,
    status VARCHAR(40) NOT NULL,
    status_from_on DATE NOT NULL,
    version INTEGER NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    registered_by TEXT NOT NULL,
    CONSTRAINT pk_pendamping PRIMARY KEY (pendamping_id),
    CONSTRAINT uq_pendamping_pendamping_no UNIQUE (pendamping_no),
    CONSTRAINT uq_pendamping_nik_index UNIQUE (nik_index),
    CONSTRAINT ck_pendamping_person_has_nik CHECK ((subject = 'PERSON') = (nik_index IS NOT NULL)),
    CONSTRAINT ck_pendamping_nik_is_whole CHECK ((nik_index IS NULL) = (nik_sealed IS NULL)),
    CONSTRAINT ck_pendamping_version_positive CHECK (version >= 1),
    CONSTRAINT ck_pendamping_subjectkind_known CHECK (subject IN ('PERSON', 'LEMBAGA')),
    CONSTRAINT ck_pendamping_pendampingstatus_known CHECK (status IN ('CALON', 'AKTIF', 'CUTI', 'NONAKTIF', 'MUTASI', 'PENSIUN', 'BERAKHIR_KONTRAK', 'DIBERHENTIKAN', 'MENINGGAL'))
);;
CREATE INDEX ix_pendamping_status_pendamping_no ON pendamping (status, pendamping_no);;
CREATE TABLE range_history (
    range_history_id UUID NOT NULL,
    thing VARCHAR(40) NOT NULL,
    thing_id UUID NOT NULL,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_range_history PRIMARY KEY (range_history_id),
    CONSTRAINT uq_range_history_thing_id_number UNIQUE (thing_id, number),
    CONSTRAINT ck_range_history_placing_known CHECK (thing IN ('PENUGASAN', 'WILAYAH_TUGAS', 'PILAR_KIND', 'ROLE_CONFLICT'))
);;
CREATE TABLE replica_credit.credit (
    credit_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    year INTEGER NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    rule_version INTEGER NOT NULL,
    reversed BOOLEAN NOT NULL,
    reverse_reason TEXT,
    CONSTRAINT pk_credit PRIMARY KEY (credit_id),
    CONSTRAINT ck_credit_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN', 'UNKNOWN'))
);;
CREATE INDEX ix_credit_graduasi_id ON replica_credit.credit (graduasi_id);;
CREATE INDEX ix_credit_pendamping_id_year ON replica_credit.credit (pendamping_id, year);;
CREATE INDEX ix_credit_penugasan_id_year ON replica_credit.credit (penugasan_id, year);;
CREATE TABLE replica_load.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose IN ('PENDAMPINGAN', 'PEMANTAUAN', 'UNKNOWN'))
);;
CREATE INDEX ix_dampingan_penugasan_id ON replica_load.dampingan (penugasan_id);;
CREATE INDEX ix_dampingan_kpm_id ON replica_load.dampingan (kpm_id);;
CREATE TABLE replica_load.kunjungan (
    kunjungan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    "on" DATE NOT NULL,
    CONSTRAINT pk_kunjungan PRIMARY KEY (kunjungan_id)
);;
CREATE INDEX ix_kunjungan_penugasan_id_on ON replica_load.kunjungan (penugasan_id, "on");;
CREATE TABLE replica_load.load_limit (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    count INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    side VARCHAR(40) NOT NULL,
    CONSTRAINT pk_load_limit PRIMARY KEY (penugasan_id),
    CONSTRAINT ck_load_limit_limitside_known CHECK (side IN ('ABOVE', 'BELOW', 'UNKNOWN'))
);;
CREATE TABLE role_conflict (
    role_conflict_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    other_kind TEXT NOT NULL,
    paid_only BOOLEAN NOT NULL,
    reason_en TEXT NOT NULL,
    reason_id TEXT NOT NULL,
    source TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_role_conflict PRIMARY KEY (role_conflict_id),
    CONSTRAINT ck_role_conflict_other_kind_known CHECK (other_kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR')),
    CONSTRAINT ck_role_conflict_two_kinds CHECK (kind <> other_kind),
    CONSTRAINT ck_role_conflict_version_positive CHECK (version >= 1),
    CONSTRAINT ck_role_conflict_range_forward CHECK (valid_to > valid_from),
    CONSTRAINT ex_role_conflict_range EXCLUDE USING gist ((LEAST(kind, other_kind)) WITH =, (GREATEST(kind, other_kind)) WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_role_conflict_pilarkind_known CHECK (kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR'))
);;
CREATE TABLE target (
    target_id UUID NOT NULL,
    year INTEGER NOT NULL,
    kind VARCHAR(40) NOT NULL,
    number INTEGER NOT NULL,
    per_person INTEGER NOT NULL,
    counted TEXT[] NOT NULL,
    basis TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    set_by TEXT NOT NULL,
    CONSTRAINT pk_target PRIMARY KEY (target_id),
    CONSTRAINT uq_target_year_kind_number UNIQUE (year, kind, number),
    CONSTRAINT ck_target_per_person_in_range CHECK (per_person BETWEEN 0 AND 10000),
    CONSTRAINT ck_target_year_in_range CHECK (year BETWEEN 2000 AND 2200),
    CONSTRAINT ck_target_counted_known CHECK (cardinality(counted) > 0 AND counted <@ ARRAY['CALON', 'AKTIF', 'CUTI', 'NONAKTIF']),
    CONSTRAINT ck_target_pilarkind_known CHECK (kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR'))
);;
CREATE TABLE pendamping_status_history (
    status_history_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    number INTEGER NOT NULL,
    previous TEXT,
    status VARCHAR(40) NOT NULL,
    reason TEXT NOT NULL,
    from_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_pendamping_status_history PRIMARY KEY (status_history_id),
    CONSTRAINT uq_pendamping_status_history_pendamping_id_number UNIQUE (pendamping_id, number),
    CONSTRAINT ck_pendamping_status_history_move_legal CHECK ((previous IS NULL AND status = 'CALON') OR (previous IS NOT NULL AND ((previous = 'CALON' AND status IN ('AKTIF', 'DIBERHENTIKAN', 'MENINGGAL')) OR (previous = 'AKTIF' AND status IN ('BERAKHIR_KONTRAK', 'CUTI', 'DIBERHENTIKAN', 'MENINGGAL', 'MUTASI', 'NONAKTIF', 'PENSIUN')) OR (previous = 'CUTI' AND status IN ('AKTIF', 'BERAKHIR_KONTRAK', 'DIBERHENTIKAN', 'MENINGGAL', 'MUTASI', 'PENSIUN')) OR (previous = 'NONAKTIF' AND status IN ('AKTIF', 'BERAKHIR_KONTRAK', 'DIBERHENTIKAN', 'MENINGGAL', 'MUTASI', 'PENSIUN'))))),
    CONSTRAINT fk_pendamping_status_history_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id),
    CONSTRAINT ck_pendamping_status_history_pendampingstatus_known CHECK (status IN ('CALON', 'AKTIF', 'CUTI', 'NONAKTIF', 'MUTASI', 'PENSIUN', 'BERAKHIR_KONTRAK', 'DIBERHENTIKAN', 'MENINGGAL'))
);;
CREATE TABLE penugasan (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    ditjen VARCHAR(40) NOT NULL,
    employer_status VARCHAR(40) NOT NULL,
    sk_no TEXT NOT NULL,
    sk_on DATE NOT NULL,
    supervisor_id UUID,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id),
    CONSTRAINT ex_penugasan_range EXCLUDE USING gist (pendamping_id WITH =, kind WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_penugasan_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ck_penugasan_supervisor_another CHECK (supervisor_id <> pendamping_id),
    CONSTRAINT ck_penugasan_version_positive CHECK (version >= 1),
    CONSTRAINT fk_penugasan_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id),
    CONSTRAINT ck_penugasan_pilarkind_known CHECK (kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR')),
    CONSTRAINT ck_penugasan_ditjen_known CHECK (ditjen IN ('LINJAMSOS', 'REHSOS', 'DAYASOS')),
    CONSTRAINT ck_penugasan_employerstatus_known CHECK (employer_status IN ('PPPK', 'PNS', 'PPPK_PARUH_WAKTU', 'KONTRAK', 'RELAWAN', 'LEMBAGA')),
    CONSTRAINT fk_penugasan_supervisor_id FOREIGN KEY(supervisor_id) REFERENCES pendamping (pendamping_id)
);;
CREATE INDEX ix_penugasan_kind_valid_from ON penugasan (kind, valid_from);;
CREATE INDEX ix_penugasan_supervisor_id ON penugasan (supervisor_id);;
CREATE TABLE wilayah_tugas (
    wilayah_tugas_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_wilayah_tugas PRIMARY KEY (wilayah_tugas_id),
    CONSTRAINT ex_wilayah_tugas_range EXCLUDE USING gist (penugasan_id WITH =, kode_wilayah WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_wilayah_tugas_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ck_wilayah_tugas_version_positive CHECK (version >= 1),
    CONSTRAINT fk_wilayah_tugas_penugasan_id FOREIGN KEY(penugasan_id) REFERENCES penugasan (penugasan_id),
    CONSTRAINT fk_wilayah_tugas_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id)
);;
CREATE INDEX ix_wilayah_tugas_kode_wilayah ON wilayah_tugas (kode_wilayah);;
CREATE INDEX ix_wilayah_tugas_pendamping_id ON wilayah_tugas (pendamping_id);;
"""

REPLICAS = ("credit", "load", "graduasi", "coverage", "rujukan")
# A membership goes with its family, which may have moved since it was told: it counts where the family lives now.
OF_A_FAMILY = "EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = kepesertaan.kpm_id)"
# Rows of a pendamping: also oneself's, and those of whoever is placed in the caller's areas, so that a scorecard is
# the same figure for everybody who may read it.
BY_PENDAMPING = (
    "replica_credit.credit",
    "replica_load.dampingan",
    "replica_load.kunjungan",
    "replica_load.p2k2",
    "replica_graduasi.graduasi",
)
APPEND_ONLY = ("pendamping_status_history", "contact_history", "range_history", "target", "coverage_figure")

CONFLICTS = """
INSERT INTO role_conflict
    (role_conflict_id, kind, other_kind, paid_only, reason_en, reason_id, source, valid_from, version)
SELECT uuidv7(), 'PKH_PENDAMPING', other, paid_only,
    CASE WHEN paid_only THEN 'a PKH pendamping holds no second paid post'
         ELSE 'who supervises pendamping is not one of them' END,
    CASE WHEN paid_only THEN 'pendamping PKH tidak boleh merangkap pekerjaan bergaji'
         ELSE 'pengawas pendamping tidak merangkap pendamping' END,
    CASE WHEN paid_only THEN 'Kode etik SDM PKH 2018: no double job' ELSE 'RHK of team leads, 2025: they supervise' END,
    DATE '2018-01-01', 1
FROM (VALUES
    ('PKH_KETUA_TIM_KABKOTA', false), ('PKH_KETUA_TIM_PROV', false), ('PKH_APD', false),
    ('TKSK', true), ('PSM', true), ('TAGANA', true), ('KARANG_TARUNA', true), ('PORDAM', true),
    ('REHSOS_PENDAMPING', true), ('REHSOS_LANSIA', true), ('REHSOS_DISABILITAS', true), ('SAKTI_PEKSOS', true),
    ('KONSELOR_ADIKSI', true), ('REHSOS_TUNSOS_KPO', true), ('PUSKESOS_PETUGAS', true), ('SLRT_FASILITATOR', true)
) AS pair(other, paid_only)
"""

CONFLICT_RANGES = """
INSERT INTO range_history (range_history_id, thing, thing_id, number, valid_from, reason, recorded_at, recorded_by)
SELECT uuidv7(), 'ROLE_CONFLICT', role_conflict_id, 1, valid_from, 'ISI_PERTAMA', clock_timestamp(), 'system:migration'
FROM role_conflict
"""

TARGETS = """
INSERT INTO target (target_id, year, kind, number, per_person, counted, basis, set_at, set_by)
VALUES (uuidv7(), 2026, 'PKH_PENDAMPING', 1, 10, '{AKTIF}',
    'Kerangka kerja 2026: each pendamping graduates at least 10 families a year', clock_timestamp(), 'system:migration')
"""


def upgrade() -> None:
    """Create everything; the first content of the policy rows comes with it."""
    schema.platform_v1(op.execute, "registry")
    for subscription in REPLICAS:
        schema.replica_schema(op.execute, "registry", subscription)
    for statement in TABLES.split(";;"):
        if statement.strip():
            op.execute(statement)
    run("0001_pilar_kind.sql")
    run("0001_replicas.sql")
    secure()
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM registry_api, registry_worker")
    op.execute(CONFLICTS)
    op.execute(CONFLICT_RANGES)
    op.execute(TARGETS)


def secure() -> None:
    """Let the api role see what the caller's areas, or the caller's own number, give a right to."""
    oneself = "pendamping_id = platform.pendamping()"
    schema.area_security(op.execute, "wilayah_tugas", also=oneself)
    # Every role that reads coverage gets the same figures for an area, a pendamping too.
    for table in ("coverage_figure", "replica_coverage.kpm"):
        schema.area_security(op.execute, table, also="platform.in_scope(kode_wilayah)")
    schema.area_security(op.execute, "replica_coverage.kepesertaan", also=OF_A_FAMILY)
    for table in BY_PENDAMPING:
        name = table.partition(".")[2]
        placed = f"EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = {name}.pendamping_id)"
        schema.area_security(op.execute, table, also=f"{oneself} OR {placed}")


def run(name: str) -> None:
    """Run the statements of a file beside this folder."""
    for statement in (Path(__file__).parents[1] / name).read_text("utf-8").split(";;"):
        if statement.strip():
            op.execute(statement)
