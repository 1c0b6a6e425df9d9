-- Rujukan, what each holds, and all that happens to them; at the end what nobody may change or delete.
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
CREATE TABLE relapse_report (
    rujukan_id UUID NOT NULL,
    reported_on DATE NOT NULL,
    month INTEGER NOT NULL,
    cause VARCHAR(40) NOT NULL,
    reported_by TEXT NOT NULL,
    CONSTRAINT ck_relapse_report_relapsecause_known CHECK (cause IN ('USAHA_TUTUP', 'KEHILANGAN_PEKERJAAN', 'SAKIT', 'KEMATIAN_PENCARI_NAFKAH', 'BENCANA', 'LAINNYA')),
    CONSTRAINT pk_relapse_report PRIMARY KEY (rujukan_id, reported_on),
    CONSTRAINT fk_relapse_report_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id)
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
    CONSTRAINT ck_attempt_notice_known CHECK (notice IN ('RUJUKAN', 'DICABUT', 'PENGINGAT', 'PENGINGAT_PENYALURAN', 'KEDALUWARSA'))
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
    CONSTRAINT ck_outcome_month_positive CHECK (month > 0),
    CONSTRAINT ck_outcome_omzet_not_negative CHECK (omzet_rp >= 0),
    CONSTRAINT fk_outcome_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);;
CREATE TABLE outcome_rule (
    version INTEGER NOT NULL,
    months INTEGER[] NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    basis TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_outcome_rule PRIMARY KEY (version),
    CONSTRAINT ex_outcome_rule_range EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_outcome_rule_some_months CHECK (cardinality(months) > 0 AND 0 < ALL (months) AND 60 >= ALL (months)),
    CONSTRAINT ck_outcome_rule_range CHECK (valid_to > valid_from)
);;
INSERT INTO outcome_rule (version, months, valid_from, basis, set_by)
    VALUES (1, ARRAY[3, 6, 12, 24], '2000-01-01', 'Isi pertama: hasil bantuan pada bulan ke-3, 6, 12, dan 24', 'system:referral');;
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
REVOKE UPDATE, DELETE ON answer, attempt, outcome, relapse_report, rujukan_program_history, offer_shown, consent_text,
    program_rule FROM referral_api, referral_worker;;
REVOKE UPDATE, DELETE ON outcome_rule FROM referral_api, referral_worker;;
GRANT UPDATE (valid_to) ON outcome_rule TO referral_api;;
REVOKE DELETE ON partner, program, rujukan, rujukan_program, consent, office FROM referral_api, referral_worker;;
REVOKE ALL ON identity FROM referral_api;;
GRANT DELETE, SELECT (for_id, recipient) ON identity TO referral_api;;
