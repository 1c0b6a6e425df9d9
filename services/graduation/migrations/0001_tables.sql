-- Written from the models by `python -m deploy.contracts`. Change the models, not this file.

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

CREATE TABLE author_rule (
    status VARCHAR(40) NOT NULL,
    reason TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    text_en TEXT NOT NULL,
    text_id TEXT NOT NULL,
    CONSTRAINT pk_author_rule PRIMARY KEY (status, reason, valid_from),
    CONSTRAINT ck_author_rule_pendampingstatus_known CHECK (status = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN}'::text[]))
);

CREATE TABLE credit_rule (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    credited VARCHAR(40) DEFAULT 'ASESMEN_AUTHOR' NOT NULL,
    year_of VARCHAR(40) DEFAULT 'SK_ON' NOT NULL,
    area_of VARCHAR(40) DEFAULT 'FAMILY_AT_SK' NOT NULL,
    unit VARCHAR(40) DEFAULT 'FAMILY_AND_YEAR' NOT NULL,
    reversed_by_annulment BOOLEAN DEFAULT true NOT NULL,
    text_en TEXT NOT NULL,
    text_id TEXT NOT NULL,
    basis TEXT NOT NULL,
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    CONSTRAINT pk_credit_rule PRIMARY KEY (version),
    CONSTRAINT ck_credit_rule_creditedto_known CHECK (credited = ANY ('{ASESMEN_AUTHOR,PROPOSER}'::text[])),
    CONSTRAINT ck_credit_rule_credityear_known CHECK (year_of = ANY ('{SK_ON,ANNOUNCED_ON}'::text[])),
    CONSTRAINT ck_credit_rule_creditarea_known CHECK (area_of = ANY ('{FAMILY_AT_SK,CASE_OPENED}'::text[])),
    CONSTRAINT ck_credit_rule_creditunit_known CHECK (unit = ANY ('{FAMILY_AND_YEAR,PENETAPAN}'::text[]))
);

CREATE TABLE family_end (
    kpm_id UUID NOT NULL,
    ended_on DATE NOT NULL,
    end_reason VARCHAR(40) NOT NULL,
    event_id UUID NOT NULL,
    recorded_on DATE NOT NULL,
    CONSTRAINT pk_family_end PRIMARY KEY (kpm_id),
    CONSTRAINT ck_family_end_familyendreason_known CHECK (end_reason = ANY ('{MENINGGAL,BERGABUNG,UNKNOWN}'::text[]))
);

CREATE TABLE instrument (
    threshold_percent INTEGER NOT NULL,
    exempt_below_able INTEGER NOT NULL,
    exempt_with TEXT[] DEFAULT '{}' NOT NULL,
    exempt_if VARCHAR(40) DEFAULT 'ANY' NOT NULL,
    source TEXT NOT NULL,
    instrument_id UUID NOT NULL,
    version INTEGER NOT NULL,
    criteria INTEGER NOT NULL,
    CONSTRAINT pk_instrument PRIMARY KEY (instrument_id),
    CONSTRAINT ck_instrument_threshold_percent CHECK (threshold_percent BETWEEN 0 AND 100),
    CONSTRAINT uq_instrument_version UNIQUE (version),
    CONSTRAINT uq_instrument_criteria UNIQUE (instrument_id, criteria),
    CONSTRAINT ck_instrument_exemptif_known CHECK (exempt_if = ANY ('{ANY,ALL}'::text[]))
);

CREATE TABLE late_entry_rule (
    valid_from DATE NOT NULL,
    days INTEGER NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_late_entry_rule PRIMARY KEY (valid_from)
);

CREATE TABLE monitoring_rule (
    valid_from DATE NOT NULL,
    together_minutes INTEGER NOT NULL,
    CONSTRAINT pk_monitoring_rule PRIMARY KEY (valid_from),
    CONSTRAINT ck_monitoring_rule_minutes_not_negative CHECK (together_minutes >= 0)
);

CREATE TABLE replica_kpm.candidate (
    kepesertaan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    last_komponen_ends_on DATE,
    kabkota TEXT COLLATE "C" NOT NULL,
    member_since DATE NOT NULL,
    member_until DATE,
    counted_since DATE NOT NULL,
    able_productive INTEGER NOT NULL,
    lansia INTEGER NOT NULL,
    disabilitas INTEGER NOT NULL,
    rank_nas INTEGER NOT NULL,
    rank_prov INTEGER NOT NULL,
    rank_kabkota INTEGER NOT NULL,
    usaha_id UUID,
    usaha_since DATE,
    CONSTRAINT pk_candidate PRIMARY KEY (kepesertaan_id),
    CONSTRAINT ck_candidate_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI,UNKNOWN}'::text[]))
);

CREATE INDEX ix_candidate_komponen_end ON replica_kpm.candidate (kabkota, last_komponen_ends_on, kepesertaan_id) WHERE last_komponen_ends_on IS NOT NULL;

CREATE INDEX ix_candidate_kpm_id ON replica_kpm.candidate (kpm_id);

CREATE INDEX ix_candidate_rank_kabkota ON replica_kpm.candidate (kabkota, rank_kabkota, kepesertaan_id);

CREATE INDEX ix_candidate_rank_nas ON replica_kpm.candidate (kabkota, rank_nas, kepesertaan_id);

CREATE INDEX ix_candidate_rank_prov ON replica_kpm.candidate (kabkota, rank_prov, kepesertaan_id);

CREATE INDEX ix_candidate_usaha_id ON replica_kpm.candidate (usaha_id);

CREATE TABLE replica_kpm.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_dampingan_kpm_id_pendamping_id ON replica_kpm.dampingan (kpm_id, pendamping_id);

CREATE INDEX ix_dampingan_pendamping_id ON replica_kpm.dampingan (pendamping_id);

CREATE TABLE replica_kpm.kepesertaan (
    kepesertaan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    exit_reason VARCHAR(40),
    graduasi_id UUID,
    CONSTRAINT pk_kepesertaan PRIMARY KEY (kepesertaan_id),
    CONSTRAINT ck_kepesertaan_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI,UNKNOWN}'::text[])),
    CONSTRAINT ck_kepesertaan_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_kepesertaan_kpm_id ON replica_kpm.kepesertaan (kpm_id);

CREATE TABLE replica_kpm.kepesertaan_history (
    kepesertaan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    exit_reason VARCHAR(40),
    graduasi_id UUID,
    from_on DATE NOT NULL,
    CONSTRAINT pk_kepesertaan_history PRIMARY KEY (kepesertaan_id, from_on),
    CONSTRAINT ck_kepesertaan_history_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI,UNKNOWN}'::text[])),
    CONSTRAINT ck_kepesertaan_history_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_kepesertaan_history_kpm_id ON replica_kpm.kepesertaan_history (kpm_id);

CREATE TABLE replica_kpm.kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    members INTEGER NOT NULL,
    able_productive INTEGER NOT NULL,
    lansia INTEGER NOT NULL,
    disabilitas INTEGER NOT NULL,
    komponen JSONB NOT NULL,
    last_komponen_ends_on DATE,
    desil JSONB NOT NULL,
    p2k2_invited INTEGER NOT NULL,
    p2k2_attended INTEGER NOT NULL,
    pengurus_id UUID,
    member_ids UUID[] NOT NULL,
    minor_ids UUID[] NOT NULL,
    former_members UUID[] NOT NULL,
    ended_on DATE,
    end_reason VARCHAR(40),
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id),
    CONSTRAINT ck_kpm_familyendreason_known CHECK (end_reason = ANY ('{MENINGGAL,BERGABUNG,UNKNOWN}'::text[]))
);

CREATE TABLE replica_kpm.kpm_history (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    members INTEGER NOT NULL,
    able_productive INTEGER NOT NULL,
    lansia INTEGER NOT NULL,
    disabilitas INTEGER NOT NULL,
    komponen JSONB NOT NULL,
    last_komponen_ends_on DATE,
    desil JSONB NOT NULL,
    p2k2_invited INTEGER NOT NULL,
    p2k2_attended INTEGER NOT NULL,
    pengurus_id UUID,
    member_ids UUID[] NOT NULL,
    minor_ids UUID[] NOT NULL,
    former_members UUID[] NOT NULL,
    ended_on DATE,
    end_reason VARCHAR(40),
    from_on DATE NOT NULL,
    CONSTRAINT pk_kpm_history PRIMARY KEY (kpm_id, from_on),
    CONSTRAINT ck_kpm_history_familyendreason_known CHECK (end_reason = ANY ('{MENINGGAL,BERGABUNG,UNKNOWN}'::text[]))
);

CREATE TABLE replica_kpm.usaha (
    usaha_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    owner_id UUID,
    ended_on DATE,
    CONSTRAINT pk_usaha PRIMARY KEY (usaha_id)
);

CREATE INDEX ix_usaha_kpm_id ON replica_kpm.usaha (kpm_id);

CREATE TABLE replica_kpm.usaha_history (
    usaha_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    owner_id UUID,
    ended_on DATE,
    from_on DATE NOT NULL,
    CONSTRAINT pk_usaha_history PRIMARY KEY (usaha_id, from_on)
);

CREATE INDEX ix_usaha_history_kpm_id ON replica_kpm.usaha_history (kpm_id);

CREATE TABLE replica_pendamping.pendamping_status (
    pendamping_id UUID NOT NULL,
    from_on DATE NOT NULL,
    status VARCHAR(40) NOT NULL,
    reason TEXT,
    CONSTRAINT pk_pendamping_status PRIMARY KEY (pendamping_id, from_on),
    CONSTRAINT ck_pendamping_status_pendampingstatus_known CHECK (status = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN,UNKNOWN}'::text[]))
);

CREATE TABLE replica_pendamping.penugasan (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id),
    CONSTRAINT ck_penugasan_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR,UNKNOWN}'::text[]))
);

CREATE INDEX ix_penugasan_pendamping_id ON replica_pendamping.penugasan (pendamping_id);

CREATE TABLE replica_pendamping.wilayah_tugas (
    wilayah_tugas_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_wilayah_tugas PRIMARY KEY (wilayah_tugas_id)
);

CREATE INDEX ix_wilayah_tugas_penugasan_id ON replica_pendamping.wilayah_tugas (penugasan_id);

CREATE TABLE replica_rujukan.rujukan (
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_rujukan PRIMARY KEY (rujukan_id)
);

CREATE INDEX ix_rujukan_graduasi_id ON replica_rujukan.rujukan (graduasi_id);

CREATE TABLE replica_rujukan.rujukan_program (
    rujukan_program_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    program_code TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    sent_on DATE,
    answered_on DATE,
    answer VARCHAR(40),
    delivered_on DATE,
    amount_rp BIGINT,
    withdrawn_on DATE,
    CONSTRAINT pk_rujukan_program PRIMARY KEY (rujukan_program_id),
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (status = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT,UNKNOWN}'::text[]))
);

CREATE INDEX ix_rujukan_program_graduasi_id ON replica_rujukan.rujukan_program (graduasi_id);

CREATE TABLE separation_rule (
    valid_from DATE NOT NULL,
    months INTEGER NOT NULL,
    CONSTRAINT pk_separation_rule PRIMARY KEY (valid_from),
    CONSTRAINT ck_separation_rule_months_not_negative CHECK (months >= 0)
);

CREATE TABLE sk (
    sk_no TEXT NOT NULL,
    sk_on DATE NOT NULL,
    evidence_sha256 VARCHAR(64),
    sk_id UUID NOT NULL,
    announced_on DATE NOT NULL,
    cases INTEGER NOT NULL,
    job_id UUID,
    determined_by TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_sk PRIMARY KEY (sk_id),
    CONSTRAINT ck_sk_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$')
);

CREATE INDEX ix_sk_sk_on_sk_id ON sk (sk_on, sk_id);

CREATE UNIQUE INDEX uq_sk_sk_no ON sk (upper(regexp_replace(sk_no, '[[:space:]-]', '', 'g')));

CREATE TABLE sk_rule (
    valid_from DATE NOT NULL,
    late_entry_days INTEGER NOT NULL,
    announce_ahead_days INTEGER NOT NULL,
    CONSTRAINT pk_sk_rule PRIMARY KEY (valid_from),
    CONSTRAINT ck_sk_rule_days_not_negative CHECK (late_entry_days >= 0 AND announce_ahead_days >= 0)
);

CREATE TABLE tahap_calendar (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    starts_on DATE NOT NULL,
    cutoff_on DATE NOT NULL,
    CONSTRAINT pk_tahap_calendar PRIMARY KEY (year, number),
    CONSTRAINT ck_tahap_calendar_number CHECK (number BETWEEN 1 AND 12),
    CONSTRAINT ck_tahap_calendar_cutoff_before_start CHECK (cutoff_on < starts_on),
    CONSTRAINT uq_tahap_calendar_starts_on UNIQUE (starts_on)
);

CREATE TABLE indicator (
    code TEXT NOT NULL,
    source VARCHAR(40) NOT NULL,
    value_type VARCHAR(40) NOT NULL,
    rule VARCHAR(40) NOT NULL,
    passes_at BIGINT NOT NULL,
    weight INTEGER NOT NULL,
    knock_out BOOLEAN NOT NULL,
    evidence_required BOOLEAN NOT NULL,
    text_en TEXT NOT NULL,
    text_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    instrument_id UUID NOT NULL,
    criteria INTEGER NOT NULL,
    CONSTRAINT pk_indicator PRIMARY KEY (instrument_id, code),
    CONSTRAINT ck_indicator_weight_not_negative CHECK (weight >= 0),
    CONSTRAINT ck_indicator_position_within_criteria CHECK (position BETWEEN 1 AND criteria),
    CONSTRAINT uq_indicator_position UNIQUE (instrument_id, position),
    CONSTRAINT fk_indicator_instrument_id FOREIGN KEY(instrument_id, criteria) REFERENCES instrument (instrument_id, criteria),
    CONSTRAINT ck_indicator_source_known CHECK (source = ANY ('{ANSWER,FACT}'::text[])),
    CONSTRAINT ck_indicator_valuetype_known CHECK (value_type = ANY ('{BOOL,INT}'::text[])),
    CONSTRAINT ck_indicator_check_known CHECK (rule = ANY ('{AT_LEAST,AT_MOST,IS,NONE}'::text[]))
);

CREATE TABLE policy (
    exit_reason VARCHAR(40) NOT NULL,
    opened_by VARCHAR(40) NOT NULL,
    stages TEXT[] NOT NULL,
    needs_score BOOLEAN NOT NULL,
    needs_statement BOOLEAN NOT NULL,
    needs_komponen_ended BOOLEAN NOT NULL,
    counts BOOLEAN NOT NULL,
    opens_rujukan BOOLEAN NOT NULL,
    sanggah_length INTEGER NOT NULL,
    sanggah_unit VARCHAR(40) NOT NULL,
    sanggah_starts_from VARCHAR(40) NOT NULL,
    monitoring_months INTEGER NOT NULL,
    follow_up_months INTEGER[] NOT NULL,
    survival_months INTEGER[] NOT NULL,
    check_days INTEGER NOT NULL,
    credit_rule_version INTEGER NOT NULL,
    evidence_for TEXT[] DEFAULT '{}' NOT NULL,
    candidate_desil_scope VARCHAR(40),
    candidate_desil_at_least INTEGER,
    candidate_usaha_months INTEGER,
    candidate_program_years INTEGER,
    candidate_program_months INTEGER,
    counted_memberships VARCHAR(40) DEFAULT 'CURRENT' NOT NULL,
    candidate_komponen_months INTEGER,
    candidate_reasons INTEGER DEFAULT '1' NOT NULL,
    policy_id UUID NOT NULL,
    version INTEGER NOT NULL,
    valid_from DATE,
    valid_to DATE,
    drafted_by TEXT,
    drafted_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    first_approver TEXT,
    second_approver TEXT,
    withdrawn_by TEXT,
    four_people BOOLEAN NOT NULL,
    first_content BOOLEAN DEFAULT false NOT NULL,
    drafted_by_sub TEXT,
    activated_by TEXT,
    activated_on DATE,
    withdrawn_on DATE,
    instrument_id UUID,
    CONSTRAINT pk_policy PRIMARY KEY (policy_id),
    CONSTRAINT uq_policy_exit_reason_version UNIQUE (exit_reason, version),
    CONSTRAINT ex_policy_one_at_a_time EXCLUDE USING gist (exit_reason WITH =, daterange(valid_from, valid_to) WITH &&) WHERE (valid_from IS NOT NULL),
    CONSTRAINT uq_policy_drafted_by UNIQUE (policy_id, drafted_by, drafted_by_sub),
    CONSTRAINT ck_policy_in_force_after_two_approvals CHECK (first_content OR (drafted_by IS NOT NULL AND (valid_from IS NULL OR second_approver IS NOT NULL))),
    CONSTRAINT ck_policy_drafted_by_an_account CHECK ((drafted_by IS NULL) = (drafted_by_sub IS NULL)),
    CONSTRAINT ck_policy_first_before_second CHECK (second_approver IS NULL OR first_approver IS NOT NULL),
    CONSTRAINT ck_policy_three_people CHECK (first_approver <> second_approver AND drafted_by NOT IN (first_approver, second_approver)),
    CONSTRAINT ck_policy_not_from_the_past CHECK (valid_from >= activated_on),
    CONSTRAINT ck_policy_activated_on_a_day CHECK (first_content OR (valid_from IS NULL) = (activated_on IS NULL)),
    CONSTRAINT ck_policy_end_needs_start CHECK (valid_from IS NOT NULL OR valid_to IS NULL),
    CONSTRAINT ck_policy_withdrawn_never_in_force CHECK (withdrawn_by IS NULL OR valid_from IS NULL),
    CONSTRAINT ck_policy_withdrawn_on_a_day CHECK ((withdrawn_by IS NULL) = (withdrawn_on IS NULL)),
    CONSTRAINT ck_policy_stages_complete CHECK (stages @> ARRAY['USUL', 'VERIFIKASI', 'PERSETUJUAN', 'PENETAPAN', 'SANGGAH']),
    CONSTRAINT ck_policy_statement_needs_score CHECK (needs_score OR NOT needs_statement),
    CONSTRAINT ck_policy_exit_proposed_without_a_score CHECK (opened_by = 'PENDAMPING' OR NOT needs_score),
    CONSTRAINT ck_policy_gate_by_scope CHECK ((candidate_desil_scope IS NULL) = (candidate_desil_at_least IS NULL)),
    CONSTRAINT ck_policy_years_or_months CHECK (candidate_program_years IS NULL OR candidate_program_months IS NULL),
    CONSTRAINT ck_policy_enough_reasons CHECK (candidate_reasons BETWEEN 1 AND greatest(1, num_nonnulls(candidate_desil_at_least, candidate_usaha_months, coalesce(candidate_program_years, candidate_program_months)))),
    CONSTRAINT ck_policy_komponen_or_reasons CHECK (candidate_komponen_months IS NULL OR num_nonnulls(candidate_desil_at_least, candidate_usaha_months, coalesce(candidate_program_years, candidate_program_months)) = 0),
    CONSTRAINT ck_policy_score_by_an_instrument CHECK (needs_score = (instrument_id IS NOT NULL)),
    CONSTRAINT ck_policy_lengths CHECK (sanggah_length > 0 AND monitoring_months BETWEEN 0 AND 60 AND check_days > 0),
    CONSTRAINT ck_policy_months_after CHECK (1 <= ALL (follow_up_months || survival_months) AND 60 >= ALL (follow_up_months || survival_months)),
    CONSTRAINT ck_policy_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[])),
    CONSTRAINT ck_policy_openedby_known CHECK (opened_by = ANY ('{PENDAMPING,EXIT_PROPOSED}'::text[])),
    CONSTRAINT ck_policy_termunit_known CHECK (sanggah_unit = ANY ('{DAY,MONTH}'::text[])),
    CONSTRAINT ck_policy_termstart_known CHECK (sanggah_starts_from = ANY ('{ANNOUNCED_ON}'::text[])),
    CONSTRAINT fk_policy_credit_rule_version FOREIGN KEY(credit_rule_version) REFERENCES credit_rule (version),
    CONSTRAINT ck_policy_desilscope_known CHECK (candidate_desil_scope = ANY ('{NAS,PROV,KABKOTA}'::text[])),
    CONSTRAINT ck_policy_countedmemberships_known CHECK (counted_memberships = ANY ('{CURRENT,ALL}'::text[])),
    CONSTRAINT fk_policy_instrument_id FOREIGN KEY(instrument_id) REFERENCES instrument (instrument_id)
);

CREATE TABLE sk_correction (
    sk_no TEXT NOT NULL,
    sk_on DATE NOT NULL,
    evidence_sha256 VARCHAR(64),
    corrected_on DATE NOT NULL,
    corrected_by TEXT NOT NULL,
    approval_request_id UUID NOT NULL,
    correction_id UUID NOT NULL,
    sk_id UUID NOT NULL,
    CONSTRAINT pk_sk_correction PRIMARY KEY (correction_id),
    CONSTRAINT ck_sk_correction_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_sk_correction_approval_request_id FOREIGN KEY(approval_request_id) REFERENCES approval_request (approval_request_id),
    CONSTRAINT fk_sk_correction_sk_id FOREIGN KEY(sk_id) REFERENCES sk (sk_id)
);

CREATE INDEX ix_sk_correction_sk_id ON sk_correction (sk_id);

CREATE TABLE graduasi (
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    graduasi_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    policy_version INTEGER NOT NULL,
    state VARCHAR(40) NOT NULL,
    since_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome VARCHAR(40),
    held_for VARCHAR(40),
    fact_undone_on DATE,
    assess_again BOOLEAN DEFAULT false NOT NULL,
    version INTEGER NOT NULL,
    opened_in TEXT COLLATE "C" NOT NULL,
    policy_id UUID NOT NULL,
    asesmen_id UUID,
    pernyataan_id UUID,
    usul_id UUID,
    postponed_from VARCHAR(40),
    opened_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_graduasi PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_graduasi_outcome_at_the_end CHECK ((state = 'SELESAI') = (outcome IS NOT NULL)),
    CONSTRAINT ck_graduasi_postponed_from_a_state CHECK ((state = 'DITUNDA') = (postponed_from IS NOT NULL)),
    CONSTRAINT ck_graduasi_held_while_postponed CHECK (state = 'DITUNDA' OR held_for IS NULL),
    CONSTRAINT ck_graduasi_version_counts_up CHECK (version >= 1),
    CONSTRAINT ck_graduasi_assessed_before_proposal CHECK (state <> 'DIUSULKAN' OR NOT assess_again),
    CONSTRAINT ck_graduasi_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[])),
    CONSTRAINT ck_graduasi_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI}'::text[])),
    CONSTRAINT ck_graduasi_graduasistate_known CHECK (state = ANY ('{TERIDENTIFIKASI,DIASESMEN,SIAP,BELUM_SIAP,DIKECUALIKAN,PERNYATAAN_DITANDATANGANI,DIUSULKAN,DIVERIFIKASI_KETIM,DIMUSYAWARAHKAN,DISETUJUI_DINSOS,DITETAPKAN,MASA_SANGGAH,DISANGGAH,EFEKTIF,PEMANTAUAN,SELESAI,DIKEMBALIKAN,DITOLAK,DITUNDA,DIBATALKAN,DIPULIHKAN}'::text[])),
    CONSTRAINT ck_graduasi_outcome_known CHECK (outcome = ANY ('{BERTAHAN,KAMBUH,TIDAK_DIPANTAU,MENINGGAL,BERGABUNG}'::text[])),
    CONSTRAINT ck_graduasi_holdreason_known CHECK (held_for = ANY ('{FAKTA_BERUBAH,ASESMEN_GUGUR,USULAN_GUGUR,BUKTI_DITANDAI}'::text[])),
    CONSTRAINT fk_graduasi_policy_id FOREIGN KEY(policy_id) REFERENCES policy (policy_id),
    CONSTRAINT ck_graduasi_postponed_from_known CHECK (postponed_from = ANY ('{TERIDENTIFIKASI,DIASESMEN,SIAP,BELUM_SIAP,DIKECUALIKAN,PERNYATAAN_DITANDATANGANI,DIUSULKAN,DIVERIFIKASI_KETIM,DIMUSYAWARAHKAN,DISETUJUI_DINSOS,DITETAPKAN,MASA_SANGGAH,DISANGGAH,EFEKTIF,PEMANTAUAN,SELESAI,DIKEMBALIKAN,DITOLAK,DITUNDA,DIBATALKAN,DIPULIHKAN}'::text[]))
);

CREATE INDEX ix_graduasi_fact_undone ON graduasi (graduasi_id) WHERE fact_undone_on IS NOT NULL AND state <> 'DIPULIHKAN';

CREATE INDEX ix_graduasi_kode_wilayah_graduasi_id ON graduasi (kode_wilayah, graduasi_id);

CREATE INDEX ix_graduasi_kpm_id ON graduasi (kpm_id);

CREATE INDEX ix_graduasi_state_graduasi_id ON graduasi (state, graduasi_id);

CREATE INDEX ix_graduasi_updated_at_graduasi_id ON graduasi (updated_at, graduasi_id);

CREATE INDEX ix_graduasi_waiting_for_ministry ON graduasi (since_on, graduasi_id) WHERE state IN ('DISETUJUI_DINSOS', 'DITUNDA');

CREATE INDEX ix_graduasi_waiting_in_area ON graduasi (kode_wilayah, state) WHERE state IN ('DIUSULKAN', 'DIVERIFIKASI_KETIM', 'DIMUSYAWARAHKAN', 'DISETUJUI_DINSOS', 'DITUNDA');

CREATE UNIQUE INDEX uq_graduasi_one_case ON graduasi (kepesertaan_id) WHERE state NOT IN ('DITOLAK', 'DIBATALKAN', 'DIPULIHKAN');

CREATE TABLE policy_approval (
    policy_id UUID NOT NULL,
    person TEXT NOT NULL,
    note TEXT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    drafted_by TEXT NOT NULL,
    drafted_by_sub TEXT NOT NULL,
    sub TEXT NOT NULL,
    CONSTRAINT pk_policy_approval PRIMARY KEY (policy_id, person),
    CONSTRAINT fk_policy_approval_policy_id FOREIGN KEY(policy_id, drafted_by, drafted_by_sub) REFERENCES policy (policy_id, drafted_by, drafted_by_sub),
    CONSTRAINT uq_policy_approval_sub UNIQUE (policy_id, sub),
    CONSTRAINT ck_policy_approval_not_by_the_drafter CHECK (person <> drafted_by AND sub <> drafted_by_sub)
);

CREATE TABLE policy_withdrawal (
    person TEXT NOT NULL,
    reason TEXT NOT NULL,
    planned_from DATE,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    policy_id UUID NOT NULL,
    sub TEXT NOT NULL,
    CONSTRAINT pk_policy_withdrawal PRIMARY KEY (policy_id),
    CONSTRAINT uq_policy_withdrawal_person UNIQUE (policy_id, person),
    CONSTRAINT fk_policy_withdrawal_policy_id FOREIGN KEY(policy_id) REFERENCES policy (policy_id)
);

CREATE TABLE asesmen (
    asesmen_id UUID NOT NULL,
    instrument_version INTEGER NOT NULL,
    result VARCHAR(40) NOT NULL,
    score_percent INTEGER NOT NULL,
    graduasi_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    assessed_on DATE NOT NULL,
    bersedia BOOLEAN,
    facts JSONB NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    policy_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    answers JSONB NOT NULL,
    explanation JSONB NOT NULL,
    CONSTRAINT pk_asesmen PRIMARY KEY (asesmen_id),
    CONSTRAINT ck_asesmen_asesmenresult_known CHECK (result = ANY ('{SIAP,BELUM_SIAP,DIKECUALIKAN}'::text[])),
    CONSTRAINT fk_asesmen_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_asesmen_policy_id FOREIGN KEY(policy_id) REFERENCES policy (policy_id)
);

CREATE INDEX ix_asesmen_graduasi_id ON asesmen (graduasi_id);

CREATE TABLE certificate (
    certificate_no TEXT NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    issued_on DATE NOT NULL,
    CONSTRAINT pk_certificate PRIMARY KEY (certificate_no),
    CONSTRAINT uq_certificate_graduasi_id UNIQUE (graduasi_id),
    CONSTRAINT fk_certificate_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE TABLE credit (
    state VARCHAR(40) NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    year INTEGER NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    rule_version INTEGER NOT NULL,
    granted_on DATE,
    reversed_on DATE,
    credit_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    unit VARCHAR(40) NOT NULL,
    sk_on DATE NOT NULL,
    decree_id UUID NOT NULL,
    CONSTRAINT pk_credit PRIMARY KEY (credit_id),
    CONSTRAINT uq_credit_graduasi_id UNIQUE (graduasi_id),
    CONSTRAINT ck_credit_reversed_after_granted CHECK (reversed_on >= granted_on),
    CONSTRAINT ck_credit_granted_with_day CHECK ((state = 'GRANTED') = (granted_on IS NOT NULL AND reversed_on IS NULL)),
    CONSTRAINT ck_credit_creditstate_known CHECK (state = ANY ('{GRANTED,FAMILY_COUNTED,REVERSED}'::text[])),
    CONSTRAINT fk_credit_rule_version FOREIGN KEY(rule_version) REFERENCES credit_rule (version),
    CONSTRAINT fk_credit_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_credit_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN}'::text[])),
    CONSTRAINT ck_credit_creditunit_known CHECK (unit = ANY ('{FAMILY_AND_YEAR,PENETAPAN}'::text[])),
    CONSTRAINT fk_credit_decree_id FOREIGN KEY(decree_id) REFERENCES sk (sk_id)
);

CREATE INDEX ix_credit_kpm_id_year ON credit (kpm_id, year);

CREATE UNIQUE INDEX uq_credit_one_per_family ON credit (kpm_id, year) WHERE state = 'GRANTED' AND unit = 'FAMILY_AND_YEAR';

CREATE TABLE exit_proposal (
    exit_proposal_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    proposer TEXT NOT NULL,
    proposed_on DATE NOT NULL,
    taken VARCHAR(40) NOT NULL,
    graduasi_id UUID,
    behind_id UUID,
    bansos VARCHAR(40) NOT NULL,
    evidence_sha256 VARCHAR(64) NOT NULL,
    proposer_sub TEXT,
    pendamping_id UUID,
    penugasan_id UUID,
    occurred_on DATE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_exit_proposal PRIMARY KEY (exit_proposal_id),
    CONSTRAINT ck_exit_proposal_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_exit_proposal_opened_names_its_case CHECK ((taken = 'OPENED') = (graduasi_id IS NOT NULL)),
    CONSTRAINT ck_exit_proposal_waits_behind_a_case CHECK ((taken = 'WAITING') = (behind_id IS NOT NULL)),
    CONSTRAINT uq_exit_proposal_graduasi_id UNIQUE (graduasi_id),
    CONSTRAINT ck_exit_proposal_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[])),
    CONSTRAINT ck_exit_proposal_exittaken_known CHECK (taken = ANY ('{OPENED,WAITING,NO_POLICY,WITHDRAWN}'::text[])),
    CONSTRAINT fk_exit_proposal_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_exit_proposal_behind_id FOREIGN KEY(behind_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_exit_proposal_bansos_known CHECK (bansos = ANY ('{PKH,SEMBAKO,PBI,UNKNOWN}'::text[]))
);

CREATE INDEX ix_exit_proposal_kode_wilayah ON exit_proposal (kode_wilayah);

CREATE INDEX ix_exit_proposal_kpm_id ON exit_proposal (kpm_id);

CREATE INDEX ix_exit_proposal_proposer ON exit_proposal (proposer);

CREATE INDEX ix_exit_proposal_updated_at_exit_proposal_id ON exit_proposal (updated_at, exit_proposal_id);

CREATE INDEX ix_exit_proposal_waiting ON exit_proposal (behind_id) WHERE taken = 'WAITING';

CREATE TABLE graduasi_history (
    history_id BIGINT GENERATED ALWAYS AS IDENTITY,
    from_state VARCHAR(40),
    to_state VARCHAR(40) NOT NULL,
    reason_code VARCHAR(40) NOT NULL,
    sub TEXT NOT NULL,
    role TEXT NOT NULL,
    pendamping_id UUID,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    evidence_sha256 VARCHAR(64),
    policy_version INTEGER NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    person TEXT NOT NULL,
    reason_sealed BYTEA,
    CONSTRAINT pk_graduasi_history PRIMARY KEY (history_id),
    CONSTRAINT ck_graduasi_history_move_legal CHECK ((coalesce(from_state, '') || '>' || to_state) = ANY ('{>TERIDENTIFIKASI,TERIDENTIFIKASI>DIASESMEN,TERIDENTIFIKASI>DIBATALKAN,TERIDENTIFIKASI>DITUNDA,TERIDENTIFIKASI>DIUSULKAN,DIASESMEN>BELUM_SIAP,DIASESMEN>DIBATALKAN,DIASESMEN>DIKECUALIKAN,DIASESMEN>DITUNDA,DIASESMEN>SIAP,SIAP>DIASESMEN,SIAP>DIBATALKAN,SIAP>DITUNDA,SIAP>PERNYATAAN_DITANDATANGANI,BELUM_SIAP>DIASESMEN,BELUM_SIAP>DIBATALKAN,BELUM_SIAP>DITUNDA,DIKECUALIKAN>DIASESMEN,DIKECUALIKAN>DIBATALKAN,DIKECUALIKAN>DITUNDA,PERNYATAAN_DITANDATANGANI>DIASESMEN,PERNYATAAN_DITANDATANGANI>DIBATALKAN,PERNYATAAN_DITANDATANGANI>DITUNDA,PERNYATAAN_DITANDATANGANI>DIUSULKAN,PERNYATAAN_DITANDATANGANI>PERNYATAAN_DITANDATANGANI,DIUSULKAN>DIBATALKAN,DIUSULKAN>DIKEMBALIKAN,DIUSULKAN>DITOLAK,DIUSULKAN>DITUNDA,DIUSULKAN>DIVERIFIKASI_KETIM,DIVERIFIKASI_KETIM>DIBATALKAN,DIVERIFIKASI_KETIM>DIKEMBALIKAN,DIVERIFIKASI_KETIM>DIMUSYAWARAHKAN,DIVERIFIKASI_KETIM>DISETUJUI_DINSOS,DIVERIFIKASI_KETIM>DITOLAK,DIVERIFIKASI_KETIM>DITUNDA,DIMUSYAWARAHKAN>DIBATALKAN,DIMUSYAWARAHKAN>DIKEMBALIKAN,DIMUSYAWARAHKAN>DIMUSYAWARAHKAN,DIMUSYAWARAHKAN>DISETUJUI_DINSOS,DIMUSYAWARAHKAN>DITOLAK,DIMUSYAWARAHKAN>DITUNDA,DISETUJUI_DINSOS>DIBATALKAN,DISETUJUI_DINSOS>DIKEMBALIKAN,DISETUJUI_DINSOS>DITETAPKAN,DISETUJUI_DINSOS>DITOLAK,DISETUJUI_DINSOS>DITUNDA,DITETAPKAN>DIPULIHKAN,DITETAPKAN>DITUNDA,DITETAPKAN>MASA_SANGGAH,MASA_SANGGAH>DIPULIHKAN,MASA_SANGGAH>DISANGGAH,MASA_SANGGAH>DITUNDA,MASA_SANGGAH>EFEKTIF,DISANGGAH>DIPULIHKAN,DISANGGAH>EFEKTIF,DISANGGAH>MASA_SANGGAH,EFEKTIF>DIPULIHKAN,EFEKTIF>DISANGGAH,EFEKTIF>PEMANTAUAN,PEMANTAUAN>DIPULIHKAN,PEMANTAUAN>DISANGGAH,PEMANTAUAN>SELESAI,SELESAI>DIPULIHKAN,SELESAI>PEMANTAUAN,DIKEMBALIKAN>DIASESMEN,DIKEMBALIKAN>DIBATALKAN,DIKEMBALIKAN>DIKEMBALIKAN,DIKEMBALIKAN>DITUNDA,DIKEMBALIKAN>DIUSULKAN,DITUNDA>BELUM_SIAP,DITUNDA>DIASESMEN,DITUNDA>DIBATALKAN,DITUNDA>DIKECUALIKAN,DITUNDA>DIKEMBALIKAN,DITUNDA>DIMUSYAWARAHKAN,DITUNDA>DIPULIHKAN,DITUNDA>DISETUJUI_DINSOS,DITUNDA>DITETAPKAN,DITUNDA>DITOLAK,DITUNDA>DIUSULKAN,DITUNDA>DIVERIFIKASI_KETIM,DITUNDA>MASA_SANGGAH,DITUNDA>PERNYATAAN_DITANDATANGANI,DITUNDA>SIAP,DITUNDA>TERIDENTIFIKASI}'::text[])),
    CONSTRAINT ck_graduasi_history_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_graduasi_history_graduasistate_known CHECK (from_state = ANY ('{TERIDENTIFIKASI,DIASESMEN,SIAP,BELUM_SIAP,DIKECUALIKAN,PERNYATAAN_DITANDATANGANI,DIUSULKAN,DIVERIFIKASI_KETIM,DIMUSYAWARAHKAN,DISETUJUI_DINSOS,DITETAPKAN,MASA_SANGGAH,DISANGGAH,EFEKTIF,PEMANTAUAN,SELESAI,DIKEMBALIKAN,DITOLAK,DITUNDA,DIBATALKAN,DIPULIHKAN}'::text[])),
    CONSTRAINT ck_graduasi_history_to_state_known CHECK (to_state = ANY ('{TERIDENTIFIKASI,DIASESMEN,SIAP,BELUM_SIAP,DIKECUALIKAN,PERNYATAAN_DITANDATANGANI,DIUSULKAN,DIVERIFIKASI_KETIM,DIMUSYAWARAHKAN,DISETUJUI_DINSOS,DITETAPKAN,MASA_SANGGAH,DISANGGAH,EFEKTIF,PEMANTAUAN,SELESAI,DIKEMBALIKAN,DITOLAK,DITUNDA,DIBATALKAN,DIPULIHKAN}'::text[])),
    CONSTRAINT ck_graduasi_history_casereason_known CHECK (reason_code = ANY ('{PEMBUKAAN,USULAN_KELUAR,LANGKAH,PERTIMBANGAN,BELUM_LAYAK,BUKTI_LEMAH,DATA_TIDAK_SESUAI,KELUARGA_MENARIK_DIRI,DASAR_GUGUR,USULAN_DITARIK,FAKTA_BERUBAH,ASESMEN_GUGUR,USULAN_GUGUR,BUKTI_DITANDAI,PENGUMUMAN,MASA_SANGGAH_BERAKHIR,KEADAAN_BERUBAH,TIDAK_BERSEDIA,PROSEDUR_TIDAK_BENAR,SANGGAH_DIPUTUS,SANGGAH_DITERIMA,SK_KELIRU,DATA_KELIRU,PUTUSAN_KEBERATAN,PUTUSAN_PENGADILAN,TAHAP_DIMULAI,PEMANTAUAN_SELESAI,HASIL_DIBATALKAN,MENINGGAL,BERGABUNG,KEMATIAN_DIBATALKAN,LAINNYA}'::text[])),
    CONSTRAINT fk_graduasi_history_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE INDEX ix_graduasi_history_graduasi_id_history_id ON graduasi_history (graduasi_id, history_id);

CREATE TABLE monitoring_task (
    evidence_sha256 VARCHAR(64),
    evidence_on DATE,
    cause VARCHAR(40),
    task_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    kind VARCHAR(40) NOT NULL,
    month INTEGER NOT NULL,
    opens_on DATE NOT NULL,
    due_on DATE NOT NULL,
    visited_on DATE,
    recorded_on DATE,
    closed_on DATE,
    still_out BOOLEAN,
    version INTEGER NOT NULL,
    note_sealed BYTEA,
    entered_at TIMESTAMP WITH TIME ZONE,
    confirms_relapse BOOLEAN DEFAULT false NOT NULL,
    pendamping_id UUID,
    penugasan_id UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_monitoring_task PRIMARY KEY (task_id),
    CONSTRAINT ck_monitoring_task_month_in_order CHECK (month BETWEEN 1 AND 60 AND opens_on < due_on),
    CONSTRAINT ck_monitoring_task_recorded_with_result CHECK ((recorded_on IS NULL) = (still_out IS NULL)),
    CONSTRAINT ck_monitoring_task_cause_of_a_relapse CHECK (still_out IS NULL OR still_out OR cause IS NOT NULL),
    CONSTRAINT ck_monitoring_task_closed_or_recorded CHECK (closed_on IS NULL OR recorded_on IS NULL),
    CONSTRAINT ck_monitoring_task_dated_evidence CHECK (evidence_on IS NULL OR evidence_sha256 IS NOT NULL),
    CONSTRAINT ck_monitoring_task_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_monitoring_task_relapse_has_result CHECK (NOT confirms_relapse OR still_out IS FALSE),
    CONSTRAINT ck_monitoring_task_relapsecause_known CHECK (cause = ANY ('{USAHA_TUTUP,KEHILANGAN_PEKERJAAN,SAKIT,KEMATIAN_PENCARI_NAFKAH,BENCANA,LAINNYA}'::text[])),
    CONSTRAINT fk_monitoring_task_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_monitoring_task_taskkind_known CHECK (kind = ANY ('{BULANAN,LANJUTAN,LAPORAN}'::text[]))
);

CREATE INDEX ix_monitoring_task_due_on_task_id ON monitoring_task (due_on, task_id);

CREATE INDEX ix_monitoring_task_graduasi_id ON monitoring_task (graduasi_id);

CREATE INDEX ix_monitoring_task_kode_wilayah ON monitoring_task (kode_wilayah);

CREATE INDEX ix_monitoring_task_kpm_id ON monitoring_task (kpm_id);

CREATE INDEX ix_monitoring_task_open ON monitoring_task (due_on, task_id) WHERE recorded_on IS NULL AND closed_on IS NULL;

CREATE INDEX ix_monitoring_task_open_by_kpm ON monitoring_task (kpm_id) WHERE recorded_on IS NULL AND closed_on IS NULL;

CREATE INDEX ix_monitoring_task_open_in_area ON monitoring_task (kode_wilayah, kind, due_on) WHERE recorded_on IS NULL AND closed_on IS NULL;

CREATE INDEX ix_monitoring_task_updated_at_task_id ON monitoring_task (updated_at, task_id);

CREATE UNIQUE INDEX uq_monitoring_task_graduasi_id_month ON monitoring_task (graduasi_id, month) WHERE kind <> 'LAPORAN';

CREATE UNIQUE INDEX uq_monitoring_task_one_check ON monitoring_task (graduasi_id) WHERE kind = 'LAPORAN' AND recorded_on IS NULL AND closed_on IS NULL;

CREATE UNIQUE INDEX uq_monitoring_task_one_relapse ON monitoring_task (graduasi_id) WHERE confirms_relapse;

CREATE TABLE musyawarah (
    berita_acara_no TEXT NOT NULL,
    held_on DATE NOT NULL,
    evidence_sha256 VARCHAR(64) NOT NULL,
    graduasi_ids UUID[] NOT NULL,
    musyawarah_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_musyawarah PRIMARY KEY (musyawarah_id),
    CONSTRAINT ck_musyawarah_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_musyawarah_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE INDEX ix_musyawarah_graduasi_id ON musyawarah (graduasi_id);

CREATE TABLE sanggah (
    lodged_on DATE NOT NULL,
    lodged_by VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    ground VARCHAR(40) NOT NULL,
    evidence_sha256 VARCHAR(64) NOT NULL,
    sanggah_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    state VARCHAR(40) NOT NULL,
    typed_by TEXT NOT NULL,
    typed_on DATE NOT NULL,
    suspends BOOLEAN NOT NULL,
    lodger_ref BYTEA NOT NULL,
    note_sealed BYTEA,
    typed_by_sub TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_sanggah PRIMARY KEY (sanggah_id),
    CONSTRAINT ck_sanggah_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT uq_sanggah_typed_by UNIQUE (sanggah_id, typed_by, typed_by_sub),
    CONSTRAINT ck_sanggah_lodgedby_known CHECK (lodged_by = ANY ('{KELUARGA,KUASA,MASYARAKAT}'::text[])),
    CONSTRAINT ck_sanggah_sanggahchannel_known CHECK (channel = ANY ('{DESA,PUSKESOS,DINSOS,PENDAMPING,CEK_BANSOS,CALL_CENTER,WHATSAPP}'::text[])),
    CONSTRAINT ck_sanggah_sanggahground_known CHECK (ground = ANY ('{DATA_TIDAK_SESUAI,KEADAAN_BERUBAH,TIDAK_BERSEDIA,PROSEDUR_TIDAK_BENAR,LAINNYA}'::text[])),
    CONSTRAINT fk_sanggah_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_sanggah_sanggahstate_known CHECK (state = ANY ('{DIAJUKAN,DITERIMA,DITOLAK,GUGUR,SALAH_CATAT}'::text[]))
);

CREATE INDEX ix_sanggah_open_in_area ON sanggah (kode_wilayah, lodged_on, sanggah_id) WHERE state = 'DIAJUKAN';

CREATE INDEX ix_sanggah_state_lodged_on_sanggah_id ON sanggah (state, lodged_on, sanggah_id);

CREATE INDEX ix_sanggah_updated_at_sanggah_id ON sanggah (updated_at, sanggah_id);

CREATE UNIQUE INDEX uq_sanggah_one_lodging ON sanggah (graduasi_id, lodged_by, lodger_ref, lodged_on) WHERE state <> 'SALAH_CATAT';

CREATE UNIQUE INDEX uq_sanggah_open ON sanggah (graduasi_id, suspends) WHERE state = 'DIAJUKAN';

CREATE TABLE stage_act (
    stage VARCHAR(40) NOT NULL,
    sub TEXT NOT NULL,
    role TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    stage_act_id BIGINT GENERATED ALWAYS AS IDENTITY,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    person TEXT NOT NULL,
    four_people BOOLEAN NOT NULL,
    CONSTRAINT pk_stage_act PRIMARY KEY (stage_act_id),
    CONSTRAINT ex_stage_act_four_people EXCLUDE USING gist (graduasi_id WITH =, person WITH =, stage WITH <>) WHERE (four_people),
    CONSTRAINT ex_stage_act_four_accounts EXCLUDE USING gist (graduasi_id WITH =, sub WITH =, stage WITH <>) WHERE (four_people),
    CONSTRAINT ck_stage_act_stage_known CHECK (stage = ANY ('{USUL,VERIFIKASI,MUSYAWARAH,PERSETUJUAN,PENETAPAN,SANGGAH}'::text[])),
    CONSTRAINT fk_stage_act_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE INDEX ix_stage_act_graduasi_id_person ON stage_act (graduasi_id, person);

CREATE INDEX ix_stage_act_proposers ON stage_act (sub, person) WHERE stage = 'USUL';

CREATE TABLE annulment (
    ground VARCHAR(40) NOT NULL,
    sanggah_id UUID,
    approval_request_id UUID,
    was_effective BOOLEAN NOT NULL,
    annulled_on DATE NOT NULL,
    annulled_by TEXT NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    reason_sealed BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_annulment PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_annulment_two_persons CHECK (sanggah_id IS NOT NULL OR ground = 'MENINGGAL' OR approval_request_id IS NOT NULL),
    CONSTRAINT ck_annulment_annulmentground_known CHECK (ground = ANY ('{SANGGAH_DITERIMA,MENINGGAL,SK_KELIRU,DATA_KELIRU,PUTUSAN_KEBERATAN,PUTUSAN_PENGADILAN,LAINNYA}'::text[])),
    CONSTRAINT fk_annulment_sanggah_id FOREIGN KEY(sanggah_id) REFERENCES sanggah (sanggah_id),
    CONSTRAINT fk_annulment_approval_request_id FOREIGN KEY(approval_request_id) REFERENCES approval_request (approval_request_id),
    CONSTRAINT fk_annulment_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE TABLE pernyataan (
    signed_on DATE NOT NULL,
    evidence_sha256 VARCHAR(64) NOT NULL,
    offers_sha256 VARCHAR(64) NOT NULL,
    signer_id UUID,
    pernyataan_id UUID NOT NULL,
    asesmen_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    pendamping_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_pernyataan PRIMARY KEY (pernyataan_id),
    CONSTRAINT ck_pernyataan_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_pernyataan_offers_sha256_form CHECK (offers_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_pernyataan_asesmen_id FOREIGN KEY(asesmen_id) REFERENCES asesmen (asesmen_id),
    CONSTRAINT fk_pernyataan_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE INDEX ix_pernyataan_graduasi_id ON pernyataan (graduasi_id);

CREATE TABLE sanggah_decision (
    decided_on DATE NOT NULL,
    decided_by TEXT NOT NULL,
    role TEXT NOT NULL,
    sanggah_id UUID NOT NULL,
    typed_by TEXT NOT NULL,
    typed_by_sub TEXT NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    decided_by_sub TEXT NOT NULL,
    reason_sealed BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sanggah_decision PRIMARY KEY (sanggah_id),
    CONSTRAINT fk_sanggah_decision_sanggah_id FOREIGN KEY(sanggah_id, typed_by, typed_by_sub) REFERENCES sanggah (sanggah_id, typed_by, typed_by_sub),
    CONSTRAINT ck_sanggah_decision_not_by_typist CHECK (decided_by <> typed_by AND decided_by_sub <> typed_by_sub),
    CONSTRAINT fk_sanggah_decision_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE TABLE sanggah_scan (
    evidence_sha256 VARCHAR(64) NOT NULL,
    added_by TEXT NOT NULL,
    added_on DATE NOT NULL,
    scan_id UUID NOT NULL,
    sanggah_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    added_by_sub TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sanggah_scan PRIMARY KEY (scan_id),
    CONSTRAINT ck_sanggah_scan_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT uq_sanggah_scan_sanggah_id_evidence_sha256 UNIQUE (sanggah_id, evidence_sha256),
    CONSTRAINT fk_sanggah_scan_sanggah_id FOREIGN KEY(sanggah_id) REFERENCES sanggah (sanggah_id),
    CONSTRAINT fk_sanggah_scan_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);

CREATE INDEX ix_sanggah_scan_sanggah_id ON sanggah_scan (sanggah_id);

CREATE TABLE voided_result (
    evidence_sha256 VARCHAR(64),
    evidence_on DATE,
    cause VARCHAR(40),
    void_id UUID NOT NULL,
    task_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    kind VARCHAR(40) NOT NULL,
    month INTEGER NOT NULL,
    visited_on DATE NOT NULL,
    recorded_on DATE NOT NULL,
    still_out BOOLEAN NOT NULL,
    voided_on DATE NOT NULL,
    voided_by TEXT NOT NULL,
    void_reason VARCHAR(40) NOT NULL,
    note_sealed BYTEA,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    CONSTRAINT pk_voided_result PRIMARY KEY (void_id),
    CONSTRAINT ck_voided_result_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_voided_result_relapsecause_known CHECK (cause = ANY ('{USAHA_TUTUP,KEHILANGAN_PEKERJAAN,SAKIT,KEMATIAN_PENCARI_NAFKAH,BENCANA,LAINNYA}'::text[])),
    CONSTRAINT fk_voided_result_task_id FOREIGN KEY(task_id) REFERENCES monitoring_task (task_id),
    CONSTRAINT fk_voided_result_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_voided_result_taskkind_known CHECK (kind = ANY ('{BULANAN,LANJUTAN,LAPORAN}'::text[])),
    CONSTRAINT ck_voided_result_voidreason_known CHECK (void_reason = ANY ('{SALAH_KELUARGA,SALAH_TANGGAL,SALAH_ISI,TERCATAT_GANDA,TIDAK_TERJADI,LAINNYA}'::text[]))
);

CREATE INDEX ix_voided_result_task_id_void_id ON voided_result (task_id, void_id);

CREATE TABLE back_payment (
    tahap TEXT NOT NULL,
    paid BOOLEAN NOT NULL,
    reason_code VARCHAR(40) NOT NULL,
    graduasi_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    reason_sealed BYTEA NOT NULL,
    CONSTRAINT pk_back_payment PRIMARY KEY (graduasi_id, tahap, revision),
    CONSTRAINT ck_back_payment_backpayreason_known CHECK (reason_code = ANY ('{TETAP_BERHAK,PUTUSAN,TIDAK_BERHAK,SUDAH_DIBAYAR,ANGGARAN_DITUTUP,MENINGGAL,LAINNYA}'::text[])),
    CONSTRAINT fk_back_payment_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES annulment (graduasi_id)
);

CREATE TABLE usul (
    usul_id UUID NOT NULL,
    asesmen_id UUID,
    pendamping_id UUID,
    penugasan_id UUID,
    proposed_by TEXT NOT NULL,
    proposed_on DATE NOT NULL,
    graduasi_id UUID NOT NULL,
    pernyataan_id UUID,
    policy_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    proposer_pendamping_id UUID,
    proposer_penugasan_id UUID,
    facts JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_usul PRIMARY KEY (usul_id),
    CONSTRAINT fk_usul_asesmen_id FOREIGN KEY(asesmen_id) REFERENCES asesmen (asesmen_id),
    CONSTRAINT fk_usul_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_usul_pernyataan_id FOREIGN KEY(pernyataan_id) REFERENCES pernyataan (pernyataan_id),
    CONSTRAINT fk_usul_policy_id FOREIGN KEY(policy_id) REFERENCES policy (policy_id)
);

CREATE INDEX ix_usul_graduasi_id ON usul (graduasi_id);

CREATE TABLE penetapan (
    graduasi_id UUID NOT NULL,
    sk_id UUID NOT NULL,
    announced_on DATE NOT NULL,
    term_ends_on DATE NOT NULL,
    effective_tahap TEXT NOT NULL,
    effective_on DATE NOT NULL,
    last_payable_tahap TEXT NOT NULL,
    usul_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    pendamping_id UUID,
    penugasan_id UUID,
    CONSTRAINT pk_penetapan PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_penetapan_term_after_announcement CHECK (term_ends_on >= announced_on),
    CONSTRAINT fk_penetapan_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_penetapan_sk_id FOREIGN KEY(sk_id) REFERENCES sk (sk_id),
    CONSTRAINT fk_penetapan_usul_id FOREIGN KEY(usul_id) REFERENCES usul (usul_id)
);

CREATE INDEX ix_penetapan_kode_wilayah ON penetapan (kode_wilayah);

CREATE INDEX ix_penetapan_sk_id ON penetapan (sk_id);

ALTER TABLE policy ADD CONSTRAINT fk_policy_first_approver FOREIGN KEY(policy_id, first_approver) REFERENCES policy_approval (policy_id, person);

ALTER TABLE policy ADD CONSTRAINT fk_policy_second_approver FOREIGN KEY(policy_id, second_approver) REFERENCES policy_approval (policy_id, person);

ALTER TABLE policy ADD CONSTRAINT fk_policy_withdrawn_by FOREIGN KEY(policy_id, withdrawn_by) REFERENCES policy_withdrawal (policy_id, person);

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON approval_request FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{REQUESTED>APPROVED,REQUESTED>EXPIRED,REQUESTED>LAPSED,REQUESTED>REFUSED,REQUESTED>WITHDRAWN}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON approval_request FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON sk FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON graduasi FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{TERIDENTIFIKASI>DIASESMEN,TERIDENTIFIKASI>DIBATALKAN,TERIDENTIFIKASI>DITUNDA,TERIDENTIFIKASI>DIUSULKAN,DIASESMEN>BELUM_SIAP,DIASESMEN>DIBATALKAN,DIASESMEN>DIKECUALIKAN,DIASESMEN>DITUNDA,DIASESMEN>SIAP,SIAP>DIASESMEN,SIAP>DIBATALKAN,SIAP>DITUNDA,SIAP>PERNYATAAN_DITANDATANGANI,BELUM_SIAP>DIASESMEN,BELUM_SIAP>DIBATALKAN,BELUM_SIAP>DITUNDA,DIKECUALIKAN>DIASESMEN,DIKECUALIKAN>DIBATALKAN,DIKECUALIKAN>DITUNDA,PERNYATAAN_DITANDATANGANI>DIASESMEN,PERNYATAAN_DITANDATANGANI>DIBATALKAN,PERNYATAAN_DITANDATANGANI>DITUNDA,PERNYATAAN_DITANDATANGANI>DIUSULKAN,PERNYATAAN_DITANDATANGANI>PERNYATAAN_DITANDATANGANI,DIUSULKAN>DIBATALKAN,DIUSULKAN>DIKEMBALIKAN,DIUSULKAN>DITOLAK,DIUSULKAN>DITUNDA,DIUSULKAN>DIVERIFIKASI_KETIM,DIVERIFIKASI_KETIM>DIBATALKAN,DIVERIFIKASI_KETIM>DIKEMBALIKAN,DIVERIFIKASI_KETIM>DIMUSYAWARAHKAN,DIVERIFIKASI_KETIM>DISETUJUI_DINSOS,DIVERIFIKASI_KETIM>DITOLAK,DIVERIFIKASI_KETIM>DITUNDA,DIMUSYAWARAHKAN>DIBATALKAN,DIMUSYAWARAHKAN>DIKEMBALIKAN,DIMUSYAWARAHKAN>DIMUSYAWARAHKAN,DIMUSYAWARAHKAN>DISETUJUI_DINSOS,DIMUSYAWARAHKAN>DITOLAK,DIMUSYAWARAHKAN>DITUNDA,DISETUJUI_DINSOS>DIBATALKAN,DISETUJUI_DINSOS>DIKEMBALIKAN,DISETUJUI_DINSOS>DITETAPKAN,DISETUJUI_DINSOS>DITOLAK,DISETUJUI_DINSOS>DITUNDA,DITETAPKAN>DIPULIHKAN,DITETAPKAN>DITUNDA,DITETAPKAN>MASA_SANGGAH,MASA_SANGGAH>DIPULIHKAN,MASA_SANGGAH>DISANGGAH,MASA_SANGGAH>DITUNDA,MASA_SANGGAH>EFEKTIF,DISANGGAH>DIPULIHKAN,DISANGGAH>EFEKTIF,DISANGGAH>MASA_SANGGAH,EFEKTIF>DIPULIHKAN,EFEKTIF>DISANGGAH,EFEKTIF>PEMANTAUAN,PEMANTAUAN>DIPULIHKAN,PEMANTAUAN>DISANGGAH,PEMANTAUAN>SELESAI,SELESAI>DIPULIHKAN,SELESAI>PEMANTAUAN,DIKEMBALIKAN>DIASESMEN,DIKEMBALIKAN>DIBATALKAN,DIKEMBALIKAN>DIKEMBALIKAN,DIKEMBALIKAN>DITUNDA,DIKEMBALIKAN>DIUSULKAN,DITUNDA>BELUM_SIAP,DITUNDA>DIASESMEN,DITUNDA>DIBATALKAN,DITUNDA>DIKECUALIKAN,DITUNDA>DIKEMBALIKAN,DITUNDA>DIMUSYAWARAHKAN,DITUNDA>DIPULIHKAN,DITUNDA>DISETUJUI_DINSOS,DITUNDA>DITETAPKAN,DITUNDA>DITOLAK,DITUNDA>DIUSULKAN,DITUNDA>DIVERIFIKASI_KETIM,DITUNDA>MASA_SANGGAH,DITUNDA>PERNYATAAN_DITANDATANGANI,DITUNDA>SIAP,DITUNDA>TERIDENTIFIKASI}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON graduasi FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON credit FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{GRANTED>FAMILY_COUNTED,GRANTED>REVERSED,FAMILY_COUNTED>GRANTED,FAMILY_COUNTED>REVERSED}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON exit_proposal FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER updated BEFORE UPDATE ON monitoring_task FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON sanggah FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{DIAJUKAN>DITERIMA,DIAJUKAN>DITOLAK,DIAJUKAN>GUGUR,DIAJUKAN>SALAH_CATAT}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON sanggah FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();
