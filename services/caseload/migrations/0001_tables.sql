-- Written from the models by `python -m deploy.contracts`. Change the models, not this file.

CREATE TABLE age_rule (
    valid DATERANGE NOT NULL,
    version INTEGER NOT NULL,
    able_from SMALLINT NOT NULL,
    able_below SMALLINT NOT NULL,
    lansia_from SMALLINT NOT NULL,
    without_nik_below SMALLINT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_age_rule PRIMARY KEY (version)
);

CREATE TABLE approval_request (
    approval_request_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    subject_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C",
    body_sha256 TEXT NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    state VARCHAR(40) NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by TEXT,
    closed_at TIMESTAMP WITH TIME ZONE,
    expires_on DATE NOT NULL,
    refused_as TEXT,
    body_sealed BYTEA NOT NULL,
    requested_by_sub TEXT NOT NULL,
    decided_by_sub TEXT,
    decision_reason_sealed BYTEA,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_approval_request PRIMARY KEY (approval_request_id),
    CONSTRAINT ck_approval_request_sha256_form CHECK (body_sha256 ~ '^[0-9a-f]{64}$' AND evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_approval_request_decided_by_another_person CHECK (decided_by <> requested_by AND decided_by_sub <> requested_by_sub),
    CONSTRAINT ck_approval_request_decided_by_somebody CHECK ((state IN ('APPROVED', 'REFUSED')) = (decided_by IS NOT NULL AND decided_by_sub IS NOT NULL)),
    CONSTRAINT ck_approval_request_closed_once CHECK ((state = 'REQUESTED') = (closed_at IS NULL)),
    CONSTRAINT ck_approval_request_lapsed_for_a_refusal CHECK ((state = 'LAPSED') = (refused_as IS NOT NULL)),
    CONSTRAINT ck_approval_request_approvalkind_known CHECK (kind = ANY ('{ANNULMENT,DISMISSAL,DEATH_REVERSAL,STATUS_REVERSAL,MEMBERSHIP_VOID,MONITORING_REVERSAL,SK_CORRECTION,BACK_PAY_CORRECTION}'::text[])),
    CONSTRAINT ck_approval_request_approvalstate_known CHECK (state = ANY ('{REQUESTED,APPROVED,REFUSED,WITHDRAWN,EXPIRED,LAPSED}'::text[]))
);

CREATE INDEX ix_approval_request_state_approval_request_id ON approval_request (state, approval_request_id);

CREATE INDEX ix_approval_request_subject_id ON approval_request (subject_id);

CREATE UNIQUE INDEX uq_approval_request_open ON approval_request (kind, subject_id) WHERE state = 'REQUESTED';

CREATE TABLE approval_rule (
    valid_from DATE NOT NULL,
    days INTEGER NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_approval_rule PRIMARY KEY (valid_from)
);

CREATE TABLE case_mark (
    graduasi_id UUID NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    state VARCHAR(40) NOT NULL,
    held BOOLEAN DEFAULT false NOT NULL,
    sk_no TEXT,
    sk_on DATE,
    announced_on DATE,
    term_ends_on DATE,
    effective_tahap TEXT,
    effective_on DATE,
    certificate_no TEXT,
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    last_payable_tahap TEXT,
    reason TEXT,
    back_pay JSONB DEFAULT '[]' NOT NULL,
    facts JSONB DEFAULT '{}' NOT NULL,
    monitored BOOLEAN DEFAULT false NOT NULL,
    monitoring_ended_on DATE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_mark PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_case_mark_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[])),
    CONSTRAINT ck_case_mark_casestate_known CHECK (state = ANY ('{OPEN,CLOSED,DETERMINED,EFFECTIVE,ANNULLED}'::text[]))
);

CREATE INDEX ix_case_mark_ahead ON case_mark (state, kpm_id) WHERE state IN ('OPEN', 'DETERMINED', 'EFFECTIVE');

CREATE INDEX ix_case_mark_kepesertaan_id ON case_mark (kepesertaan_id);

CREATE INDEX ix_case_mark_kpm_id ON case_mark (kpm_id);

CREATE TABLE dampingan_limit (
    valid DATERANGE NOT NULL,
    cancelled_from DATE,
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    kind VARCHAR(40) NOT NULL,
    warn_above INTEGER NOT NULL,
    refuse_above INTEGER NOT NULL,
    basis TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_dampingan_limit PRIMARY KEY (kind, version),
    CONSTRAINT ex_dampingan_limit_one_at_a_time EXCLUDE USING gist (kind WITH =, valid WITH &&),
    CONSTRAINT ck_dampingan_limit_warning_below_refusal CHECK (0 < warn_above AND warn_above < refuse_above),
    CONSTRAINT ck_dampingan_limit_cancelled_is_empty CHECK (isempty(valid) = (cancelled_from IS NOT NULL)),
    CONSTRAINT ck_dampingan_limit_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[]))
);

CREATE TABLE dampingan_load (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    weighing INTEGER NOT NULL,
    above BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_dampingan_load PRIMARY KEY (penugasan_id),
    CONSTRAINT ck_dampingan_load_not_negative CHECK (weighing >= 0)
);

CREATE TABLE exit_ground (
    valid DATERANGE NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    version INTEGER NOT NULL,
    only_alone BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_exit_ground PRIMARY KEY (exit_reason, version),
    CONSTRAINT ex_exit_ground_one_at_a_time EXCLUDE USING gist (exit_reason WITH =, valid WITH &&),
    CONSTRAINT ck_exit_ground_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[]))
);

CREATE TABLE hand_over (
    from_penugasan_id UUID NOT NULL,
    to_penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    purpose VARCHAR(40),
    hand_over_id UUID NOT NULL,
    families INTEGER NOT NULL,
    limit_version INTEGER,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    on_date DATE NOT NULL,
    job_id UUID,
    reason_sealed BYTEA NOT NULL,
    override_reason_sealed BYTEA,
    open BOOLEAN DEFAULT true NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_hand_over PRIMARY KEY (hand_over_id),
    CONSTRAINT ck_hand_over_two_placements CHECK (from_penugasan_id <> to_penugasan_id),
    CONSTRAINT ck_hand_over_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN}'::text[]))
);

CREATE UNIQUE INDEX uq_hand_over_once ON hand_over (from_penugasan_id, to_penugasan_id, kode_wilayah, on_date) WHERE open;

CREATE TABLE kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    sealed_for BYTEA NOT NULL,
    address_sealed BYTEA,
    phone_sealed BYTEA,
    facts JSONB NOT NULL,
    facts_until DATE,
    intake_digest BYTEA,
    intake_as_of DATE,
    address_as_of DATE,
    address_source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    contact_as_of DATE,
    contact_source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    pengurus_as_of DATE,
    pengurus_source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    ended_on DATE,
    end_reason VARCHAR(40),
    end_recorded_on DATE,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id),
    CONSTRAINT ck_kpm_end_is_complete CHECK (num_nulls(ended_on, end_reason, end_recorded_on) IN (0, 3)),
    CONSTRAINT ck_kpm_source_known CHECK (address_source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT ck_kpm_contact_source_known CHECK (contact_source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT ck_kpm_pengurus_source_known CHECK (pengurus_source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT ck_kpm_familyendreason_known CHECK (end_reason = ANY ('{MENINGGAL,BERGABUNG}'::text[]))
);

CREATE INDEX ix_kpm_facts_until ON kpm (facts_until);

CREATE INDEX ix_kpm_kode_wilayah_kpm_id ON kpm (kode_wilayah, kpm_id);

CREATE INDEX ix_kpm_updated_at_kpm_id ON kpm (updated_at, kpm_id);

CREATE TABLE late_entry_rule (
    valid_from DATE NOT NULL,
    days INTEGER NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_late_entry_rule PRIMARY KEY (valid_from)
);

CREATE TABLE p2k2_materi (
    valid DATERANGE NOT NULL,
    p2k2_materi_id INTEGER NOT NULL,
    module SMALLINT NOT NULL,
    session SMALLINT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_p2k2_materi PRIMARY KEY (p2k2_materi_id),
    CONSTRAINT ex_p2k2_materi_one_at_a_time EXCLUDE USING gist (module WITH =, session WITH =, valid WITH &&),
    CONSTRAINT ck_p2k2_materi_numbered CHECK (module > 0 AND session > 0)
);

CREATE TABLE p2k2_modul (
    valid DATERANGE NOT NULL,
    p2k2_modul_id INTEGER NOT NULL,
    module SMALLINT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_p2k2_modul PRIMARY KEY (p2k2_modul_id),
    CONSTRAINT ex_p2k2_modul_one_at_a_time EXCLUDE USING gist (module WITH =, valid WITH &&),
    CONSTRAINT ck_p2k2_modul_numbered CHECK (module > 0)
);

CREATE TABLE replica_aid.aid (
    rujukan_program_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    amount_rp BIGINT,
    sent_on DATE,
    answered_on DATE,
    delivered_on DATE,
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    withdrawn_on DATE,
    CONSTRAINT pk_aid PRIMARY KEY (rujukan_program_id),
    CONSTRAINT ck_aid_rujukanprogramstate_known CHECK (status = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT,UNKNOWN}'::text[]))
);

CREATE INDEX ix_aid_kpm_id ON replica_aid.aid (kpm_id);

CREATE TABLE replica_pendamping.pendamping (
    pendamping_id UUID NOT NULL,
    pendamping_no TEXT NOT NULL,
    CONSTRAINT pk_pendamping PRIMARY KEY (pendamping_id)
);

CREATE INDEX ix_pendamping_pendamping_no ON replica_pendamping.pendamping (pendamping_no);

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
    kind VARCHAR(40) NOT NULL,
    ditjen VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id),
    CONSTRAINT ck_penugasan_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR,UNKNOWN}'::text[])),
    CONSTRAINT ck_penugasan_ditjen_known CHECK (ditjen = ANY ('{LINJAMSOS,REHSOS,DAYASOS,UNKNOWN}'::text[]))
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

CREATE INDEX ix_wilayah_tugas_penugasan_id ON replica_pendamping.wilayah_tugas (penugasan_id);

CREATE TABLE sealing (
    recipient TEXT NOT NULL,
    for_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    consent_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    text_version INTEGER NOT NULL,
    persons UUID[] NOT NULL,
    state VARCHAR(40) NOT NULL,
    key_id TEXT,
    digest BYTEA,
    sealed_at TIMESTAMP WITH TIME ZONE,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_sealing PRIMARY KEY (recipient, for_id),
    CONSTRAINT ck_sealing_sealingstate_known CHECK (state = ANY ('{CONSENTED,SEALED,WITHDRAWN}'::text[]))
);

CREATE INDEX ix_sealing_kpm_id ON sealing (kpm_id);

CREATE UNLOGGED TABLE staged_row (
    job_id UUID NOT NULL,
    row_no BIGINT NOT NULL,
    no_kk_index BYTEA NOT NULL,
    nik_index BYTEA,
    ok BOOLEAN NOT NULL,
    digest BYTEA NOT NULL,
    no_kk_sealed BYTEA,
    nik_sealed BYTEA,
    name_sealed BYTEA,
    address_sealed BYTEA,
    phone_sealed BYTEA,
    nib_sealed BYTEA,
    data JSON NOT NULL,
    repeated BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_staged_row PRIMARY KEY (job_id, row_no)
);

CREATE INDEX ix_staged_row_no_kk_index ON staged_row (job_id, no_kk_index);

CREATE TABLE tugas_term (
    valid DATERANGE NOT NULL,
    kind VARCHAR(40) NOT NULL,
    version INTEGER NOT NULL,
    days SMALLINT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_tugas_term PRIMARY KEY (kind, version),
    CONSTRAINT ex_tugas_term_one_at_a_time EXCLUDE USING gist (kind WITH =, valid WITH &&),
    CONSTRAINT ck_tugas_term_some_days CHECK (days > 0),
    CONSTRAINT ck_tugas_term_tugaskind_known CHECK (kind = ANY ('{GANTI_PENGURUS,KUNJUNGAN_KAMBUH,RE_ENTRY,LENGKAPI_DATA,PASANG_PENDAMPING,PUTUSKAN_KEPESERTAAN}'::text[]))
);

CREATE TABLE usaha_rule (
    valid DATERANGE NOT NULL,
    version INTEGER NOT NULL,
    transfer_days SMALLINT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_usaha_rule PRIMARY KEY (version),
    CONSTRAINT ex_usaha_rule_one_at_a_time EXCLUDE USING gist (valid WITH &&),
    CONSTRAINT ck_usaha_rule_some_days CHECK (transfer_days > 0)
);

CREATE TABLE akses_darurat (
    akses_darurat_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    opened_by TEXT NOT NULL,
    opened_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR(40) NOT NULL,
    reviewed_by TEXT,
    reviewed_on DATE,
    version INTEGER NOT NULL,
    reason_sealed BYTEA NOT NULL,
    opened_by_sub TEXT NOT NULL,
    reviewed_by_sub TEXT,
    review_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_akses_darurat PRIMARY KEY (akses_darurat_id),
    CONSTRAINT ck_akses_darurat_review_has_reviewer CHECK ((state = 'OPENED') = (reviewed_by IS NULL) AND num_nulls(reviewed_by, reviewed_by_sub, reviewed_on, review_sealed) IN (0, 4)),
    CONSTRAINT ck_akses_darurat_two_persons CHECK (reviewed_by <> opened_by AND reviewed_by_sub <> opened_by_sub),
    CONSTRAINT ck_akses_darurat_ends_after_opening CHECK (expires_at > opened_at),
    CONSTRAINT fk_akses_darurat_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_akses_darurat_emergencystate_known CHECK (state = ANY ('{OPENED,JUSTIFIED,UNJUSTIFIED}'::text[]))
);

CREATE INDEX ix_akses_darurat_area ON akses_darurat (kode_wilayah, akses_darurat_id);

CREATE INDEX ix_akses_darurat_kpm_id ON akses_darurat (kpm_id);

CREATE INDEX ix_akses_darurat_open ON akses_darurat (opened_by_sub, kpm_id, expires_at);

CREATE TABLE dampingan (
    valid DATERANGE NOT NULL,
    cancelled_from DATE,
    dampingan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    kpm_id UUID NOT NULL,
    over_limit BOOLEAN DEFAULT false NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    reason TEXT,
    override_reason_sealed BYTEA,
    ended BOOLEAN DEFAULT false NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ex_dampingan_one_pkh_pendamping EXCLUDE USING gist (kpm_id WITH =, valid WITH &&) WHERE (kind = 'PKH_PENDAMPING'),
    CONSTRAINT ex_dampingan_once_at_a_time EXCLUDE USING gist (kpm_id WITH =, penugasan_id WITH =, valid WITH &&) WHERE (kind <> 'PKH_PENDAMPING'),
    CONSTRAINT ck_dampingan_cancelled_is_empty CHECK (isempty(valid) = (cancelled_from IS NOT NULL)),
    CONSTRAINT ck_dampingan_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[])),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN}'::text[])),
    CONSTRAINT fk_dampingan_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_dampingan_ending ON dampingan (coalesce(upper(valid), '-infinity'::date)) WHERE NOT ended AND NOT upper_inf(valid);

CREATE INDEX ix_dampingan_kpm_id ON dampingan (kpm_id);

CREATE INDEX ix_dampingan_pendamping_id ON dampingan (pendamping_id, kpm_id) INCLUDE (valid);

CREATE INDEX ix_dampingan_updated_at_dampingan_id ON dampingan (updated_at, dampingan_id);

CREATE TABLE dampingan_gap (
    gap_id UUID NOT NULL,
    since DATE NOT NULL,
    cause VARCHAR(40) NOT NULL,
    until DATE,
    kpm_id UUID NOT NULL,
    penugasan_id UUID,
    purpose VARCHAR(40) NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_dampingan_gap PRIMARY KEY (gap_id),
    CONSTRAINT ex_dampingan_gap_once_at_a_time EXCLUDE USING gist (kpm_id WITH =, daterange(since, until) WITH &&),
    CONSTRAINT ck_dampingan_gap_until_not_before_since CHECK (until IS NULL OR until >= since),
    CONSTRAINT ck_dampingan_gap_gapcause_known CHECK (cause = ANY ('{DAMPINGAN_DIAKHIRI,PENUGASAN_BERAKHIR,WILAYAH_TUGAS_BERAKHIR,PENDAMPING_TIDAK_AKTIF,PEMANTAUAN_SELESAI,BELUM_ADA,MASUK_PKH,PEMANTAUAN_DIMULAI}'::text[])),
    CONSTRAINT fk_dampingan_gap_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_dampingan_gap_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN}'::text[]))
);

CREATE INDEX ix_dampingan_gap_kpm_id ON dampingan_gap (kpm_id);

CREATE INDEX ix_dampingan_gap_open ON dampingan_gap (gap_id) WHERE until IS NULL;

CREATE INDEX ix_dampingan_gap_penugasan_id ON dampingan_gap (penugasan_id, kpm_id) WHERE until IS NULL;

CREATE INDEX ix_dampingan_gap_until ON dampingan_gap (until);

CREATE TABLE desil (
    as_of DATE,
    source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    scope VARCHAR(40) NOT NULL,
    snapshot TEXT NOT NULL,
    value SMALLINT,
    kpm_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_desil PRIMARY KEY (kpm_id, scope, snapshot),
    CONSTRAINT ck_desil_value_in_range CHECK (value BETWEEN 1 AND 10),
    CONSTRAINT ck_desil_snapshot_form CHECK (snapshot ~ '^[0-9]{4}-Q[1-4]$'),
    CONSTRAINT ck_desil_source_known CHECK (source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT ck_desil_desilscope_known CHECK (scope = ANY ('{NAS,PROV,KABKOTA}'::text[])),
    CONSTRAINT fk_desil_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE TABLE hand_over_family (
    hand_over_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    handled BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_hand_over_family PRIMARY KEY (hand_over_id, kpm_id),
    CONSTRAINT fk_hand_over_family_hand_over_id FOREIGN KEY(hand_over_id) REFERENCES hand_over (hand_over_id),
    CONSTRAINT fk_hand_over_family_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_hand_over_family_kpm_id ON hand_over_family (kpm_id);

CREATE TABLE hand_over_withdrawal (
    hand_over_id UUID NOT NULL,
    reason_sealed BYTEA NOT NULL,
    withdrawn_by TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_hand_over_withdrawal PRIMARY KEY (hand_over_id),
    CONSTRAINT fk_hand_over_withdrawal_hand_over_id FOREIGN KEY(hand_over_id) REFERENCES hand_over (hand_over_id)
);

CREATE TABLE kepesertaan (
    valid DATERANGE NOT NULL,
    cancelled_from DATE,
    kepesertaan_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    exit_reason VARCHAR(40),
    graduasi_id UUID,
    last_payable_tahap TEXT,
    continued_by UUID,
    version INTEGER DEFAULT '1' NOT NULL,
    kpm_id UUID NOT NULL,
    CONSTRAINT pk_kepesertaan PRIMARY KEY (kepesertaan_id),
    CONSTRAINT ex_kepesertaan_no_overlap EXCLUDE USING gist (kpm_id WITH =, bansos WITH =, valid WITH &&),
    CONSTRAINT ck_kepesertaan_cancelled_is_empty CHECK (isempty(valid) = (cancelled_from IS NOT NULL)),
    CONSTRAINT ck_kepesertaan_end_has_reason CHECK (CASE WHEN isempty(valid) THEN exit_reason IS NULL AND continued_by IS NULL ELSE upper_inf(valid) = (exit_reason IS NULL AND continued_by IS NULL) END),
    CONSTRAINT ck_kepesertaan_one_end_cause CHECK (exit_reason IS NULL OR continued_by IS NULL),
    CONSTRAINT ck_kepesertaan_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI}'::text[])),
    CONSTRAINT ck_kepesertaan_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[])),
    CONSTRAINT fk_kepesertaan_continued_by FOREIGN KEY(continued_by) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT fk_kepesertaan_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_kepesertaan_kpm_id ON kepesertaan (kpm_id);

CREATE TABLE kpm_anggota (
    as_of DATE,
    source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    relation VARCHAR(40) NOT NULL,
    married BOOLEAN NOT NULL,
    anggota_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pengurus BOOLEAN NOT NULL,
    joined_on DATE NOT NULL,
    left_on DATE,
    end_reason VARCHAR(40),
    birth_on DATE NOT NULL,
    sex VARCHAR(40) NOT NULL,
    nik_index BYTEA NOT NULL,
    nik_sealed BYTEA,
    name_sealed BYTEA NOT NULL,
    CONSTRAINT pk_kpm_anggota PRIMARY KEY (anggota_id),
    CONSTRAINT uq_kpm_anggota_nik_index UNIQUE (nik_index),
    CONSTRAINT ck_kpm_anggota_left_after_joining CHECK (left_on IS NULL OR left_on >= joined_on),
    CONSTRAINT ck_kpm_anggota_left_has_reason CHECK ((left_on IS NULL) = (end_reason IS NULL)),
    CONSTRAINT ck_kpm_anggota_source_known CHECK (source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT ck_kpm_anggota_relation_known CHECK (relation = ANY ('{KEPALA_KELUARGA,SUAMI,ISTRI,ANAK,MENANTU,CUCU,ORANG_TUA,MERTUA,FAMILI_LAIN,PEMBANTU,LAINNYA}'::text[])),
    CONSTRAINT fk_kpm_anggota_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_kpm_anggota_endreason_known CHECK (end_reason = ANY ('{MENINGGAL,KAWIN_KELUAR,PINDAH,PISAH_KK,TIDAK_DALAM_DATA,LAINNYA}'::text[])),
    CONSTRAINT ck_kpm_anggota_sex_known CHECK (sex = ANY ('{L,P}'::text[]))
);

CREATE INDEX ix_kpm_anggota_kpm_id ON kpm_anggota (kpm_id);

CREATE UNIQUE INDEX uq_kpm_anggota_pengurus ON kpm_anggota (kpm_id) WHERE pengurus AND left_on IS NULL;

CREATE TABLE kpm_history (
    history_id UUID NOT NULL,
    subject VARCHAR(40) NOT NULL,
    subject_id UUID NOT NULL,
    act VARCHAR(40) NOT NULL,
    sub TEXT NOT NULL,
    role TEXT NOT NULL,
    pendamping_id UUID,
    reason_code TEXT,
    detail JSONB DEFAULT '{}' NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kpm_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_kpm_history PRIMARY KEY (history_id),
    CONSTRAINT ck_kpm_history_historysubject_known CHECK (subject = ANY ('{kpm,anggota,pengurus,komponen,desil,usaha,kepesertaan,dampingan,tugas,usulan,exit_proposal,akses_darurat}'::text[])),
    CONSTRAINT ck_kpm_history_familyact_known CHECK (act = ANY ('{REGISTERED,UPDATED,JOINED,LEFT,TAKEN_BACK,SPLIT,MARRIAGE,CHANGED,CORRECTED,NIK_CORRECTED,NO_KK_CHANGED,CONTACT_CORRECTED,MOVED,MOVE_VOIDED,BEGAN,STARTED,ENDED,END_MOVED,RESTORED,VOIDED,STAYS,RANKED,RECORDED,REVISED,TRANSFERRED,TRANSFER_UNDONE,REOPENED,ASSIGNED,HANDED_OVER,END_DATED,PURPOSE_CHANGED,DONE,LODGED,ACCEPTED,REFUSED,PROPOSED,WITHDRAWN,OPENED}'::text[])),
    CONSTRAINT fk_kpm_history_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_kpm_history_kpm_id ON kpm_history (kpm_id, history_id);

CREATE TABLE kpm_no_kk (
    valid DATERANGE NOT NULL,
    kpm_no_kk_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    no_kk_index BYTEA NOT NULL,
    no_kk_sealed BYTEA NOT NULL,
    CONSTRAINT pk_kpm_no_kk PRIMARY KEY (kpm_no_kk_id),
    CONSTRAINT ex_kpm_no_kk_one_family EXCLUDE USING gist ((substring(no_kk_index, 1, 8)::bigint) WITH =, no_kk_index WITH =, valid WITH &&),
    CONSTRAINT ex_kpm_no_kk_one_card EXCLUDE USING gist (kpm_id WITH =, valid WITH &&),
    CONSTRAINT fk_kpm_no_kk_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_kpm_no_kk_kpm_id ON kpm_no_kk (kpm_id);

CREATE INDEX ix_kpm_no_kk_no_kk_index ON kpm_no_kk (no_kk_index);

CREATE TABLE p2k2_sesi (
    voided_on DATE,
    voided_by TEXT,
    void_reason VARCHAR(40),
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    held_on DATE NOT NULL,
    module SMALLINT NOT NULL,
    session SMALLINT NOT NULL,
    kelompok TEXT NOT NULL,
    replaces UUID,
    p2k2_sesi_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    invited SMALLINT NOT NULL,
    attended SMALLINT NOT NULL,
    entered_on DATE NOT NULL,
    p2k2_materi_id INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_p2k2_sesi PRIMARY KEY (p2k2_sesi_id),
    CONSTRAINT ck_p2k2_sesi_void_is_whole CHECK (num_nulls(voided_on, voided_by, void_reason) IN (0, 3)),
    CONSTRAINT ck_p2k2_sesi_counted CHECK (0 <= attended AND attended <= invited AND invited > 0),
    CONSTRAINT ck_p2k2_sesi_voidreason_known CHECK (void_reason = ANY ('{SALAH_KELUARGA,SALAH_TANGGAL,SALAH_ISI,TERCATAT_GANDA,TIDAK_TERJADI,LAINNYA}'::text[])),
    CONSTRAINT fk_p2k2_sesi_replaces FOREIGN KEY(replaces) REFERENCES p2k2_sesi (p2k2_sesi_id),
    CONSTRAINT fk_p2k2_sesi_p2k2_materi_id FOREIGN KEY(p2k2_materi_id) REFERENCES p2k2_materi (p2k2_materi_id)
);

CREATE INDEX ix_p2k2_sesi_pendamping_id ON p2k2_sesi (pendamping_id, p2k2_sesi_id);

CREATE INDEX ix_p2k2_sesi_updated_at_p2k2_sesi_id ON p2k2_sesi (updated_at, p2k2_sesi_id);

CREATE UNIQUE INDEX uq_p2k2_sesi_once_a_day ON p2k2_sesi (penugasan_id, held_on, kelompok, module, session) WHERE voided_on IS NULL;

CREATE UNIQUE INDEX uq_p2k2_sesi_replaces ON p2k2_sesi (replaces) WHERE voided_on IS NULL;

CREATE TABLE tugas (
    tugas_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    due_on DATE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    done_by TEXT,
    version INTEGER DEFAULT '1' NOT NULL,
    cause_id UUID NOT NULL,
    opened_on DATE NOT NULL,
    note_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_tugas PRIMARY KEY (tugas_id),
    CONSTRAINT uq_tugas_once UNIQUE (kpm_id, kind, cause_id),
    CONSTRAINT ck_tugas_done_has_actor CHECK ((done_at IS NULL) = (done_by IS NULL)),
    CONSTRAINT fk_tugas_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_tugas_tugaskind_known CHECK (kind = ANY ('{GANTI_PENGURUS,KUNJUNGAN_KAMBUH,RE_ENTRY,LENGKAPI_DATA,PASANG_PENDAMPING,PUTUSKAN_KEPESERTAAN}'::text[]))
);

CREATE INDEX ix_tugas_open ON tugas (due_on, tugas_id) WHERE done_at IS NULL;

CREATE INDEX ix_tugas_updated_at_tugas_id ON tugas (updated_at, tugas_id);

CREATE TABLE wilayah_history (
    valid DATERANGE NOT NULL,
    wilayah_history_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    address_sealed BYTEA,
    evidence_sha256 TEXT NOT NULL,
    voided_on DATE,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_wilayah_history PRIMARY KEY (wilayah_history_id),
    CONSTRAINT ex_wilayah_history_one_area EXCLUDE USING gist (kpm_id WITH =, valid WITH &&) WHERE (voided_on IS NULL),
    CONSTRAINT ck_wilayah_history_some_day CHECK (NOT isempty(valid)),
    CONSTRAINT fk_wilayah_history_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE TABLE anggota_history (
    valid DATERANGE NOT NULL,
    anggota_history_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    anggota_id UUID NOT NULL,
    relation VARCHAR(40) NOT NULL,
    end_reason VARCHAR(40) NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_anggota_history PRIMARY KEY (anggota_history_id),
    CONSTRAINT ex_anggota_history_one_family EXCLUDE USING gist (anggota_id WITH =, valid WITH &&),
    CONSTRAINT ck_anggota_history_some_day CHECK (NOT isempty(valid)),
    CONSTRAINT fk_anggota_history_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_anggota_history_anggota_id FOREIGN KEY(anggota_id) REFERENCES kpm_anggota (anggota_id),
    CONSTRAINT ck_anggota_history_relation_known CHECK (relation = ANY ('{KEPALA_KELUARGA,SUAMI,ISTRI,ANAK,MENANTU,CUCU,ORANG_TUA,MERTUA,FAMILI_LAIN,PEMBANTU,LAINNYA}'::text[])),
    CONSTRAINT ck_anggota_history_endreason_known CHECK (end_reason = ANY ('{MENINGGAL,KAWIN_KELUAR,PINDAH,PISAH_KK,TIDAK_DALAM_DATA,LAINNYA}'::text[]))
);

CREATE INDEX ix_anggota_history_kpm_id ON anggota_history (kpm_id);

CREATE TABLE exit_proposal (
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    exit_proposal_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    happened_on DATE NOT NULL,
    proposer TEXT NOT NULL,
    proposed_on DATE NOT NULL,
    state VARCHAR(40) NOT NULL,
    withdrawn_on DATE,
    fact_id UUID,
    note_sealed BYTEA,
    proposer_sub TEXT NOT NULL,
    pendamping_id UUID,
    penugasan_id UUID,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    withdrawal_reason_sealed BYTEA,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_exit_proposal PRIMARY KEY (exit_proposal_id),
    CONSTRAINT ck_exit_proposal_withdrawn_has_date CHECK (state <> 'WITHDRAWN' OR withdrawn_on IS NOT NULL),
    CONSTRAINT fk_exit_proposal_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_exit_proposal_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT ck_exit_proposal_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[])),
    CONSTRAINT ck_exit_proposal_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI}'::text[])),
    CONSTRAINT ck_exit_proposal_exitproposalstate_known CHECK (state = ANY ('{PROPOSED,CLOSED,ENDED,WITHDRAWN}'::text[])),
    CONSTRAINT fk_exit_proposal_fact_id FOREIGN KEY(fact_id) REFERENCES kpm_history (history_id)
);

CREATE INDEX ix_exit_proposal_kepesertaan_id ON exit_proposal (kepesertaan_id);

CREATE INDEX ix_exit_proposal_kpm_id ON exit_proposal (kpm_id);

CREATE INDEX ix_exit_proposal_updated_at_exit_proposal_id ON exit_proposal (updated_at, exit_proposal_id);

CREATE UNIQUE INDEX uq_exit_proposal_open ON exit_proposal (kepesertaan_id, (exit_reason = 'MENINGGAL')) WHERE state = 'PROPOSED';

CREATE TABLE kepesertaan_pending (
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    graduasi_id UUID,
    joined_kpm_id UUID,
    pending_id UUID NOT NULL,
    since DATE NOT NULL,
    outcome VARCHAR(40),
    decided_by TEXT,
    decided_on DATE,
    reason_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_kepesertaan_pending PRIMARY KEY (pending_id),
    CONSTRAINT uq_kepesertaan_pending_once UNIQUE (kepesertaan_id, graduasi_id),
    CONSTRAINT ck_kepesertaan_pending_one_cause CHECK (num_nulls(graduasi_id, joined_kpm_id) = 1),
    CONSTRAINT ck_kepesertaan_pending_outcome_has_date CHECK ((outcome IS NULL) = (decided_on IS NULL)),
    CONSTRAINT ck_kepesertaan_pending_stays_has_decider CHECK (coalesce(outcome = 'STAYS', false) = (decided_by IS NOT NULL)),
    CONSTRAINT fk_kepesertaan_pending_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_kepesertaan_pending_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT fk_kepesertaan_pending_joined_kpm_id FOREIGN KEY(joined_kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_kepesertaan_pending_pendingoutcome_known CHECK (outcome = ANY ('{STAYS,MOOT}'::text[]))
);

CREATE INDEX ix_kepesertaan_pending_kpm_id ON kepesertaan_pending (kpm_id);

CREATE INDEX ix_kepesertaan_pending_open ON kepesertaan_pending (pending_id) WHERE outcome IS NULL;

CREATE INDEX ix_kepesertaan_pending_updated_at_pending_id ON kepesertaan_pending (updated_at, pending_id);

CREATE UNIQUE INDEX uq_kepesertaan_pending_joined ON kepesertaan_pending (kepesertaan_id, joined_kpm_id) WHERE outcome IS NULL;

CREATE TABLE komponen (
    as_of DATE,
    source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    valid DATERANGE NOT NULL,
    cancelled_from DATE,
    anggota_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    komponen_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT pk_komponen PRIMARY KEY (komponen_id),
    CONSTRAINT ex_komponen_once_at_a_time EXCLUDE USING gist (anggota_id WITH =, kind WITH =, valid WITH &&),
    CONSTRAINT ck_komponen_cancelled_is_empty CHECK (isempty(valid) = (cancelled_from IS NOT NULL)),
    CONSTRAINT ck_komponen_source_known CHECK (source = ANY ('{FILE,HTTP}'::text[])),
    CONSTRAINT fk_komponen_anggota_id FOREIGN KEY(anggota_id) REFERENCES kpm_anggota (anggota_id),
    CONSTRAINT ck_komponen_komponenkind_known CHECK (kind = ANY ('{IBU_HAMIL,ANAK_USIA_DINI,ANAK_SD,ANAK_SMP,ANAK_SMA,LANJUT_USIA,DISABILITAS_BERAT,KORBAN_HAM_BERAT}'::text[])),
    CONSTRAINT fk_komponen_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_komponen_kpm_id ON komponen (kpm_id);

CREATE TABLE kunjungan (
    voided_on DATE,
    voided_by TEXT,
    void_reason VARCHAR(40),
    kpm_id UUID NOT NULL,
    visited_on DATE NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    replaces UUID,
    kunjungan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    entered_on DATE NOT NULL,
    dampingan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    findings_sealed BYTEA NOT NULL,
    next_action_sealed BYTEA,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_kunjungan PRIMARY KEY (kunjungan_id),
    CONSTRAINT ck_kunjungan_void_is_whole CHECK (num_nulls(voided_on, voided_by, void_reason) IN (0, 3)),
    CONSTRAINT ck_kunjungan_voidreason_known CHECK (void_reason = ANY ('{SALAH_KELUARGA,SALAH_TANGGAL,SALAH_ISI,TERCATAT_GANDA,TIDAK_TERJADI,LAINNYA}'::text[])),
    CONSTRAINT fk_kunjungan_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_kunjungan_kunjunganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,VERIFIKASI,ASESMEN,PEMANTAUAN,KASUS}'::text[])),
    CONSTRAINT fk_kunjungan_replaces FOREIGN KEY(replaces) REFERENCES kunjungan (kunjungan_id),
    CONSTRAINT fk_kunjungan_dampingan_id FOREIGN KEY(dampingan_id) REFERENCES dampingan (dampingan_id)
);

CREATE INDEX ix_kunjungan_pendamping_id ON kunjungan (pendamping_id, kunjungan_id);

CREATE INDEX ix_kunjungan_updated_at_kunjungan_id ON kunjungan (updated_at, kunjungan_id);

CREATE UNIQUE INDEX uq_kunjungan_once_a_day ON kunjungan (kpm_id, pendamping_id, visited_on, purpose) WHERE voided_on IS NULL;

CREATE UNIQUE INDEX uq_kunjungan_replaces ON kunjungan (replaces) WHERE voided_on IS NULL;

CREATE TABLE nik_history (
    nik_history_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    anggota_id UUID NOT NULL,
    nik_index BYTEA NOT NULL,
    nik_sealed BYTEA NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    replaced_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_nik_history PRIMARY KEY (nik_history_id),
    CONSTRAINT fk_nik_history_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_nik_history_anggota_id FOREIGN KEY(anggota_id) REFERENCES kpm_anggota (anggota_id)
);

CREATE INDEX ix_nik_history_anggota_id ON nik_history (anggota_id);

CREATE INDEX ix_nik_history_kpm_id ON nik_history (kpm_id);

CREATE INDEX ix_nik_history_nik_index ON nik_history (nik_index);

CREATE TABLE p2k2_kehadiran (
    kpm_id UUID NOT NULL,
    presence VARCHAR(40) NOT NULL,
    p2k2_sesi_id UUID NOT NULL,
    CONSTRAINT pk_p2k2_kehadiran PRIMARY KEY (p2k2_sesi_id, kpm_id),
    CONSTRAINT fk_p2k2_kehadiran_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_p2k2_kehadiran_presence_known CHECK (presence = ANY ('{HADIR,IZIN,SAKIT,ALPA}'::text[])),
    CONSTRAINT fk_p2k2_kehadiran_p2k2_sesi_id FOREIGN KEY(p2k2_sesi_id) REFERENCES p2k2_sesi (p2k2_sesi_id)
);

CREATE INDEX ix_p2k2_kehadiran_kpm_id ON p2k2_kehadiran (kpm_id);

CREATE TABLE usaha (
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_letter BOOLEAN NOT NULL,
    usaha_id UUID NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    as_of DATE,
    ended_on DATE,
    end_reason VARCHAR(40),
    kpm_id UUID NOT NULL,
    anggota_id UUID NOT NULL,
    continues UUID,
    source VARCHAR(40) DEFAULT 'HTTP' NOT NULL,
    nib_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_usaha PRIMARY KEY (usaha_id),
    CONSTRAINT uq_usaha_continues UNIQUE (continues),
    CONSTRAINT ck_usaha_end_has_reason CHECK ((ended_on IS NULL) = (end_reason IS NULL)),
    CONSTRAINT ck_usaha_omzet_not_negative CHECK (omzet_rp >= 0),
    CONSTRAINT ck_usaha_usahasector_known CHECK (sector = ANY ('{MAKANAN,KERAJINAN,JASA,PERTANIAN,PETERNAKAN,PERDAGANGAN,PERIKANAN,LAINNYA}'::text[])),
    CONSTRAINT ck_usaha_usahaendreason_known CHECK (end_reason = ANY ('{MENINGGAL,KELUAR,DITUTUP,DIALIHKAN}'::text[])),
    CONSTRAINT fk_usaha_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_usaha_anggota_id FOREIGN KEY(anggota_id) REFERENCES kpm_anggota (anggota_id),
    CONSTRAINT fk_usaha_continues FOREIGN KEY(continues) REFERENCES usaha (usaha_id),
    CONSTRAINT ck_usaha_source_known CHECK (source = ANY ('{FILE,HTTP}'::text[]))
);

CREATE INDEX ix_usaha_anggota_id ON usaha (anggota_id);

CREATE INDEX ix_usaha_kpm_id ON usaha (kpm_id);

CREATE UNIQUE INDEX uq_usaha_anggota_id ON usaha (anggota_id) WHERE ended_on IS NULL;

CREATE TABLE usulan (
    kpm_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    ground VARCHAR(40) NOT NULL,
    lodged_on DATE NOT NULL,
    evidence_sha256 TEXT,
    usulan_id UUID NOT NULL,
    lodged_by TEXT NOT NULL,
    state VARCHAR(40) NOT NULL,
    decided_by TEXT,
    decided_on DATE,
    kepesertaan_id UUID,
    version INTEGER NOT NULL,
    reason_sealed BYTEA NOT NULL,
    lodged_by_sub TEXT NOT NULL,
    decided_by_sub TEXT,
    decision_reason_sealed BYTEA,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_usulan PRIMARY KEY (usulan_id),
    CONSTRAINT ck_usulan_decision_has_decider CHECK ((state = 'LODGED') = (decided_by IS NULL) AND (state = 'LODGED') = (decided_by_sub IS NULL)),
    CONSTRAINT ck_usulan_two_persons CHECK (decided_by <> lodged_by AND decided_by_sub <> lodged_by_sub),
    CONSTRAINT ck_usulan_accepted_has_membership CHECK ((state = 'ACCEPTED') = (kepesertaan_id IS NOT NULL)),
    CONSTRAINT fk_usulan_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_usulan_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI}'::text[])),
    CONSTRAINT ck_usulan_usulanground_known CHECK (ground = ANY ('{SANGGAH_TERLAMBAT,KAMBUH,LAINNYA}'::text[])),
    CONSTRAINT ck_usulan_usulanstate_known CHECK (state = ANY ('{LODGED,ACCEPTED,REFUSED}'::text[])),
    CONSTRAINT fk_usulan_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id)
);

CREATE INDEX ix_usulan_kpm_id ON usulan (kpm_id);

CREATE INDEX ix_usulan_state ON usulan (state, usulan_id);

CREATE INDEX ix_usulan_updated_at_usulan_id ON usulan (updated_at, usulan_id);

CREATE UNIQUE INDEX uq_usulan_open ON usulan (kpm_id, bansos) WHERE state = 'LODGED';

CREATE TABLE usaha_history (
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_letter BOOLEAN NOT NULL,
    usaha_id UUID NOT NULL,
    version INTEGER NOT NULL,
    as_of DATE,
    ended_on DATE,
    end_reason VARCHAR(40),
    kpm_id UUID NOT NULL,
    has_nib BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_usaha_history PRIMARY KEY (usaha_id, version),
    CONSTRAINT ck_usaha_history_usahasector_known CHECK (sector = ANY ('{MAKANAN,KERAJINAN,JASA,PERTANIAN,PETERNAKAN,PERDAGANGAN,PERIKANAN,LAINNYA}'::text[])),
    CONSTRAINT fk_usaha_history_usaha_id FOREIGN KEY(usaha_id) REFERENCES usaha (usaha_id),
    CONSTRAINT ck_usaha_history_usahaendreason_known CHECK (end_reason = ANY ('{MENINGGAL,KELUAR,DITUTUP,DIALIHKAN}'::text[])),
    CONSTRAINT fk_usaha_history_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);

CREATE INDEX ix_usaha_history_kpm_id ON usaha_history (kpm_id);

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON approval_request FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{REQUESTED>APPROVED,REQUESTED>EXPIRED,REQUESTED>LAPSED,REQUESTED>REFUSED,REQUESTED>WITHDRAWN}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON approval_request FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON case_mark FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{OPEN>ANNULLED,OPEN>CLOSED,OPEN>DETERMINED,OPEN>EFFECTIVE,CLOSED>ANNULLED,CLOSED>DETERMINED,CLOSED>EFFECTIVE,DETERMINED>ANNULLED,DETERMINED>EFFECTIVE,EFFECTIVE>ANNULLED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON hand_over FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON kpm FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON sealing FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{CONSENTED>SEALED,CONSENTED>WITHDRAWN,SEALED>WITHDRAWN,WITHDRAWN>CONSENTED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON akses_darurat FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{OPENED>JUSTIFIED,OPENED>UNJUSTIFIED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON akses_darurat FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON dampingan FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON p2k2_sesi FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON tugas FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON exit_proposal FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{PROPOSED>CLOSED,PROPOSED>ENDED,PROPOSED>WITHDRAWN,ENDED>CLOSED,WITHDRAWN>ENDED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON exit_proposal FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON kepesertaan_pending FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON kunjungan FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON usulan FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{LODGED>ACCEPTED,LODGED>REFUSED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON usulan FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();
