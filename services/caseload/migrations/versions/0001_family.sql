CREATE TABLE exit_ground (
    exit_reason VARCHAR(40) NOT NULL,
    version INTEGER NOT NULL,
    only_alone BOOLEAN NOT NULL,
    valid DATERANGE NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_exit_ground PRIMARY KEY (exit_reason, version),
    CONSTRAINT ex_exit_ground_one_at_a_time EXCLUDE USING gist (exit_reason WITH =, valid WITH &&),
    CONSTRAINT ck_exit_ground_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN'))
);;
CREATE TABLE exit_proposal (
    exit_proposal_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    evidence_sha256 TEXT NOT NULL,
    happened_on DATE NOT NULL,
    note_sealed BYTEA,
    proposer TEXT NOT NULL,
    proposer_sub TEXT NOT NULL,
    pendamping_id UUID,
    penugasan_id UUID,
    proposed_on DATE NOT NULL,
    state VARCHAR(40) NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    withdrawn_on DATE,
    withdrawal_reason_sealed BYTEA,
    CONSTRAINT ck_exit_proposal_withdrawn_on_a_day CHECK (state <> 'WITHDRAWN' OR withdrawn_on IS NOT NULL),
    CONSTRAINT pk_exit_proposal PRIMARY KEY (exit_proposal_id),
    CONSTRAINT fk_exit_proposal_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_exit_proposal_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT ck_exit_proposal_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI')),
    CONSTRAINT ck_exit_proposal_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN')),
    CONSTRAINT ck_exit_proposal_exitproposalstate_known CHECK (state IN ('PROPOSED', 'CLOSED', 'ENDED', 'WITHDRAWN'))
);;
CREATE INDEX ix_exit_proposal_kepesertaan_id ON exit_proposal (kepesertaan_id);;
CREATE INDEX ix_exit_proposal_kpm_id ON exit_proposal (kpm_id);;
CREATE UNIQUE INDEX uq_exit_proposal_open ON exit_proposal (kepesertaan_id) WHERE state = 'PROPOSED';;
INSERT INTO exit_ground (exit_reason, version, only_alone, valid, source) VALUES
    ('MENINGGAL', 1, true, '[2019-01-01,)', 'first content: of a family of one; elsewhere a death is of a member'),
    ('PINDAH', 1, false, '[2019-01-01,)', 'first content: only where the membership cannot continue'),
    ('DATA_GANDA', 1, false, '[2019-01-01,)', 'first content'),
    ('TIDAK_DITEMUKAN', 1, false, '[2019-01-01,)', 'first content');;

CREATE TABLE kepesertaan_pending (
    pending_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    since DATE NOT NULL,
    outcome VARCHAR(40),
    decided_by TEXT,
    decided_on DATE,
    reason_sealed BYTEA,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_kepesertaan_pending PRIMARY KEY (pending_id),
    CONSTRAINT uq_kepesertaan_pending_once UNIQUE (kepesertaan_id, graduasi_id),
    CONSTRAINT ck_kepesertaan_pending_answered_whole CHECK ((outcome IS NULL) = (decided_on IS NULL)),
    CONSTRAINT ck_kepesertaan_pending_stays_by_somebody CHECK (coalesce(outcome = 'STAYS', false) = (decided_by IS NOT NULL)),
    CONSTRAINT fk_kepesertaan_pending_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_kepesertaan_pending_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT ck_kepesertaan_pending_pendingoutcome_known CHECK (outcome IN ('STAYS', 'MOOT'))
);;
CREATE INDEX ix_kepesertaan_pending_kpm_id ON kepesertaan_pending (kpm_id);;
CREATE INDEX ix_kepesertaan_pending_open ON kepesertaan_pending (pending_id) WHERE outcome IS NULL;;

CREATE TABLE usulan (
    usulan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    ground VARCHAR(40) NOT NULL,
    reason_sealed BYTEA NOT NULL,
    evidence_sha256 TEXT,
    lodged_on DATE NOT NULL,
    lodged_by TEXT NOT NULL,
    lodged_by_sub TEXT NOT NULL,
    state VARCHAR(40) NOT NULL,
    decided_by TEXT,
    decided_by_sub TEXT,
    decided_on DATE,
    decision_reason_sealed BYTEA,
    kepesertaan_id UUID,
    version INTEGER NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_usulan PRIMARY KEY (usulan_id),
    CONSTRAINT ck_usulan_decided_by_somebody CHECK ((state = 'LODGED') = (decided_by IS NULL) AND (state = 'LODGED') = (decided_by_sub IS NULL)),
    CONSTRAINT ck_usulan_two_persons CHECK (decided_by <> lodged_by AND decided_by_sub <> lodged_by_sub),
    CONSTRAINT ck_usulan_accepted_is_a_membership CHECK ((state = 'ACCEPTED') = (kepesertaan_id IS NOT NULL)),
    CONSTRAINT fk_usulan_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_usulan_kepesertaan_id FOREIGN KEY(kepesertaan_id) REFERENCES kepesertaan (kepesertaan_id),
    CONSTRAINT ck_usulan_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI')),
    CONSTRAINT ck_usulan_usulanground_known CHECK (ground IN ('SANGGAH_TERLAMBAT', 'KAMBUH', 'LAINNYA')),
    CONSTRAINT ck_usulan_usulanstate_known CHECK (state IN ('LODGED', 'ACCEPTED', 'REFUSED'))
);;
CREATE INDEX ix_usulan_kpm_id ON usulan (kpm_id);;
CREATE INDEX ix_usulan_state ON usulan (state, usulan_id);;
CREATE UNIQUE INDEX uq_usulan_open ON usulan (kpm_id, bansos) WHERE state = 'LODGED';;

CREATE TABLE anggota_past (
    anggota_past_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    anggota_id UUID NOT NULL,
    relation VARCHAR(40) NOT NULL,
    end_reason VARCHAR(40) NOT NULL,
    valid DATERANGE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_anggota_past PRIMARY KEY (anggota_past_id),
    CONSTRAINT ex_anggota_past_one_family EXCLUDE USING gist (anggota_id WITH =, valid WITH &&),
    CONSTRAINT ck_anggota_past_some_day CHECK (NOT isempty(valid)),
    CONSTRAINT fk_anggota_past_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT fk_anggota_past_anggota_id FOREIGN KEY(anggota_id) REFERENCES kpm_anggota (anggota_id),
    CONSTRAINT ck_anggota_past_relation_known CHECK (relation IN ('KEPALA_KELUARGA', 'SUAMI', 'ISTRI', 'ANAK', 'MENANTU', 'CUCU', 'ORANG_TUA', 'MERTUA', 'FAMILI_LAIN', 'LAINNYA')),
    CONSTRAINT ck_anggota_past_endreason_known CHECK (end_reason IN ('MENINGGAL', 'KAWIN_KELUAR', 'PINDAH', 'PISAH_KK', 'TIDAK_DALAM_DATA', 'LAINNYA'))
);;
CREATE INDEX ix_anggota_past_kpm_id ON anggota_past (kpm_id);;
CREATE TABLE wilayah_past (
    wilayah_past_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    address_sealed BYTEA,
    evidence_sha256 TEXT NOT NULL,
    valid DATERANGE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_wilayah_past PRIMARY KEY (wilayah_past_id),
    CONSTRAINT ex_wilayah_past_one_area EXCLUDE USING gist (kpm_id WITH =, valid WITH &&),
    CONSTRAINT ck_wilayah_past_some_day CHECK (NOT isempty(valid)),
    CONSTRAINT fk_wilayah_past_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id)
);;
CREATE TABLE usaha_past (
    usaha_id UUID NOT NULL,
    version INTEGER NOT NULL,
    kpm_id UUID NOT NULL,
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    as_of DATE,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_usaha_past PRIMARY KEY (usaha_id, version),
    CONSTRAINT fk_usaha_past_usaha_id FOREIGN KEY(usaha_id) REFERENCES usaha (usaha_id),
    CONSTRAINT fk_usaha_past_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_usaha_past_usahasector_known CHECK (sector IN ('MAKANAN', 'KERAJINAN', 'JASA', 'PERTANIAN', 'PETERNAKAN', 'PERDAGANGAN', 'PERIKANAN', 'LAINNYA'))
);;
CREATE INDEX ix_usaha_past_kpm_id ON usaha_past (kpm_id);;
