"""Referral's first tables: the catalogue, rujukan with all that happens to them, and families as caseload tells."""

from pathlib import Path

from alembic import op

from shared import schema

revision = "0001"
down_revision = None

REPLICA = """
CREATE TABLE replica_kpm.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose IN ('PENDAMPINGAN', 'PEMANTAUAN', 'UNKNOWN'))
);;
CREATE INDEX ix_dampingan_kpm_id ON replica_kpm.dampingan (kpm_id);;
CREATE TABLE replica_kpm.kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    able_productive INTEGER NOT NULL,
    desil JSONB NOT NULL,
    pengurus_sex VARCHAR(40),
    pengurus_birth_year INTEGER,
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id),
    CONSTRAINT ck_kpm_sex_known CHECK (pengurus_sex IN ('L', 'P', 'UNKNOWN'))
);;
CREATE TABLE replica_kpm.usaha (
    usaha_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    owner_sex VARCHAR(40) NOT NULL,
    owner_birth_year INTEGER NOT NULL,
    owner_married BOOLEAN NOT NULL,
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    CONSTRAINT pk_usaha PRIMARY KEY (usaha_id),
    CONSTRAINT ck_usaha_sex_known CHECK (owner_sex IN ('L', 'P', 'UNKNOWN')),
    CONSTRAINT ck_usaha_usahasector_known CHECK (sector IN ('MAKANAN', 'KERAJINAN', 'JASA', 'PERTANIAN', 'PETERNAKAN', 'PERDAGANGAN', 'PERIKANAN', 'LAINNYA', 'UNKNOWN'))
);;
CREATE INDEX ix_usaha_kpm_id ON replica_kpm.usaha (kpm_id);;
"""

TABLES = """
CREATE TABLE consent_text (
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_consent_text PRIMARY KEY (version)
);;
CREATE TABLE identity (
    for_id UUID NOT NULL,
    recipient TEXT NOT NULL,
    kpm_id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    arrived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_identity PRIMARY KEY (for_id, recipient)
);;
CREATE TABLE offer_shown (
    sha256 TEXT NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    shown_on DATE NOT NULL,
    offers JSONB NOT NULL,
    CONSTRAINT pk_offer_shown PRIMARY KEY (sha256)
);;
CREATE TABLE office (
    kode_wilayah TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    version INTEGER NOT NULL,
    CONSTRAINT pk_office PRIMARY KEY (kode_wilayah)
);;
CREATE TABLE partner (
    partner_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    kode_wilayah TEXT,
    webhook_url TEXT,
    secret_sealed BYTEA,
    version INTEGER NOT NULL,
    registered_by TEXT NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_partner PRIMARY KEY (partner_id),
    CONSTRAINT ck_partner_webhook_has_secret CHECK ((webhook_url IS NULL) = (secret_sealed IS NULL)),
    CONSTRAINT ck_partner_version_positive CHECK (version >= 1),
    CONSTRAINT uq_partner_code UNIQUE (code),
    CONSTRAINT ck_partner_partnerkind_known CHECK (kind IN ('KEMENTERIAN', 'LEMBAGA', 'PEMDA', 'BANK', 'BUMN', 'BADAN', 'LAINNYA')),
    CONSTRAINT ck_partner_channel_known CHECK (channel IN ('API_SPLP', 'HOST_TO_HOST', 'FILE', 'PORTAL_LINK', 'SURAT'))
);;
CREATE TABLE rujukan (
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    state VARCHAR(40) NOT NULL,
    paused BOOLEAN NOT NULL,
    matched BOOLEAN NOT NULL,
    sk_no TEXT NOT NULL,
    sk_on DATE NOT NULL,
    certificate_no TEXT,
    effective_on DATE,
    offers_sha256 TEXT,
    withdrawn_reason TEXT,
    opened_on DATE NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_rujukan PRIMARY KEY (rujukan_id),
    CONSTRAINT ck_rujukan_version_positive CHECK (version >= 1),
    CONSTRAINT uq_rujukan_graduasi_id_purpose UNIQUE (graduasi_id, purpose),
    CONSTRAINT ck_rujukan_rujukanpurpose_known CHECK (purpose IN ('PASCAGRADUASI', 'KAMBUH')),
    CONSTRAINT ck_rujukan_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI', 'UNKNOWN')),
    CONSTRAINT ck_rujukan_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN', 'UNKNOWN')),
    CONSTRAINT ck_rujukan_rujukanstate_known CHECK (state IN ('TERBUKA', 'DICABUT', 'TUTUP'))
);;
CREATE INDEX ix_rujukan_kpm_id ON rujukan (kpm_id, rujukan_id);;
CREATE TABLE program (
    program_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    code TEXT NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    benefit_kinds TEXT[] NOT NULL,
    amount_min_rp BIGINT,
    amount_max_rp BIGINT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    send_from VARCHAR(40) NOT NULL,
    sla_days INTEGER NOT NULL,
    minimum_data TEXT[] NOT NULL,
    required_documents TEXT[] NOT NULL,
    legal_basis TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_program PRIMARY KEY (program_id),
    CONSTRAINT uq_program_code_revision UNIQUE (code, revision),
    CONSTRAINT ck_program_benefit_kinds_known CHECK (benefit_kinds <@ ARRAY['MODAL', 'PENDAMPINGAN', 'PASAR', 'PELATIHAN', 'JAMINAN', 'PEKERJAAN']::text[]),
    CONSTRAINT ck_program_minimum_data_known CHECK (minimum_data <@ ARRAY['nik', 'name', 'phone', 'usaha', 'sk_no', 'certificate_no']::text[]),
    CONSTRAINT ck_program_amounts CHECK (amount_min_rp >= 0 AND amount_max_rp >= coalesce(amount_min_rp, 0)),
    CONSTRAINT ck_program_range CHECK (valid_to > valid_from),
    CONSTRAINT ck_program_sla_days_range CHECK (sla_days BETWEEN 1 AND 365),
    CONSTRAINT fk_program_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_program_sendfrom_known CHECK (send_from IN ('determined', 'effective'))
);;
CREATE TABLE relapse_report (
    rujukan_id UUID NOT NULL,
    reported_on DATE NOT NULL,
    month INTEGER NOT NULL,
    cause TEXT NOT NULL,
    reported_by TEXT NOT NULL,
    CONSTRAINT pk_relapse_report PRIMARY KEY (rujukan_id, reported_on),
    CONSTRAINT fk_relapse_report_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id)
);;
CREATE TABLE program_rule (
    program_id UUID NOT NULL,
    number INTEGER NOT NULL,
    field VARCHAR(40) NOT NULL,
    op VARCHAR(40) NOT NULL,
    value JSONB NOT NULL,
    strength VARCHAR(40) NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    CONSTRAINT pk_program_rule PRIMARY KEY (program_id, number),
    CONSTRAINT fk_program_rule_program_id FOREIGN KEY(program_id) REFERENCES program (program_id),
    CONSTRAINT ck_program_rule_rulefield_known CHECK (field IN ('kode_wilayah', 'desil_nas', 'able_productive', 'pengurus_age', 'pengurus_sex', 'usaha_months', 'usaha_omzet_rp', 'usaha_sector', 'usaha_registered', 'owner_age', 'owner_sex', 'members', 'lansia', 'disabilitas', 'komponen', 'aid_programs', 'refusal_codes')),
    CONSTRAINT ck_program_rule_ruleop_known CHECK (op IN ('GE', 'LE', 'EQ', 'IN', 'WITHIN', 'GE_OR_MARRIED', 'ANY_OF', 'NONE_OF')),
    CONSTRAINT ck_program_rule_strength_known CHECK (strength IN ('HARD', 'SOFT'))
);;
CREATE TABLE rujukan_program (
    rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    program_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    program_code TEXT NOT NULL,
    benefit_kinds TEXT[] NOT NULL,
    state VARCHAR(40) NOT NULL,
    reasons JSONB NOT NULL,
    usaha JSONB,
    shared_at TIMESTAMP WITH TIME ZONE,
    sent_on DATE,
    sla_due_on DATE,
    refusal_code VARCHAR(40),
    amount_rp BIGINT,
    delivery_id TEXT,
    delivered_on DATE,
    withdrawn_on DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_rujukan_program PRIMARY KEY (rujukan_program_id),
    CONSTRAINT uq_rujukan_program_once UNIQUE (rujukan_id, program_code),
    CONSTRAINT ck_rujukan_program_refusal_has_code CHECK (state <> 'DITOLAK' OR refusal_code IS NOT NULL),
    CONSTRAINT ck_rujukan_program_delivery_has_date CHECK (state NOT IN ('DISALURKAN', 'TUTUP') OR delivered_on IS NOT NULL),
    CONSTRAINT ck_rujukan_program_draft_is_not_shared CHECK (state NOT IN ('DRAF') OR shared_at IS NULL),
    CONSTRAINT ck_rujukan_program_amount_not_negative CHECK (amount_rp >= 0),
    CONSTRAINT fk_rujukan_program_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id),
    CONSTRAINT fk_rujukan_program_program_id FOREIGN KEY(program_id) REFERENCES program (program_id),
    CONSTRAINT fk_rujukan_program_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (state IN ('DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'GAGAL_KIRIM', 'DITERIMA_SISTEM', 'DIPROSES', 'DISETUJUI', 'DITOLAK', 'PERLU_DATA', 'DAFTAR_TUNGGU', 'DISALURKAN', 'TUTUP', 'KEDALUWARSA', 'DICABUT')),
    CONSTRAINT ck_rujukan_program_refusalcode_known CHECK (refusal_code IN ('TIDAK_MEMENUHI_USIA', 'USAHA_BELUM_6_BULAN', 'TIDAK_ADA_NIB', 'KREDIT_AKTIF_SIKP', 'SLIK_BURUK', 'KUOTA_HABIS', 'DI_LUAR_WILAYAH', 'DATA_TIDAK_PADAN', 'TIDAK_DAPAT_DIHUBUNGI', 'PEMOHON_MENOLAK', 'LAINNYA'))
);;
CREATE INDEX ix_rujukan_program_partner_id ON rujukan_program (partner_id, rujukan_program_id);;
CREATE TABLE answer (
    answer_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    partner_answer_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    status VARCHAR(40) NOT NULL,
    reason_code VARCHAR(40),
    reason_text_sealed BYTEA,
    amount_rp BIGINT,
    answered_on DATE NOT NULL,
    changed BOOLEAN NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_answer PRIMARY KEY (answer_id),
    CONSTRAINT uq_answer_once UNIQUE (rujukan_program_id, partner_answer_id),
    CONSTRAINT fk_answer_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_answer_rujukanprogramstate_known CHECK (status IN ('DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'GAGAL_KIRIM', 'DITERIMA_SISTEM', 'DIPROSES', 'DISETUJUI', 'DITOLAK', 'PERLU_DATA', 'DAFTAR_TUNGGU', 'DISALURKAN', 'TUTUP', 'KEDALUWARSA', 'DICABUT')),
    CONSTRAINT ck_answer_refusalcode_known CHECK (reason_code IN ('TIDAK_MEMENUHI_USIA', 'USAHA_BELUM_6_BULAN', 'TIDAK_ADA_NIB', 'KREDIT_AKTIF_SIKP', 'SLIK_BURUK', 'KUOTA_HABIS', 'DI_LUAR_WILAYAH', 'DATA_TIDAK_PADAN', 'TIDAK_DAPAT_DIHUBUNGI', 'PEMOHON_MENOLAK', 'LAINNYA'))
);;
CREATE TABLE attempt (
    attempt_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    notice VARCHAR(40) NOT NULL,
    fields TEXT[] NOT NULL,
    http_status INTEGER,
    fault TEXT,
    milliseconds INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (attempt_id),
    CONSTRAINT fk_attempt_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_attempt_notice_known CHECK (notice IN ('RUJUKAN', 'DICABUT', 'PENGINGAT', 'KEDALUWARSA'))
);;
CREATE INDEX ix_attempt_of ON attempt (rujukan_program_id, attempt_id);;
CREATE TABLE consent (
    consent_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    partner_id UUID NOT NULL,
    text_version INTEGER NOT NULL,
    channel VARCHAR(40) NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    given_on DATE NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    withdrawn_on DATE,
    withdrawn_reason TEXT,
    withdrawn_by TEXT,
    CONSTRAINT pk_consent PRIMARY KEY (consent_id),
    CONSTRAINT ck_consent_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_consent_withdrawn_after_given CHECK (withdrawn_on >= given_on),
    CONSTRAINT ck_consent_withdrawal_whole CHECK ((withdrawn_on IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_on IS NULL) = (withdrawn_by IS NULL)),
    CONSTRAINT uq_consent_rujukan_program_id UNIQUE (rujukan_program_id),
    CONSTRAINT fk_consent_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_consent_text_version FOREIGN KEY(text_version) REFERENCES consent_text (version),
    CONSTRAINT ck_consent_consentchannel_known CHECK (channel IN ('TATAP_MUKA', 'PUSKESOS', 'TELEPON', 'DARING'))
);;
CREATE TABLE outcome (
    rujukan_program_id UUID NOT NULL,
    month INTEGER NOT NULL,
    still_in_business BOOLEAN NOT NULL,
    omzet_rp BIGINT,
    recorded_on DATE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_outcome PRIMARY KEY (rujukan_program_id, month),
    CONSTRAINT ck_outcome_month_known CHECK (month IN (3, 6, 12, 24)),
    CONSTRAINT ck_outcome_omzet_not_negative CHECK (omzet_rp >= 0),
    CONSTRAINT fk_outcome_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE TABLE rujukan_program_history (
    history_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    from_state TEXT,
    to_state VARCHAR(40) NOT NULL,
    "on" DATE NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_rujukan_program_history PRIMARY KEY (history_id),
    CONSTRAINT fk_rujukan_program_history_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_rujukan_program_history_rujukanprogramstate_known CHECK (to_state IN ('DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'GAGAL_KIRIM', 'DITERIMA_SISTEM', 'DIPROSES', 'DISETUJUI', 'DITOLAK', 'PERLU_DATA', 'DAFTAR_TUNGGU', 'DISALURKAN', 'TUTUP', 'KEDALUWARSA', 'DICABUT'))
);;
CREATE INDEX ix_rujukan_program_history_of ON rujukan_program_history (rujukan_program_id, history_id);;
CREATE EXTENSION IF NOT EXISTS btree_gist;;
ALTER TABLE program ADD CONSTRAINT ex_program_code_range
    EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to) WITH &&);;
"""

# A partner's token opens its own, once they were shared with it, whatever areas it names; anybody else goes by area.
MINE = (
    "CASE WHEN NULLIF(current_setting('pilar.partner', true), '') IS NULL THEN {official} ELSE {partner} END"
)
OWN = "partner_id = NULLIF(current_setting('pilar.partner', true), '')::uuid AND shared_at IS NOT NULL"
AREA = "platform.in_scope(kode_wilayah)"

# Tables that hang on a rujukan program are seen and written by whoever sees that.
PARTS = ("consent", "attempt", "answer", "outcome", "rujukan_program_history")

KEPT = """
REVOKE UPDATE, DELETE ON answer, attempt, outcome, relapse_report, rujukan_program_history, offer_shown, consent_text,
    program_rule FROM referral_api, referral_worker;;
REVOKE DELETE ON partner, program, rujukan, rujukan_program, consent, office FROM referral_api, referral_worker;;
REVOKE ALL ON identity FROM referral_api;;
GRANT DELETE, SELECT (for_id, recipient) ON identity TO referral_api;;
"""

CONSENT_TEXT = """
INSERT INTO consent_text (version, valid_from, text) VALUES (1, '2025-01-01',
'Saya setuju Kementerian Sosial menyampaikan data minimum keluarga saya (NIK, nama, nomor telepon, dan ringkasan usaha) '
'kepada mitra program yang disebutkan, hanya untuk menindaklanjuti rujukan program tersebut setelah graduasi. '
'Data lain, termasuk peringkat kesejahteraan, kesehatan, anak, anggota keluarga lain, dan riwayat bantuan, tidak disampaikan. '
'Saya dapat menarik persetujuan ini kapan saja melalui pendamping, Puskesos, atau Dinas Sosial; penarikan tidak '
'memengaruhi hak saya yang lain.')
"""


def upgrade() -> None:
    schema.platform_v1(op.execute, "referral")
    for replica in ("kpm", "pendamping"):
        schema.replica_schema(op.execute, "referral", replica)
    answers = (Path(__file__).parents[1] / "0001_answers.sql").read_text("utf-8")
    for script in (REPLICA, TABLES, KEPT, answers):
        for statement in filter(str.strip, script.split(";;")):
            op.execute(statement)
    secure("rujukan_program", MINE.format(official=AREA, partner=OWN))
    held = "EXISTS (SELECT FROM rujukan_program p WHERE p.{column} = {table}.{column})"
    for table in PARTS:
        secure(table, held.format(column="rujukan_program_id", table=table))
    secure("rujukan", MINE.format(official=AREA, partner=held.format(column="rujukan_id", table="rujukan")))
    secure("relapse_report", "EXISTS (SELECT FROM rujukan r WHERE r.rujukan_id = relapse_report.rujukan_id)")
    schema.area_security(op.execute, "offer_shown")
    op.execute(CONSENT_TEXT)


def secure(table: str, condition: str) -> None:
    """Let the api role see and write only rows of which the condition holds; the worker bypasses row security."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY whose ON {table} USING ({condition}) WITH CHECK ({condition})")
