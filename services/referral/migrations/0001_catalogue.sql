-- Who offers what to whom, and the text to which a family agrees.
CREATE EXTENSION IF NOT EXISTS btree_gist;;
CREATE TABLE consent_text (
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    text TEXT NOT NULL,
    basis TEXT NOT NULL,
    set_by TEXT NOT NULL,
    CONSTRAINT pk_consent_text PRIMARY KEY (version),
    CONSTRAINT uq_consent_text_valid_from UNIQUE (valid_from)
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
ALTER TABLE program ADD CONSTRAINT ex_program_code_range
    EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to) WITH &&);;
INSERT INTO consent_text (version, valid_from, basis, set_by, text) VALUES (1, '2025-01-01', 'Isi pertama, sampai ditetapkan', 'system:referral',
'Saya setuju Kementerian Sosial menyampaikan data minimum keluarga saya (NIK, nama, nomor telepon, dan ringkasan usaha) '
'kepada mitra program yang disebutkan, hanya untuk menindaklanjuti rujukan program tersebut setelah graduasi. '
'Data lain, termasuk peringkat kesejahteraan, kesehatan, anak, anggota keluarga lain, dan riwayat bantuan, tidak disampaikan. '
'Saya dapat menarik persetujuan ini kapan saja melalui pendamping, Puskesos, atau Dinas Sosial; penarikan tidak '
'memengaruhi hak saya yang lain.');;
