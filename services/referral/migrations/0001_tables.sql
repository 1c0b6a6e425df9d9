-- Written from the models by `python -m deploy.contracts`. Change the models, not this file.

CREATE TABLE breaker_limit (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    failures_to_open INTEGER NOT NULL,
    wait_seconds INTEGER NOT NULL,
    partner_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_breaker_limit PRIMARY KEY (partner_code),
    CONSTRAINT ck_breaker_limit_failures_to_open_range CHECK (failures_to_open BETWEEN 1 AND 1000),
    CONSTRAINT ck_breaker_limit_wait_seconds_range CHECK (wait_seconds BETWEEN 1 AND 86400)
);

CREATE TABLE consent_text (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    text TEXT NOT NULL,
    valid_from DATE NOT NULL,
    adult_from INTEGER NOT NULL,
    basis TEXT NOT NULL,
    version INTEGER NOT NULL,
    voided_on DATE,
    CONSTRAINT pk_consent_text PRIMARY KEY (version)
);

CREATE UNIQUE INDEX uq_consent_text_valid_from ON consent_text (valid_from) WHERE voided_on IS NULL;

CREATE TABLE former_member (
    kpm_id UUID NOT NULL,
    anggota_id UUID NOT NULL,
    event_id UUID NOT NULL,
    noted_on DATE NOT NULL,
    CONSTRAINT pk_former_member PRIMARY KEY (kpm_id, anggota_id)
);

CREATE TABLE identity (
    for_id UUID NOT NULL,
    recipient TEXT NOT NULL,
    kpm_id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    arrived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_identity PRIMARY KEY (for_id, recipient)
);

CREATE TABLE intake_window (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    opens_on DATE NOT NULL,
    closes_on DATE,
    window_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    CONSTRAINT pk_intake_window PRIMARY KEY (window_id),
    CONSTRAINT ex_intake_window_range EXCLUDE USING gist (program_code WITH =, daterange(opens_on, closes_on) WITH &&),
    CONSTRAINT ck_intake_window_range CHECK (closes_on >= opens_on)
);

CREATE TABLE offer_shown (
    sha256 TEXT NOT NULL,
    kpm_id UUID NOT NULL,
    shown_on DATE NOT NULL,
    kode_wilayah TEXT NOT NULL,
    offers JSONB NOT NULL,
    CONSTRAINT pk_offer_shown PRIMARY KEY (sha256)
);

CREATE TABLE office (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    version INTEGER NOT NULL,
    CONSTRAINT pk_office PRIMARY KEY (kode_wilayah)
);

CREATE TABLE outcome_rule (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    months INTEGER[] NOT NULL,
    valid_from DATE NOT NULL,
    basis TEXT NOT NULL,
    version INTEGER NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_outcome_rule PRIMARY KEY (version),
    CONSTRAINT ex_outcome_rule_range EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_outcome_rule_some_months CHECK (cardinality(months) > 0 AND 0 < ALL (months) AND 60 >= ALL (months)),
    CONSTRAINT ck_outcome_rule_range CHECK (valid_to >= valid_from)
);

CREATE TABLE partner (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    kode_wilayah TEXT COLLATE "C",
    webhook_url TEXT,
    partner_id UUID NOT NULL,
    version INTEGER NOT NULL,
    secret_sealed BYTEA,
    former_secret_sealed BYTEA,
    former_valid_until TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_partner PRIMARY KEY (partner_id),
    CONSTRAINT ck_partner_webhook_has_secret CHECK ((webhook_url IS NULL) = (secret_sealed IS NULL)),
    CONSTRAINT ck_partner_former_secret_has_newest CHECK (former_secret_sealed IS NULL OR secret_sealed IS NOT NULL),
    CONSTRAINT ck_partner_former_secret_has_end CHECK ((former_secret_sealed IS NULL) = (former_valid_until IS NULL)),
    CONSTRAINT ck_partner_version_positive CHECK (version >= 1),
    CONSTRAINT uq_partner_code UNIQUE (code),
    CONSTRAINT ck_partner_partnerkind_known CHECK (kind = ANY ('{KEMENTERIAN,LEMBAGA,PEMDA,BANK,BUMN,BADAN,LAINNYA}'::text[])),
    CONSTRAINT ck_partner_channel_known CHECK (channel = ANY ('{API_SPLP,HOST_TO_HOST,FILE,PORTAL_LINK,SURAT}'::text[]))
);

CREATE TABLE program_quota (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    places INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    quota_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    taken INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_program_quota PRIMARY KEY (quota_id),
    CONSTRAINT ex_program_quota_range EXCLUDE USING gist (program_code WITH =, kode_wilayah WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_program_quota_taken_within_places CHECK (taken BETWEEN 0 AND places),
    CONSTRAINT ck_program_quota_waiting_not_negative CHECK (waiting >= 0),
    CONSTRAINT ck_program_quota_range CHECK (valid_to >= valid_from),
    CONSTRAINT ck_program_quota_version_positive CHECK (version >= 1)
);

CREATE TABLE replica_kpm.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_dampingan_kpm_id ON replica_kpm.dampingan (kpm_id);

CREATE INDEX ix_dampingan_pendamping_id ON replica_kpm.dampingan (pendamping_id, kpm_id);

CREATE TABLE replica_kpm.kpm (
    kode_wilayah TEXT NOT NULL,
    members INTEGER NOT NULL,
    able_productive INTEGER NOT NULL,
    lansia INTEGER NOT NULL,
    disabilitas INTEGER NOT NULL,
    komponen JSONB NOT NULL,
    desil JSONB NOT NULL,
    pengurus_sex VARCHAR(40),
    pengurus_birth_year INTEGER,
    kpm_id UUID NOT NULL,
    pengurus_id UUID,
    pengurus_married BOOLEAN,
    member_ids UUID[] NOT NULL,
    former_members UUID[] NOT NULL,
    ended_on DATE,
    end_reason VARCHAR(40),
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id),
    CONSTRAINT ck_kpm_sex_known CHECK (pengurus_sex = ANY ('{L,P,UNKNOWN}'::text[])),
    CONSTRAINT ck_kpm_familyendreason_known CHECK (end_reason = ANY ('{MENINGGAL,BERGABUNG,UNKNOWN}'::text[]))
);

CREATE INDEX ix_kpm_area ON replica_kpm.kpm (kode_wilayah, kpm_id);

CREATE TABLE replica_kpm.usaha (
    usaha_id UUID NOT NULL,
    owner_sex VARCHAR(40) NOT NULL,
    owner_birth_year INTEGER NOT NULL,
    owner_married BOOLEAN NOT NULL,
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    owner_id UUID,
    ended_on DATE,
    continues UUID,
    kpm_id UUID NOT NULL,
    CONSTRAINT pk_usaha PRIMARY KEY (usaha_id),
    CONSTRAINT ck_usaha_sex_known CHECK (owner_sex = ANY ('{L,P,UNKNOWN}'::text[])),
    CONSTRAINT ck_usaha_usahasector_known CHECK (sector = ANY ('{MAKANAN,KERAJINAN,JASA,PERTANIAN,PETERNAKAN,PERDAGANGAN,PERIKANAN,LAINNYA,UNKNOWN}'::text[]))
);

CREATE INDEX ix_usaha_kpm_id ON replica_kpm.usaha (kpm_id);

CREATE TABLE replica_pendamping.pendamping_status (
    pendamping_id UUID NOT NULL,
    from_on DATE NOT NULL,
    status VARCHAR(40) NOT NULL,
    CONSTRAINT pk_pendamping_status PRIMARY KEY (pendamping_id, from_on),
    CONSTRAINT ck_pendamping_status_pendampingstatus_known CHECK (status = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN,UNKNOWN}'::text[]))
);

CREATE TABLE replica_pendamping.penugasan (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id)
);

CREATE INDEX ix_penugasan_pendamping_id ON replica_pendamping.penugasan (pendamping_id);

CREATE TABLE replica_pendamping.wilayah_tugas (
    wilayah_tugas_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_wilayah_tugas PRIMARY KEY (wilayah_tugas_id)
);

CREATE INDEX ix_wilayah_tugas_pendamping_id ON replica_pendamping.wilayah_tugas (pendamping_id);

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
    opened_on DATE NOT NULL,
    version INTEGER NOT NULL,
    withdrawn_reason TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_rujukan PRIMARY KEY (rujukan_id),
    CONSTRAINT ck_rujukan_version_positive CHECK (version >= 1),
    CONSTRAINT ck_rujukan_rujukanpurpose_known CHECK (purpose = ANY ('{PASCAGRADUASI,KAMBUH}'::text[])),
    CONSTRAINT ck_rujukan_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI,UNKNOWN}'::text[])),
    CONSTRAINT ck_rujukan_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[])),
    CONSTRAINT ck_rujukan_rujukanstate_known CHECK (state = ANY ('{TERBUKA,DICABUT,TUTUP}'::text[]))
);

CREATE INDEX ix_rujukan_kpm_id ON rujukan (kpm_id, rujukan_id);

CREATE INDEX ix_rujukan_open ON rujukan (rujukan_id) WHERE state = 'TERBUKA';

CREATE INDEX ix_rujukan_updated_at_rujukan_id ON rujukan (updated_at, rujukan_id);

CREATE UNIQUE INDEX uq_rujukan_graduasi_id_purpose ON rujukan (graduasi_id, purpose) WHERE purpose <> 'KAMBUH' OR state <> 'DICABUT';

CREATE TABLE sla_term (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    program_code TEXT,
    remind_before_days INTEGER NOT NULL,
    escalate_after_days INTEGER NOT NULL,
    expire_after_days INTEGER NOT NULL,
    close_after_days INTEGER NOT NULL,
    deliver_within_days INTEGER NOT NULL,
    correct_within_days INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    basis TEXT NOT NULL,
    sla_term_id UUID NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_sla_term PRIMARY KEY (sla_term_id),
    CONSTRAINT ck_sla_term_remind_before_days_range CHECK (remind_before_days BETWEEN 0 AND 364),
    CONSTRAINT ck_sla_term_escalate_after_days_range CHECK (escalate_after_days BETWEEN 1 AND 365),
    CONSTRAINT ck_sla_term_expire_after_days_range CHECK (expire_after_days BETWEEN 1 AND 1825),
    CONSTRAINT ck_sla_term_close_after_days_range CHECK (close_after_days BETWEEN 0 AND 1825),
    CONSTRAINT ck_sla_term_deliver_within_days_range CHECK (deliver_within_days BETWEEN 1 AND 1825),
    CONSTRAINT ck_sla_term_correct_within_days_range CHECK (correct_within_days BETWEEN 0 AND 1825),
    CONSTRAINT ck_sla_term_range CHECK (valid_to >= valid_from),
    CONSTRAINT ex_sla_term_range EXCLUDE USING gist (coalesce(program_code, '') WITH =, daterange(valid_from, valid_to) WITH &&)
);

CREATE TABLE version_void (
    kind VARCHAR(40) NOT NULL,
    version_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    voided_on DATE NOT NULL,
    voided_by TEXT NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_version_void PRIMARY KEY (kind, version_id),
    CONSTRAINT ck_version_void_versionkind_known CHECK (kind = ANY ('{SLA_TERM,OUTCOME_RULE,CONSENT_TEXT,PROGRAM,QUOTA,INTAKE}'::text[]))
);

CREATE TABLE breaker (
    partner_id UUID NOT NULL,
    state VARCHAR(40) NOT NULL,
    failures INTEGER NOT NULL,
    retry_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_breaker PRIMARY KEY (partner_id),
    CONSTRAINT ck_breaker_retry_when_not_closed CHECK ((state = 'CLOSED') = (retry_at IS NULL)),
    CONSTRAINT ck_breaker_failures_not_negative CHECK (failures >= 0),
    CONSTRAINT fk_breaker_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_breaker_breakerstate_known CHECK (state = ANY ('{CLOSED,OPEN,HALF_OPEN}'::text[]))
);

CREATE TABLE partner_change (
    partner_id UUID NOT NULL,
    version INTEGER NOT NULL,
    before JSONB NOT NULL,
    reason TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_partner_change PRIMARY KEY (partner_id, version),
    CONSTRAINT fk_partner_change_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id)
);

CREATE TABLE program (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    code TEXT NOT NULL,
    partner_id UUID NOT NULL,
    name TEXT NOT NULL,
    amount_min_rp BIGINT,
    amount_max_rp BIGINT,
    valid_from DATE NOT NULL,
    send_from VARCHAR(40) NOT NULL,
    sla_days INTEGER NOT NULL,
    required_documents TEXT[] NOT NULL,
    legal_basis TEXT NOT NULL,
    program_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    benefit_kinds TEXT[] NOT NULL,
    minimum_data TEXT[] NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_program PRIMARY KEY (program_id),
    CONSTRAINT uq_program_code_revision UNIQUE (code, revision),
    CONSTRAINT ex_program_code_range EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_program_benefit_kinds_known CHECK (benefit_kinds <@ ARRAY['MODAL', 'PENDAMPINGAN', 'PASAR', 'PELATIHAN', 'JAMINAN', 'PEKERJAAN']::text[]),
    CONSTRAINT ck_program_minimum_data_known CHECK (minimum_data <@ ARRAY['nik', 'name', 'phone', 'usaha', 'sk_no', 'certificate_no', 'persons']::text[]),
    CONSTRAINT ck_program_amounts CHECK (amount_min_rp >= 0 AND amount_max_rp >= coalesce(amount_min_rp, 0)),
    CONSTRAINT ck_program_range CHECK (valid_to >= valid_from),
    CONSTRAINT ck_program_sla_days_range CHECK (sla_days BETWEEN 1 AND 365),
    CONSTRAINT fk_program_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_program_sendfrom_known CHECK (send_from = ANY ('{determined,effective}'::text[]))
);

CREATE TABLE program_quota_change (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    quota_id UUID NOT NULL,
    version INTEGER NOT NULL,
    places INTEGER NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_program_quota_change PRIMARY KEY (quota_id, version),
    CONSTRAINT fk_program_quota_change_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);

CREATE TABLE relapse_report (
    month INTEGER NOT NULL,
    cause VARCHAR(40) NOT NULL,
    reported_on DATE NOT NULL,
    relapse_report_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    voided_on DATE,
    void_reason VARCHAR(40),
    reported_by TEXT NOT NULL,
    voided_by TEXT,
    CONSTRAINT pk_relapse_report PRIMARY KEY (relapse_report_id),
    CONSTRAINT ck_relapse_report_relapsecause_known CHECK (cause = ANY ('{USAHA_TUTUP,KEHILANGAN_PEKERJAAN,SAKIT,KEMATIAN_PENCARI_NAFKAH,BENCANA,LAINNYA}'::text[])),
    CONSTRAINT fk_relapse_report_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id),
    CONSTRAINT ck_relapse_report_voidreason_known CHECK (void_reason = ANY ('{SALAH_KELUARGA,SALAH_TANGGAL,SALAH_ISI,TERCATAT_GANDA,TIDAK_TERJADI,LAINNYA}'::text[]))
);

CREATE UNIQUE INDEX uq_relapse_report_day ON relapse_report (rujukan_id, reported_on) WHERE voided_on IS NULL;

CREATE TABLE rujukan_pause (
    sanggah_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    paused_on DATE NOT NULL,
    resumed_on DATE,
    CONSTRAINT pk_rujukan_pause PRIMARY KEY (sanggah_id, rujukan_id),
    CONSTRAINT ck_rujukan_pause_range CHECK (resumed_on >= paused_on),
    CONSTRAINT fk_rujukan_pause_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id)
);

CREATE INDEX ix_rujukan_pause_rujukan_id ON rujukan_pause (rujukan_id);

CREATE TABLE program_rule (
    field VARCHAR(40) NOT NULL,
    op VARCHAR(40) NOT NULL,
    value JSONB NOT NULL,
    strength VARCHAR(40) NOT NULL,
    counts_predecessor BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    number INTEGER NOT NULL,
    program_id UUID NOT NULL,
    CONSTRAINT pk_program_rule PRIMARY KEY (program_id, number),
    CONSTRAINT ck_program_rule_rulefield_known CHECK (field = ANY ('{kode_wilayah,desil_nas,able_productive,pengurus_age,pengurus_sex,usaha_months,usaha_omzet_rp,usaha_sector,usaha_registered,owner_age,owner_sex,members,lansia,disabilitas,komponen,aid_programs,refusal_codes}'::text[])),
    CONSTRAINT ck_program_rule_ruleop_known CHECK (op = ANY ('{GE,LE,EQ,IN,WITHIN,GE_OR_MARRIED,ANY_OF,NONE_OF}'::text[])),
    CONSTRAINT ck_program_rule_strength_known CHECK (strength = ANY ('{HARD,SOFT}'::text[])),
    CONSTRAINT fk_program_rule_program_id FOREIGN KEY(program_id) REFERENCES program (program_id)
);

CREATE TABLE rujukan_program (
    rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    program_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    benefit_kinds TEXT[] NOT NULL,
    kode_wilayah TEXT NOT NULL,
    state VARCHAR(40) NOT NULL,
    sent_on DATE,
    sla_due_on DATE,
    refusal_code VARCHAR(40),
    amount_rp BIGINT,
    delivered_on DATE,
    delivered_late BOOLEAN NOT NULL,
    shared_on DATE,
    shared_fields TEXT[] NOT NULL,
    withdrawn_on DATE,
    version INTEGER NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    reasons JSONB NOT NULL,
    usaha JSONB,
    usaha_id UUID,
    lapsed_on DATE,
    shared_at TIMESTAMP WITH TIME ZONE,
    delivery_id TEXT,
    delivery_recorded_on DATE,
    delivery_recorded_by TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_rujukan_program PRIMARY KEY (rujukan_program_id),
    CONSTRAINT ck_rujukan_program_refusal_has_code CHECK (state <> 'DITOLAK' OR refusal_code IS NOT NULL),
    CONSTRAINT ck_rujukan_program_delivery_has_date CHECK (state NOT IN ('DISALURKAN', 'TUTUP') OR delivered_on IS NOT NULL),
    CONSTRAINT ck_rujukan_program_draft_is_not_shared CHECK (state NOT IN ('DRAF') OR shared_at IS NULL),
    CONSTRAINT ck_rujukan_program_amount_not_negative CHECK (amount_rp >= 0),
    CONSTRAINT ck_rujukan_program_sharing_complete CHECK ((shared_on IS NULL) = (shared_fields = '{}')),
    CONSTRAINT fk_rujukan_program_rujukan_id FOREIGN KEY(rujukan_id) REFERENCES rujukan (rujukan_id),
    CONSTRAINT fk_rujukan_program_program_id FOREIGN KEY(program_id) REFERENCES program (program_id),
    CONSTRAINT fk_rujukan_program_partner_id FOREIGN KEY(partner_id) REFERENCES partner (partner_id),
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (state = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT}'::text[])),
    CONSTRAINT ck_rujukan_program_refusalcode_known CHECK (refusal_code = ANY ('{TIDAK_MEMENUHI_USIA,USAHA_BELUM_6_BULAN,TIDAK_ADA_NIB,KREDIT_AKTIF_SIKP,SLIK_BURUK,KUOTA_HABIS,DI_LUAR_WILAYAH,DATA_TIDAK_PADAN,TIDAK_DAPAT_DIHUBUNGI,PEMOHON_MENOLAK,LAINNYA}'::text[]))
);

CREATE INDEX ix_rujukan_program_area ON rujukan_program (kode_wilayah, rujukan_program_id);

CREATE INDEX ix_rujukan_program_kpm_id ON rujukan_program (kpm_id, rujukan_program_id);

CREATE INDEX ix_rujukan_program_partner_id ON rujukan_program (partner_id, rujukan_program_id);

CREATE INDEX ix_rujukan_program_state_area ON rujukan_program (state, kode_wilayah, rujukan_program_id);

CREATE INDEX ix_rujukan_program_updated_at_rujukan_program_id ON rujukan_program (updated_at, rujukan_program_id);

CREATE UNIQUE INDEX uq_rujukan_program_once ON rujukan_program (rujukan_id, program_code) WHERE lapsed_on IS NULL;

CREATE TABLE consent (
    text_version INTEGER NOT NULL,
    channel VARCHAR(40) NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    given_on DATE NOT NULL,
    consent_id UUID NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    withdrawn_on DATE,
    withdrawn_by TEXT,
    lapsed_on DATE,
    lapse_reason VARCHAR(40),
    rujukan_program_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    partner_id UUID NOT NULL,
    lapse_event_id UUID,
    withdrawn_reason_sealed BYTEA,
    CONSTRAINT pk_consent PRIMARY KEY (consent_id),
    CONSTRAINT ck_consent_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_consent_withdrawn_after_given CHECK (withdrawn_on >= given_on),
    CONSTRAINT ck_consent_withdrawal_complete CHECK ((withdrawn_on IS NULL) = (withdrawn_reason_sealed IS NULL) AND (withdrawn_on IS NULL) = (withdrawn_by IS NULL)),
    CONSTRAINT ck_consent_lapse_complete CHECK ((lapsed_on IS NULL) = (lapse_reason IS NULL) AND (lapsed_on IS NULL) = (lapse_event_id IS NULL)),
    CONSTRAINT fk_consent_text_version FOREIGN KEY(text_version) REFERENCES consent_text (version),
    CONSTRAINT ck_consent_consentchannel_known CHECK (channel = ANY ('{TATAP_MUKA,PUSKESOS,TELEPON,DARING}'::text[])),
    CONSTRAINT ck_consent_lapsereason_known CHECK (lapse_reason = ANY ('{PERSON_LEFT,USAHA_ENDED}'::text[])),
    CONSTRAINT uq_consent_rujukan_program_id UNIQUE (rujukan_program_id),
    CONSTRAINT fk_consent_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE TABLE correction (
    correction_id UUID NOT NULL,
    subject VARCHAR(40) NOT NULL,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    corrected_on DATE NOT NULL,
    by TEXT NOT NULL,
    rujukan_program_id UUID NOT NULL,
    reason_sealed BYTEA NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_correction PRIMARY KEY (correction_id),
    CONSTRAINT ck_correction_correctionsubject_known CHECK (subject = ANY ('{ANSWER,DELIVERY,OUTCOME}'::text[])),
    CONSTRAINT fk_correction_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_correction_rujukan_program_id ON correction (rujukan_program_id, correction_id);

CREATE TABLE deadline (
    rujukan_program_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE NOT NULL,
    sla_term_id UUID NOT NULL,
    passed_on DATE,
    CONSTRAINT pk_deadline PRIMARY KEY (rujukan_program_id, kind),
    CONSTRAINT fk_deadline_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_deadline_deadlinekind_known CHECK (kind = ANY ('{REMINDER,ESCALATION,EXPIRY}'::text[])),
    CONSTRAINT fk_deadline_sla_term_id FOREIGN KEY(sla_term_id) REFERENCES sla_term (sla_term_id)
);

CREATE TABLE delivery_attempt (
    attempt_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    notice VARCHAR(40) NOT NULL,
    fields TEXT[] NOT NULL,
    http_status INTEGER,
    fault TEXT,
    milliseconds INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    partner_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    CONSTRAINT pk_delivery_attempt PRIMARY KEY (attempt_id),
    CONSTRAINT ck_delivery_attempt_notice_known CHECK (notice = ANY ('{RUJUKAN,KELENGKAPAN,DICABUT,PENGINGAT,PENGINGAT_PENYALURAN,KEDALUWARSA}'::text[])),
    CONSTRAINT fk_delivery_attempt_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_delivery_attempt_partner_id ON delivery_attempt (partner_id, recorded_at, attempt_id);

CREATE INDEX ix_delivery_attempt_rujukan_program_id ON delivery_attempt (rujukan_program_id, attempt_id);

CREATE TABLE escalation (
    escalation_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    awaited VARCHAR(40) NOT NULL,
    sla_due_on DATE NOT NULL,
    raised_on DATE NOT NULL,
    settled_on DATE,
    acknowledged_on DATE,
    acknowledged_by TEXT,
    note_sealed BYTEA,
    withdrawn_sealed BYTEA,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_escalation PRIMARY KEY (escalation_id),
    CONSTRAINT uq_escalation_once UNIQUE (rujukan_program_id, sla_due_on),
    CONSTRAINT ck_escalation_settled_after CHECK (settled_on >= raised_on),
    CONSTRAINT ck_escalation_acknowledgement_complete CHECK ((acknowledged_on IS NULL) = (acknowledged_by IS NULL) AND (acknowledged_on IS NULL) = (note_sealed IS NULL)),
    CONSTRAINT fk_escalation_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_escalation_awaited_known CHECK (awaited = ANY ('{ANSWER,DELIVERY}'::text[]))
);

CREATE INDEX ix_escalation_open ON escalation (escalation_id) WHERE acknowledged_on IS NULL AND settled_on IS NULL;

CREATE INDEX ix_escalation_updated_at_escalation_id ON escalation (updated_at, escalation_id);

CREATE TABLE next_best (
    after_rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    rujukan_program_id UUID,
    en TEXT NOT NULL,
    id TEXT NOT NULL,
    proposed_on DATE NOT NULL,
    proposed_by TEXT NOT NULL,
    considered JSONB NOT NULL,
    drafted BOOLEAN NOT NULL,
    CONSTRAINT pk_next_best PRIMARY KEY (after_rujukan_program_id),
    CONSTRAINT fk_next_best_after_rujukan_program_id FOREIGN KEY(after_rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_next_best_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_next_best_rujukan_id ON next_best (rujukan_id, after_rujukan_program_id);

CREATE TABLE outcome (
    month INTEGER NOT NULL,
    still_in_business BOOLEAN NOT NULL,
    omzet_rp BIGINT,
    recorded_on DATE NOT NULL,
    late BOOLEAN NOT NULL,
    rujukan_program_id UUID NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_outcome PRIMARY KEY (rujukan_program_id, month),
    CONSTRAINT ck_outcome_month_positive CHECK (month > 0),
    CONSTRAINT ck_outcome_omzet_not_negative CHECK (omzet_rp >= 0),
    CONSTRAINT fk_outcome_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE TABLE outcome_task (
    rujukan_program_id UUID NOT NULL,
    month INTEGER NOT NULL,
    program_code TEXT NOT NULL,
    kode_wilayah TEXT NOT NULL,
    due_on DATE NOT NULL,
    kpm_id UUID NOT NULL,
    closed_on DATE,
    CONSTRAINT pk_outcome_task PRIMARY KEY (rujukan_program_id, month),
    CONSTRAINT ck_outcome_task_month_positive CHECK (month > 0),
    CONSTRAINT fk_outcome_task_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_outcome_task_kpm_id ON outcome_task (kpm_id) WHERE closed_on IS NULL;

CREATE INDEX ix_outcome_task_open ON outcome_task (due_on, rujukan_program_id, month) WHERE closed_on IS NULL;

CREATE TABLE partner_answer (
    answer_id TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    reason_code VARCHAR(40),
    amount_rp BIGINT,
    answered_on DATE NOT NULL,
    partner_answer_id UUID NOT NULL,
    changed BOOLEAN NOT NULL,
    late BOOLEAN NOT NULL,
    corrects_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    rujukan_program_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    reason_text_sealed BYTEA,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_partner_answer PRIMARY KEY (partner_answer_id),
    CONSTRAINT uq_partner_answer_once UNIQUE (rujukan_program_id, answer_id),
    CONSTRAINT ck_partner_answer_rujukanprogramstate_known CHECK (status = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT}'::text[])),
    CONSTRAINT ck_partner_answer_refusalcode_known CHECK (reason_code = ANY ('{TIDAK_MEMENUHI_USIA,USAHA_BELUM_6_BULAN,TIDAK_ADA_NIB,KREDIT_AKTIF_SIKP,SLIK_BURUK,KUOTA_HABIS,DI_LUAR_WILAYAH,DATA_TIDAK_PADAN,TIDAK_DAPAT_DIHUBUNGI,PEMOHON_MENOLAK,LAINNYA}'::text[])),
    CONSTRAINT fk_partner_answer_corrects_id FOREIGN KEY(corrects_id) REFERENCES partner_answer (partner_answer_id),
    CONSTRAINT fk_partner_answer_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE TABLE partner_notice (
    notice_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    notice VARCHAR(40) NOT NULL,
    "on" DATE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE,
    taken_by TEXT,
    partner_id UUID NOT NULL,
    CONSTRAINT pk_partner_notice PRIMARY KEY (notice_id),
    CONSTRAINT ck_partner_notice_taken_complete CHECK ((taken_at IS NULL) = (taken_by IS NULL)),
    CONSTRAINT fk_partner_notice_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_partner_notice_notice_known CHECK (notice = ANY ('{RUJUKAN,KELENGKAPAN,DICABUT,PENGINGAT,PENGINGAT_PENYALURAN,KEDALUWARSA}'::text[]))
);

CREATE INDEX ix_partner_notice_created_at ON partner_notice (partner_id, created_at, notice_id);

CREATE INDEX ix_partner_notice_rujukan_program_id ON partner_notice (rujukan_program_id);

CREATE INDEX ix_partner_notice_waiting ON partner_notice (partner_id, created_at, notice_id) WHERE taken_at IS NULL;

CREATE TABLE quota_place (
    place_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    quota_id UUID NOT NULL,
    taken_on DATE NOT NULL,
    released_on DATE,
    released_as TEXT,
    CONSTRAINT pk_quota_place PRIMARY KEY (place_id),
    CONSTRAINT ck_quota_place_release_complete CHECK ((released_on IS NULL) = (released_as IS NULL)),
    CONSTRAINT ck_quota_place_released_after CHECK (released_on >= taken_on),
    CONSTRAINT fk_quota_place_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT fk_quota_place_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);

CREATE INDEX ix_quota_place_quota_id ON quota_place (quota_id);

CREATE UNIQUE INDEX uq_quota_place_held ON quota_place (rujukan_program_id, quota_id) WHERE released_on IS NULL;

CREATE TABLE rujukan_program_history (
    history_id UUID NOT NULL,
    to_state VARCHAR(40) NOT NULL,
    from_state VARCHAR(40),
    "on" DATE NOT NULL,
    sub TEXT NOT NULL,
    role TEXT NOT NULL,
    pendamping_id UUID,
    reason_code VARCHAR(40) NOT NULL,
    detail TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    rujukan_program_id UUID NOT NULL,
    CONSTRAINT pk_rujukan_program_history PRIMARY KEY (history_id),
    CONSTRAINT ck_rujukan_program_history_move_legal CHECK ((coalesce(from_state, '') || '>' || to_state) = ANY ('{>DRAF,DRAF>DICABUT,DRAF>DISETUJUI_KPM,DISETUJUI_KPM>DICABUT,DISETUJUI_KPM>GAGAL_KIRIM,DISETUJUI_KPM>TERKIRIM,TERKIRIM>DICABUT,TERKIRIM>DITERIMA_SISTEM,TERKIRIM>GAGAL_KIRIM,TERKIRIM>KEDALUWARSA,GAGAL_KIRIM>DICABUT,GAGAL_KIRIM>TERKIRIM,DITERIMA_SISTEM>DAFTAR_TUNGGU,DITERIMA_SISTEM>DICABUT,DITERIMA_SISTEM>DIPROSES,DITERIMA_SISTEM>DISETUJUI,DITERIMA_SISTEM>DITOLAK,DITERIMA_SISTEM>KEDALUWARSA,DITERIMA_SISTEM>PERLU_DATA,DIPROSES>DAFTAR_TUNGGU,DIPROSES>DICABUT,DIPROSES>DISETUJUI,DIPROSES>DITERIMA_SISTEM,DIPROSES>DITOLAK,DIPROSES>KEDALUWARSA,DIPROSES>PERLU_DATA,PERLU_DATA>DAFTAR_TUNGGU,PERLU_DATA>DICABUT,PERLU_DATA>DIPROSES,PERLU_DATA>DISETUJUI,PERLU_DATA>DITERIMA_SISTEM,PERLU_DATA>DITOLAK,PERLU_DATA>KEDALUWARSA,DAFTAR_TUNGGU>DICABUT,DAFTAR_TUNGGU>DIPROSES,DAFTAR_TUNGGU>DISETUJUI,DAFTAR_TUNGGU>DITERIMA_SISTEM,DAFTAR_TUNGGU>DITOLAK,DAFTAR_TUNGGU>KEDALUWARSA,DAFTAR_TUNGGU>PERLU_DATA,DISETUJUI>DAFTAR_TUNGGU,DISETUJUI>DICABUT,DISETUJUI>DIPROSES,DISETUJUI>DISALURKAN,DISETUJUI>DITERIMA_SISTEM,DISETUJUI>DITOLAK,DISETUJUI>PERLU_DATA,DISALURKAN>DICABUT,DISALURKAN>DISETUJUI,DISALURKAN>KEDALUWARSA,DISALURKAN>TUTUP,DITOLAK>DAFTAR_TUNGGU,DITOLAK>DIPROSES,DITOLAK>DISETUJUI,DITOLAK>DITERIMA_SISTEM,DITOLAK>PERLU_DATA,KEDALUWARSA>DAFTAR_TUNGGU,KEDALUWARSA>DIPROSES,KEDALUWARSA>DISALURKAN,KEDALUWARSA>DISETUJUI,KEDALUWARSA>DITERIMA_SISTEM,KEDALUWARSA>DITOLAK,KEDALUWARSA>PERLU_DATA,TUTUP>DISALURKAN,TUTUP>DISETUJUI,TUTUP>KEDALUWARSA}'::text[])),
    CONSTRAINT ck_rujukan_program_history_rujukanprogramstate_known CHECK (to_state = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT}'::text[])),
    CONSTRAINT ck_rujukan_program_history_from_state_known CHECK (from_state = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT}'::text[])),
    CONSTRAINT ck_rujukan_program_history_movereason_known CHECK (reason_code = ANY ('{DICOCOKKAN,DICOCOKKAN_LAGI,PILIHAN_BERIKUTNYA,DITAWARKAN_LAGI,DITOLAK_KELUARGA,PERSETUJUAN_DIBERIKAN,PERSETUJUAN_DICABUT,DITERIMA_MITRA,TIDAK_TERKIRIM,TERSIRAT,JAWABAN_MITRA,JAWABAN_TERLAMBAT,JAWABAN_DIPERBAIKI,PENYALURAN,PENYALURAN_TERLAMBAT,PENYALURAN_DIBATALKAN,DATA_DILENGKAPI,DATA_DIBATALKAN,HASIL_TERAKHIR,HASIL_DIBATALKAN,BATAS_WAKTU,PENERIMAAN_DIBUKA,PENAWARAN_SEMULA_BERLAKU,KELULUSAN_DIPULIHKAN,KAMBUH_DIBATALKAN,PERSON_LEFT,USAHA_ENDED,FAMILY_ENDED}'::text[])),
    CONSTRAINT fk_rujukan_program_history_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_rujukan_program_history_rujukan_program_id ON rujukan_program_history (rujukan_program_id, history_id);

CREATE TABLE waiting_list_entry (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    rujukan_program_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    reason VARCHAR(40) NOT NULL,
    quota_id UUID,
    since_on DATE NOT NULL,
    program_code TEXT NOT NULL,
    left_on DATE,
    left_as TEXT,
    CONSTRAINT pk_waiting_list_entry PRIMARY KEY (number),
    CONSTRAINT ck_waiting_list_entry_leaving_complete CHECK ((left_on IS NULL) = (left_as IS NULL)),
    CONSTRAINT ck_waiting_list_entry_left_after CHECK (left_on >= since_on),
    CONSTRAINT ck_waiting_list_entry_quota_only_when_full CHECK ((quota_id IS NULL) = (reason <> 'KUOTA_PENUH')),
    CONSTRAINT fk_waiting_list_entry_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id),
    CONSTRAINT ck_waiting_list_entry_waitingreason_known CHECK (reason = ANY ('{KUOTA_PENUH,TANPA_KUOTA,PENERIMAAN_TUTUP,DAFTAR_MITRA}'::text[])),
    CONSTRAINT fk_waiting_list_entry_quota_id FOREIGN KEY(quota_id) REFERENCES program_quota (quota_id)
);

CREATE INDEX ix_waiting_list_entry_order ON waiting_list_entry (program_code, number) WHERE left_on IS NULL;

CREATE UNIQUE INDEX uq_waiting_list_entry_once ON waiting_list_entry (rujukan_program_id) WHERE left_on IS NULL;

CREATE TABLE consent_person (
    role VARCHAR(40) NOT NULL,
    anggota_id UUID NOT NULL,
    signed_by UUID NOT NULL,
    consent_id UUID NOT NULL,
    rujukan_program_id UUID NOT NULL,
    CONSTRAINT pk_consent_person PRIMARY KEY (consent_id, role),
    CONSTRAINT ck_consent_person_personrole_known CHECK (role = ANY ('{SIGNER,OWNER}'::text[])),
    CONSTRAINT fk_consent_person_consent_id FOREIGN KEY(consent_id) REFERENCES consent (consent_id),
    CONSTRAINT fk_consent_person_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_consent_person_rujukan_program_id ON consent_person (rujukan_program_id);

CREATE TABLE data_supply (
    fields TEXT[] NOT NULL,
    files TEXT[] NOT NULL,
    notice_id UUID NOT NULL,
    supplied_on DATE NOT NULL,
    supplied_by TEXT NOT NULL,
    voided_on DATE,
    voided_by TEXT,
    void_reason VARCHAR(40),
    rujukan_program_id UUID NOT NULL,
    content_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_data_supply PRIMARY KEY (notice_id),
    CONSTRAINT fk_data_supply_notice_id FOREIGN KEY(notice_id) REFERENCES partner_notice (notice_id),
    CONSTRAINT ck_data_supply_voidreason_known CHECK (void_reason = ANY ('{SALAH_KELUARGA,SALAH_TANGGAL,SALAH_ISI,TERCATAT_GANDA,TIDAK_TERJADI,LAINNYA}'::text[])),
    CONSTRAINT fk_data_supply_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_data_supply_rujukan_program_id ON data_supply (rujukan_program_id, notice_id);

CREATE TABLE inbox_read (
    read_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    by TEXT NOT NULL,
    purpose TEXT NOT NULL,
    fields TEXT[] NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    rujukan_program_id UUID NOT NULL,
    CONSTRAINT pk_inbox_read PRIMARY KEY (read_id),
    CONSTRAINT fk_inbox_read_notice_id FOREIGN KEY(notice_id) REFERENCES partner_notice (notice_id),
    CONSTRAINT fk_inbox_read_rujukan_program_id FOREIGN KEY(rujukan_program_id) REFERENCES rujukan_program (rujukan_program_id)
);

CREATE INDEX ix_inbox_read_notice_id ON inbox_read (notice_id);

CREATE INDEX ix_inbox_read_rujukan_program_id ON inbox_read (rujukan_program_id, read_id);

CREATE TRIGGER updated BEFORE UPDATE ON partner FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON rujukan FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{TERBUKA>DICABUT,TERBUKA>TUTUP,TUTUP>DICABUT,TUTUP>TERBUKA}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON rujukan FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON rujukan_program FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{DRAF>DICABUT,DRAF>DISETUJUI_KPM,DISETUJUI_KPM>DICABUT,DISETUJUI_KPM>GAGAL_KIRIM,DISETUJUI_KPM>TERKIRIM,TERKIRIM>DICABUT,TERKIRIM>DITERIMA_SISTEM,TERKIRIM>GAGAL_KIRIM,TERKIRIM>KEDALUWARSA,GAGAL_KIRIM>DICABUT,GAGAL_KIRIM>TERKIRIM,DITERIMA_SISTEM>DAFTAR_TUNGGU,DITERIMA_SISTEM>DICABUT,DITERIMA_SISTEM>DIPROSES,DITERIMA_SISTEM>DISETUJUI,DITERIMA_SISTEM>DITOLAK,DITERIMA_SISTEM>KEDALUWARSA,DITERIMA_SISTEM>PERLU_DATA,DIPROSES>DAFTAR_TUNGGU,DIPROSES>DICABUT,DIPROSES>DISETUJUI,DIPROSES>DITERIMA_SISTEM,DIPROSES>DITOLAK,DIPROSES>KEDALUWARSA,DIPROSES>PERLU_DATA,PERLU_DATA>DAFTAR_TUNGGU,PERLU_DATA>DICABUT,PERLU_DATA>DIPROSES,PERLU_DATA>DISETUJUI,PERLU_DATA>DITERIMA_SISTEM,PERLU_DATA>DITOLAK,PERLU_DATA>KEDALUWARSA,DAFTAR_TUNGGU>DICABUT,DAFTAR_TUNGGU>DIPROSES,DAFTAR_TUNGGU>DISETUJUI,DAFTAR_TUNGGU>DITERIMA_SISTEM,DAFTAR_TUNGGU>DITOLAK,DAFTAR_TUNGGU>KEDALUWARSA,DAFTAR_TUNGGU>PERLU_DATA,DISETUJUI>DAFTAR_TUNGGU,DISETUJUI>DICABUT,DISETUJUI>DIPROSES,DISETUJUI>DISALURKAN,DISETUJUI>DITERIMA_SISTEM,DISETUJUI>DITOLAK,DISETUJUI>PERLU_DATA,DISALURKAN>DICABUT,DISALURKAN>DISETUJUI,DISALURKAN>KEDALUWARSA,DISALURKAN>TUTUP,DITOLAK>DAFTAR_TUNGGU,DITOLAK>DIPROSES,DITOLAK>DISETUJUI,DITOLAK>DITERIMA_SISTEM,DITOLAK>PERLU_DATA,KEDALUWARSA>DAFTAR_TUNGGU,KEDALUWARSA>DIPROSES,KEDALUWARSA>DISALURKAN,KEDALUWARSA>DISETUJUI,KEDALUWARSA>DITERIMA_SISTEM,KEDALUWARSA>DITOLAK,KEDALUWARSA>PERLU_DATA,TUTUP>DISALURKAN,TUTUP>DISETUJUI,TUTUP>KEDALUWARSA}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON rujukan_program FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON escalation FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();
