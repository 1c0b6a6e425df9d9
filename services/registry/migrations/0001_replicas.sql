-- What scorecards and coverage keep of caseload, graduation and referral; and the counts that are made of it.
CREATE TABLE coverage_count (
    count_id UUID NOT NULL,
    counted_on DATE NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    asked_by TEXT NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_coverage_count PRIMARY KEY (count_id)
);;
CREATE INDEX ix_coverage_count_counted_on_finished_at ON coverage_count (counted_on, finished_at);;
CREATE TABLE coverage_figure (
    count_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    families INTEGER NOT NULL,
    accompanied INTEGER NOT NULL,
    members INTEGER NOT NULL,
    unaccompanied INTEGER NOT NULL,
    CONSTRAINT pk_coverage_figure PRIMARY KEY (count_id, kode_wilayah),
    CONSTRAINT ck_coverage_figure_accompanied_in_range CHECK (accompanied BETWEEN 0 AND families),
    CONSTRAINT ck_coverage_figure_members_in_range CHECK (members BETWEEN 0 AND families),
    CONSTRAINT ck_coverage_figure_unaccompanied_in_range CHECK (unaccompanied BETWEEN 0 AND members),
    CONSTRAINT fk_coverage_figure_count_id FOREIGN KEY(count_id) REFERENCES coverage_count (count_id)
);;
CREATE TABLE replica_load.limit_crossing (
    event_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    count INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    side VARCHAR(40) NOT NULL,
    crossed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_limit_crossing PRIMARY KEY (event_id),
    CONSTRAINT ck_limit_crossing_limitside_known CHECK (side IN ('ABOVE', 'BELOW', 'UNKNOWN'))
);;
CREATE INDEX ix_limit_crossing_pendamping_id_crossed_at ON replica_load.limit_crossing (pendamping_id, crossed_at);;
CREATE TABLE replica_load.p2k2 (
    p2k2_sesi_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    "on" DATE NOT NULL,
    invited INTEGER NOT NULL,
    attended INTEGER NOT NULL,
    CONSTRAINT pk_p2k2 PRIMARY KEY (p2k2_sesi_id)
);;
CREATE INDEX ix_p2k2_penugasan_id_on ON replica_load.p2k2 (penugasan_id, "on");;
CREATE TABLE replica_graduasi.graduasi (
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    pendamping_id UUID,
    sk_on DATE,
    effective_on DATE,
    annulled_on DATE,
    CONSTRAINT pk_graduasi PRIMARY KEY (graduasi_id),
    CONSTRAINT ck_graduasi_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN', 'UNKNOWN'))
);;
CREATE INDEX ix_graduasi_kpm_id ON replica_graduasi.graduasi (kpm_id);;
CREATE INDEX ix_graduasi_pendamping_id_sk_on ON replica_graduasi.graduasi (pendamping_id, sk_on);;
CREATE TABLE replica_graduasi.monitoring (
    graduasi_id UUID NOT NULL,
    month INTEGER NOT NULL,
    still_out BOOLEAN NOT NULL,
    recorded_on DATE NOT NULL,
    CONSTRAINT pk_monitoring PRIMARY KEY (graduasi_id, month)
);;
CREATE TABLE replica_graduasi.relapse (
    graduasi_id UUID NOT NULL,
    month INTEGER NOT NULL,
    confirmed_on DATE NOT NULL,
    CONSTRAINT pk_relapse PRIMARY KEY (graduasi_id)
);;
CREATE TABLE replica_coverage.kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id)
);;
CREATE INDEX ix_kpm_kode_wilayah_kpm_id ON replica_coverage.kpm (kode_wilayah, kpm_id);;
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
    CONSTRAINT ck_kepesertaan_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI', 'UNKNOWN')),
    CONSTRAINT ck_kepesertaan_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN', 'UNKNOWN'))
);;
CREATE INDEX ix_kepesertaan_kode_wilayah_valid_from ON replica_coverage.kepesertaan (kode_wilayah, valid_from);;
CREATE INDEX ix_kepesertaan_kpm_id ON replica_coverage.kepesertaan (kpm_id);;
CREATE TABLE replica_rujukan.rujukan (
    rujukan_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    CONSTRAINT pk_rujukan PRIMARY KEY (rujukan_id)
);;
CREATE INDEX ix_rujukan_graduasi_id ON replica_rujukan.rujukan (graduasi_id);;
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
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (answer IN ('DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'GAGAL_KIRIM', 'DITERIMA_SISTEM', 'DIPROSES', 'DISETUJUI', 'DITOLAK', 'PERLU_DATA', 'DAFTAR_TUNGGU', 'DISALURKAN', 'TUTUP', 'KEDALUWARSA', 'DICABUT', 'UNKNOWN')),
    CONSTRAINT ck_rujukan_program_refusalcode_known CHECK (reason_code IN ('TIDAK_MEMENUHI_USIA', 'USAHA_BELUM_6_BULAN', 'TIDAK_ADA_NIB', 'KREDIT_AKTIF_SIKP', 'SLIK_BURUK', 'KUOTA_HABIS', 'DI_LUAR_WILAYAH', 'DATA_TIDAK_PADAN', 'TIDAK_DAPAT_DIHUBUNGI', 'PEMOHON_MENOLAK', 'LAINNYA', 'UNKNOWN'))
);;
CREATE INDEX ix_rujukan_program_graduasi_id ON replica_rujukan.rujukan_program (graduasi_id);;
-- Whether the caller's scope covers the family. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = wanted);
END $$;;
REVOKE ALL ON FUNCTION family_in_scope(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION family_in_scope(uuid) TO registry_api, registry_worker;;
