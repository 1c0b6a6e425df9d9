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

CREATE TABLE coverage_count (
    count_id UUID NOT NULL,
    counted_on DATE NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    requested_by TEXT NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_coverage_count PRIMARY KEY (count_id)
);

CREATE INDEX ix_coverage_count_counted_on_finished_at ON coverage_count (counted_on, finished_at);

CREATE TABLE pilar_kind (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    kind VARCHAR(40) NOT NULL,
    name TEXT NOT NULL,
    ditjen VARCHAR(40) NOT NULL,
    level VARCHAR(40) NOT NULL,
    held_by VARCHAR(40) NOT NULL,
    source TEXT NOT NULL,
    valid_from DATE NOT NULL,
    pilar_kind_id UUID NOT NULL,
    successor_kind VARCHAR(40),
    valid_to DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_pilar_kind PRIMARY KEY (pilar_kind_id),
    CONSTRAINT ex_pilar_kind_range EXCLUDE USING gist (kind WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_pilar_kind_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ck_pilar_kind_successor_differs CHECK (successor_kind <> kind),
    CONSTRAINT ck_pilar_kind_successor_needs_end CHECK (successor_kind IS NULL OR valid_to IS NOT NULL),
    CONSTRAINT ck_pilar_kind_version_positive CHECK (version >= 1),
    CONSTRAINT ck_pilar_kind_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[])),
    CONSTRAINT ck_pilar_kind_ditjen_known CHECK (ditjen = ANY ('{LINJAMSOS,REHSOS,DAYASOS}'::text[])),
    CONSTRAINT ck_pilar_kind_pilarlevel_known CHECK (level = ANY ('{DESA,KECAMATAN,KABKOTA,PROV,LEMBAGA}'::text[])),
    CONSTRAINT ck_pilar_kind_heldby_known CHECK (held_by = ANY ('{PERSON,LEMBAGA,EITHER}'::text[])),
    CONSTRAINT ck_pilar_kind_successor_kind_known CHECK (successor_kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[]))
);

CREATE INDEX ix_pilar_kind_kind_valid_from_pilar_kind_id ON pilar_kind (kind, valid_from, pilar_kind_id);

CREATE TABLE range_history (
    thing VARCHAR(40) NOT NULL,
    thing_id UUID NOT NULL,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    range_history_id UUID NOT NULL,
    CONSTRAINT pk_range_history PRIMARY KEY (range_history_id),
    CONSTRAINT uq_range_history_thing_id_number UNIQUE (thing_id, number),
    CONSTRAINT ck_range_history_rangething_known CHECK (thing = ANY ('{PENUGASAN,WILAYAH_TUGAS,PILAR_KIND,ROLE_CONFLICT}'::text[]))
);

CREATE TABLE replica_coverage.kepesertaan (
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

CREATE INDEX ix_kepesertaan_kode_wilayah_valid_from ON replica_coverage.kepesertaan (kode_wilayah, valid_from);

CREATE INDEX ix_kepesertaan_kpm_id ON replica_coverage.kepesertaan (kpm_id);

CREATE TABLE replica_coverage.kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id)
);

CREATE INDEX ix_kpm_kode_wilayah_kpm_id ON replica_coverage.kpm (kode_wilayah, kpm_id);

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
    CONSTRAINT ck_credit_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_credit_graduasi_id ON replica_credit.credit (graduasi_id);

CREATE INDEX ix_credit_pendamping_id_year ON replica_credit.credit (pendamping_id, year);

CREATE INDEX ix_credit_penugasan_id_year ON replica_credit.credit (penugasan_id, year);

CREATE TABLE replica_graduasi.graduasi (
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    pendamping_id UUID,
    sk_on DATE,
    effective_on DATE,
    annulled_on DATE,
    monitoring_months INTEGER,
    CONSTRAINT pk_graduasi PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_graduasi_exitreason_known CHECK (exit_reason = ANY ('{SEJAHTERA_MANDIRI,SEJAHTERA_PPSE,ALAMIAH,MENINGGAL,PINDAH,DATA_GANDA,TIDAK_DITEMUKAN,HASIL_PEMUTAKHIRAN,MUSYAWARAH,NIK_TIDAK_PADAN,MENGUNDURKAN_DIRI,PEKERJAAN_DIKECUALIKAN,PELANGGARAN_KOMITMEN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_graduasi_kpm_id ON replica_graduasi.graduasi (kpm_id);

CREATE INDEX ix_graduasi_pendamping_id_sk_on ON replica_graduasi.graduasi (pendamping_id, sk_on);

CREATE TABLE replica_graduasi.monitoring (
    graduasi_id UUID NOT NULL,
    month INTEGER NOT NULL,
    still_out BOOLEAN NOT NULL,
    recorded_on DATE NOT NULL,
    voided BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_monitoring PRIMARY KEY (graduasi_id, month)
);

CREATE TABLE replica_graduasi.monitoring_end (
    graduasi_id UUID NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_monitoring_end PRIMARY KEY (graduasi_id)
);

CREATE TABLE replica_graduasi.relapse (
    graduasi_id UUID NOT NULL,
    month INTEGER NOT NULL,
    confirmed_on DATE NOT NULL,
    reversed_on DATE,
    CONSTRAINT pk_relapse PRIMARY KEY (graduasi_id)
);

CREATE TABLE replica_graduasi.sanggah (
    sanggah_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    suspends BOOLEAN DEFAULT false NOT NULL,
    outcome VARCHAR(40),
    CONSTRAINT pk_sanggah PRIMARY KEY (sanggah_id),
    CONSTRAINT ck_sanggah_sanggahoutcome_known CHECK (outcome = ANY ('{DITERIMA,DITOLAK,GUGUR,SALAH_CATAT,UNKNOWN}'::text[]))
);

CREATE INDEX ix_sanggah_graduasi_id ON replica_graduasi.sanggah (graduasi_id);

CREATE TABLE replica_load.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    kind VARCHAR(40) NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR,UNKNOWN}'::text[])),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose = ANY ('{PENDAMPINGAN,PEMANTAUAN,UNKNOWN}'::text[]))
);

CREATE INDEX ix_dampingan_kpm_id ON replica_load.dampingan (kpm_id);

CREATE INDEX ix_dampingan_penugasan_id ON replica_load.dampingan (penugasan_id);

CREATE TABLE replica_load.kunjungan (
    kunjungan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    "on" DATE NOT NULL,
    voided BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_kunjungan PRIMARY KEY (kunjungan_id)
);

CREATE INDEX ix_kunjungan_penugasan_id_on ON replica_load.kunjungan (penugasan_id, "on");

CREATE TABLE replica_load.limit_crossing (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    count INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    side VARCHAR(40) NOT NULL,
    event_id UUID NOT NULL,
    crossed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_limit_crossing PRIMARY KEY (event_id),
    CONSTRAINT ck_limit_crossing_limitside_known CHECK (side = ANY ('{ABOVE,BELOW,UNKNOWN}'::text[]))
);

CREATE INDEX ix_limit_crossing_pendamping_id_crossed_at ON replica_load.limit_crossing (pendamping_id, crossed_at);

CREATE TABLE replica_load.load_limit (
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    count INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    side VARCHAR(40) NOT NULL,
    CONSTRAINT pk_load_limit PRIMARY KEY (penugasan_id),
    CONSTRAINT ck_load_limit_limitside_known CHECK (side = ANY ('{ABOVE,BELOW,UNKNOWN}'::text[]))
);

CREATE TABLE replica_load.p2k2 (
    p2k2_sesi_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    "on" DATE NOT NULL,
    invited INTEGER NOT NULL,
    attended INTEGER NOT NULL,
    voided BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_p2k2 PRIMARY KEY (p2k2_sesi_id)
);

CREATE INDEX ix_p2k2_penugasan_id_on ON replica_load.p2k2 (penugasan_id, "on");

CREATE TABLE replica_rujukan.rujukan (
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    CONSTRAINT pk_rujukan PRIMARY KEY (rujukan_id)
);

CREATE INDEX ix_rujukan_graduasi_id ON replica_rujukan.rujukan (graduasi_id);

CREATE TABLE replica_rujukan.rujukan_program (
    rujukan_program_id UUID NOT NULL,
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    program_code TEXT NOT NULL,
    sent_on DATE,
    answered_on DATE,
    answer VARCHAR(40),
    reason_code VARCHAR(40),
    delivered_on DATE,
    withdrawn_on DATE,
    CONSTRAINT pk_rujukan_program PRIMARY KEY (rujukan_program_id),
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (answer = ANY ('{DRAF,DISETUJUI_KPM,TERKIRIM,GAGAL_KIRIM,DITERIMA_SISTEM,DIPROSES,DISETUJUI,DITOLAK,PERLU_DATA,DAFTAR_TUNGGU,DISALURKAN,TUTUP,KEDALUWARSA,DICABUT,UNKNOWN}'::text[])),
    CONSTRAINT ck_rujukan_program_refusalcode_known CHECK (reason_code = ANY ('{TIDAK_MEMENUHI_USIA,USAHA_BELUM_6_BULAN,TIDAK_ADA_NIB,KREDIT_AKTIF_SIKP,SLIK_BURUK,KUOTA_HABIS,DI_LUAR_WILAYAH,DATA_TIDAK_PADAN,TIDAK_DAPAT_DIHUBUNGI,PEMOHON_MENOLAK,LAINNYA,UNKNOWN}'::text[]))
);

CREATE INDEX ix_rujukan_program_graduasi_id ON replica_rujukan.rujukan_program (graduasi_id);

CREATE TABLE role_conflict (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    kind VARCHAR(40) NOT NULL,
    other_kind VARCHAR(40) NOT NULL,
    paid_only BOOLEAN NOT NULL,
    reason_en TEXT NOT NULL,
    reason_id TEXT NOT NULL,
    source TEXT NOT NULL,
    valid_from DATE NOT NULL,
    role_conflict_id UUID NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    CONSTRAINT pk_role_conflict PRIMARY KEY (role_conflict_id),
    CONSTRAINT ck_role_conflict_two_kinds CHECK (kind <> other_kind),
    CONSTRAINT ck_role_conflict_version_positive CHECK (version >= 1),
    CONSTRAINT ck_role_conflict_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ex_role_conflict_range EXCLUDE USING gist ((LEAST(kind, other_kind)) WITH =, (GREATEST(kind, other_kind)) WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_role_conflict_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[])),
    CONSTRAINT ck_role_conflict_other_kind_known CHECK (other_kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[]))
);

CREATE TABLE target (
    set_by TEXT NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    year INTEGER NOT NULL,
    kind VARCHAR(40) NOT NULL,
    per_person INTEGER NOT NULL,
    counted TEXT[] NOT NULL,
    basis TEXT NOT NULL,
    target_id UUID NOT NULL,
    number INTEGER NOT NULL,
    CONSTRAINT pk_target PRIMARY KEY (target_id),
    CONSTRAINT uq_target_year_kind_number UNIQUE (year, kind, number),
    CONSTRAINT ck_target_per_person_in_range CHECK (per_person BETWEEN 0 AND 10000),
    CONSTRAINT ck_target_year_in_range CHECK (year BETWEEN 2000 AND 2200),
    CONSTRAINT ck_target_counted_known CHECK (cardinality(counted) > 0 AND counted <@ ARRAY['CALON', 'AKTIF', 'CUTI', 'NONAKTIF']),
    CONSTRAINT ck_target_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[]))
);

CREATE TABLE coverage_figure (
    families INTEGER NOT NULL,
    accompanied INTEGER NOT NULL,
    members INTEGER NOT NULL,
    to_accompany INTEGER NOT NULL,
    unaccompanied INTEGER NOT NULL,
    count_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_coverage_figure PRIMARY KEY (count_id, kode_wilayah),
    CONSTRAINT ck_coverage_figure_accompanied_in_range CHECK (accompanied BETWEEN 0 AND families),
    CONSTRAINT ck_coverage_figure_members_in_range CHECK (members BETWEEN 0 AND families),
    CONSTRAINT ck_coverage_figure_to_accompany_in_range CHECK (to_accompany BETWEEN 0 AND families),
    CONSTRAINT ck_coverage_figure_unaccompanied_in_range CHECK (unaccompanied BETWEEN 0 AND to_accompany),
    CONSTRAINT fk_coverage_figure_count_id FOREIGN KEY(count_id) REFERENCES coverage_count (count_id)
);

CREATE TABLE pendamping (
    pendamping_id UUID NOT NULL,
    pendamping_no TEXT NOT NULL,
    subject VARCHAR(40) NOT NULL,
    status VARCHAR(40) NOT NULL,
    status_from_on DATE NOT NULL,
    version INTEGER NOT NULL,
    nik_sealed BYTEA,
    nik_index BYTEA,
    name_sealed BYTEA NOT NULL,
    phone_sealed BYTEA,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    registered_by TEXT NOT NULL,
    reversal_id UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_pendamping PRIMARY KEY (pendamping_id),
    CONSTRAINT uq_pendamping_pendamping_no UNIQUE (pendamping_no),
    CONSTRAINT ck_pendamping_person_has_nik CHECK ((subject = 'PERSON') = (nik_index IS NOT NULL)),
    CONSTRAINT ck_pendamping_nik_sealed_with_index CHECK ((nik_index IS NULL) = (nik_sealed IS NULL)),
    CONSTRAINT ck_pendamping_version_positive CHECK (version >= 1),
    CONSTRAINT ck_pendamping_subjectkind_known CHECK (subject = ANY ('{PERSON,LEMBAGA}'::text[])),
    CONSTRAINT ck_pendamping_pendampingstatus_known CHECK (status = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN}'::text[])),
    CONSTRAINT fk_pendamping_reversal_id FOREIGN KEY(reversal_id) REFERENCES approval_request (approval_request_id)
);

CREATE INDEX ix_pendamping_status_pendamping_no ON pendamping (status, pendamping_no);

CREATE INDEX ix_pendamping_updated_at_pendamping_no ON pendamping (updated_at, pendamping_no);

CREATE UNIQUE INDEX uq_pendamping_nik_index ON pendamping (nik_index) WHERE status <> 'DIBATALKAN';

CREATE TABLE contact_history (
    number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    evidence_sha256 TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    contact_history_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    name_sealed BYTEA NOT NULL,
    phone_sealed BYTEA,
    nik_sealed BYTEA,
    nik_index BYTEA,
    CONSTRAINT pk_contact_history PRIMARY KEY (contact_history_id),
    CONSTRAINT uq_contact_history_pendamping_id_number UNIQUE (pendamping_id, number),
    CONSTRAINT fk_contact_history_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id)
);

CREATE INDEX ix_contact_history_nik_index ON contact_history (nik_index);

CREATE TABLE pendamping_status_history (
    status VARCHAR(40) NOT NULL,
    reason TEXT NOT NULL,
    number INTEGER NOT NULL,
    previous VARCHAR(40),
    from_on DATE NOT NULL,
    evidence_sha256 TEXT,
    approval_request_id UUID,
    reverses INTEGER,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    status_history_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    CONSTRAINT pk_pendamping_status_history PRIMARY KEY (status_history_id),
    CONSTRAINT uq_pendamping_status_history_pendamping_id_number UNIQUE (pendamping_id, number),
    CONSTRAINT ck_pendamping_status_history_move_legal CHECK ((coalesce(previous, '') || '>' || status) = ANY ('{>CALON,CALON>AKTIF,CALON>DIBATALKAN,CALON>DIBERHENTIKAN,CALON>MENINGGAL,AKTIF>BERAKHIR_KONTRAK,AKTIF>CUTI,AKTIF>DIBATALKAN,AKTIF>DIBERHENTIKAN,AKTIF>MENINGGAL,AKTIF>MUTASI,AKTIF>NONAKTIF,AKTIF>PENSIUN,CUTI>AKTIF,CUTI>BERAKHIR_KONTRAK,CUTI>DIBATALKAN,CUTI>DIBERHENTIKAN,CUTI>MENINGGAL,CUTI>MUTASI,CUTI>PENSIUN,NONAKTIF>AKTIF,NONAKTIF>BERAKHIR_KONTRAK,NONAKTIF>DIBATALKAN,NONAKTIF>DIBERHENTIKAN,NONAKTIF>MENINGGAL,NONAKTIF>MUTASI,NONAKTIF>PENSIUN}'::text[]) OR coalesce(previous = status, false) OR reverses IS NOT NULL),
    CONSTRAINT ck_pendamping_status_history_two_persons CHECK (approval_request_id IS NOT NULL OR status <> 'DIBERHENTIKAN' AND reverses IS NULL),
    CONSTRAINT ck_pendamping_status_history_pendampingstatus_known CHECK (status = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN}'::text[])),
    CONSTRAINT ck_pendamping_status_history_previous_known CHECK (previous = ANY ('{CALON,AKTIF,CUTI,NONAKTIF,MUTASI,PENSIUN,BERAKHIR_KONTRAK,DIBERHENTIKAN,MENINGGAL,DIBATALKAN}'::text[])),
    CONSTRAINT fk_pendamping_status_history_approval_request_id FOREIGN KEY(approval_request_id) REFERENCES approval_request (approval_request_id),
    CONSTRAINT fk_pendamping_status_history_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id)
);

CREATE TABLE penugasan (
    pendamping_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    ditjen VARCHAR(40) NOT NULL,
    employer_status VARCHAR(40) NOT NULL,
    sk_no TEXT NOT NULL,
    sk_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    supervisor_id UUID,
    penugasan_id UUID NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_penugasan PRIMARY KEY (penugasan_id),
    CONSTRAINT ex_penugasan_range EXCLUDE USING gist (pendamping_id WITH =, kind WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_penugasan_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ck_penugasan_supervisor_differs CHECK (supervisor_id <> pendamping_id),
    CONSTRAINT ck_penugasan_version_positive CHECK (version >= 1),
    CONSTRAINT fk_penugasan_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id),
    CONSTRAINT ck_penugasan_pilarkind_known CHECK (kind = ANY ('{PKH_PENDAMPING,PKH_KETUA_TIM_KABKOTA,PKH_KETUA_TIM_PROV,PKH_APD,TKSK,PSM,TAGANA,KARANG_TARUNA,PORDAM,REHSOS_PENDAMPING,REHSOS_LANSIA,REHSOS_DISABILITAS,SAKTI_PEKSOS,KONSELOR_ADIKSI,REHSOS_TUNSOS_KPO,LKS,PUSKESOS_PETUGAS,SLRT_FASILITATOR}'::text[])),
    CONSTRAINT ck_penugasan_ditjen_known CHECK (ditjen = ANY ('{LINJAMSOS,REHSOS,DAYASOS}'::text[])),
    CONSTRAINT ck_penugasan_employerstatus_known CHECK (employer_status = ANY ('{PPPK,PNS,PPPK_PARUH_WAKTU,KONTRAK,RELAWAN,LEMBAGA}'::text[])),
    CONSTRAINT fk_penugasan_supervisor_id FOREIGN KEY(supervisor_id) REFERENCES pendamping (pendamping_id)
);

CREATE INDEX ix_penugasan_kind_valid_from ON penugasan (kind, valid_from);

CREATE INDEX ix_penugasan_supervisor_id ON penugasan (supervisor_id);

CREATE TABLE penugasan_correction (
    number INTEGER NOT NULL,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    penugasan_correction_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    CONSTRAINT pk_penugasan_correction PRIMARY KEY (penugasan_correction_id),
    CONSTRAINT uq_penugasan_correction_penugasan_id_number UNIQUE (penugasan_id, number),
    CONSTRAINT fk_penugasan_correction_penugasan_id FOREIGN KEY(penugasan_id) REFERENCES penugasan (penugasan_id)
);

CREATE TABLE wilayah_tugas (
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    wilayah_tugas_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_wilayah_tugas PRIMARY KEY (wilayah_tugas_id),
    CONSTRAINT ex_wilayah_tugas_range EXCLUDE USING gist (penugasan_id WITH =, kode_wilayah WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_wilayah_tugas_range_forward CHECK (valid_to >= valid_from),
    CONSTRAINT ck_wilayah_tugas_version_positive CHECK (version >= 1),
    CONSTRAINT fk_wilayah_tugas_penugasan_id FOREIGN KEY(penugasan_id) REFERENCES penugasan (penugasan_id),
    CONSTRAINT fk_wilayah_tugas_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id)
);

CREATE INDEX ix_wilayah_tugas_kode_wilayah ON wilayah_tugas (kode_wilayah);

CREATE INDEX ix_wilayah_tugas_pendamping_id ON wilayah_tugas (pendamping_id);

CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON approval_request FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ((coalesce(OLD.state, '') || '>' || NEW.state) = ANY ('{REQUESTED>APPROVED,REQUESTED>EXPIRED,REQUESTED>LAPSED,REQUESTED>REFUSED,REQUESTED>WITHDRAWN}'::text[])))
    EXECUTE FUNCTION platform.refuse_move('state');

CREATE TRIGGER updated BEFORE UPDATE ON approval_request FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();

CREATE TRIGGER legal_moves BEFORE UPDATE OF status ON pendamping FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NOT ((coalesce(OLD.status, '') || '>' || NEW.status) = ANY ('{CALON>AKTIF,CALON>DIBATALKAN,CALON>DIBERHENTIKAN,CALON>MENINGGAL,AKTIF>BERAKHIR_KONTRAK,AKTIF>CUTI,AKTIF>DIBATALKAN,AKTIF>DIBERHENTIKAN,AKTIF>MENINGGAL,AKTIF>MUTASI,AKTIF>NONAKTIF,AKTIF>PENSIUN,CUTI>AKTIF,CUTI>BERAKHIR_KONTRAK,CUTI>DIBATALKAN,CUTI>DIBERHENTIKAN,CUTI>MENINGGAL,CUTI>MUTASI,CUTI>PENSIUN,NONAKTIF>AKTIF,NONAKTIF>BERAKHIR_KONTRAK,NONAKTIF>DIBATALKAN,NONAKTIF>DIBERHENTIKAN,NONAKTIF>MENINGGAL,NONAKTIF>MUTASI,NONAKTIF>PENSIUN}'::text[]) OR NEW.reversal_id IS DISTINCT FROM OLD.reversal_id))
    EXECUTE FUNCTION platform.refuse_move('status');

CREATE TRIGGER updated BEFORE UPDATE ON pendamping FOR EACH ROW
    EXECUTE FUNCTION platform.set_updated_at();
