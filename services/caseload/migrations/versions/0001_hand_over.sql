CREATE TABLE hand_over (
    hand_over_id UUID NOT NULL,
    from_penugasan_id UUID NOT NULL,
    to_penugasan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    on_date DATE NOT NULL,
    purpose VARCHAR(40),
    reason TEXT NOT NULL,
    override_reason TEXT,
    families INTEGER NOT NULL,
    limit_version INTEGER,
    job_id UUID,
    open BOOLEAN DEFAULT true NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_hand_over PRIMARY KEY (hand_over_id),
    CONSTRAINT ck_hand_over_two_placements CHECK (from_penugasan_id <> to_penugasan_id),
    CONSTRAINT ck_hand_over_dampinganpurpose_known CHECK (purpose IN ('PENDAMPINGAN', 'PEMANTAUAN'))
);;
CREATE UNIQUE INDEX uq_hand_over_once ON hand_over (from_penugasan_id, to_penugasan_id, kode_wilayah, on_date) WHERE open;;
CREATE TABLE hand_over_withdrawal (
    hand_over_id UUID NOT NULL,
    reason TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_hand_over_withdrawal PRIMARY KEY (hand_over_id),
    CONSTRAINT fk_hand_over_withdrawal_hand_over_id FOREIGN KEY(hand_over_id) REFERENCES hand_over (hand_over_id)
);;
CREATE TABLE dampingan_gap (
    gap_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    since DATE NOT NULL,
    until DATE,
    cause VARCHAR(40) NOT NULL,
    penugasan_id UUID,
    purpose VARCHAR(40) NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_dampingan_gap PRIMARY KEY (gap_id),
    CONSTRAINT ex_dampingan_gap_once_at_a_time EXCLUDE USING gist (kpm_id WITH =, daterange(since, until) WITH &&),
    CONSTRAINT ck_dampingan_gap_forward CHECK (until IS NULL OR until >= since),
    CONSTRAINT fk_dampingan_gap_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_dampingan_gap_gapcause_known CHECK (cause IN ('DAMPINGAN_DIAKHIRI', 'PENUGASAN_BERAKHIR', 'WILAYAH_TUGAS_BERAKHIR', 'PENDAMPING_TIDAK_AKTIF', 'PEMANTAUAN_SELESAI', 'BELUM_ADA', 'MASUK_PKH')),
    CONSTRAINT ck_dampingan_gap_dampinganpurpose_known CHECK (purpose IN ('PENDAMPINGAN', 'PEMANTAUAN'))
);;
CREATE INDEX ix_dampingan_gap_kpm_id ON dampingan_gap (kpm_id);;
CREATE INDEX ix_dampingan_gap_open ON dampingan_gap (gap_id) WHERE until IS NULL;;
CREATE INDEX ix_dampingan_gap_penugasan_id ON dampingan_gap (penugasan_id, kpm_id) WHERE until IS NULL;;
CREATE TABLE tugas (
    tugas_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    cause_id UUID NOT NULL,
    due_on DATE NOT NULL,
    opened_on DATE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    done_by TEXT,
    note_sealed BYTEA,
    version INTEGER DEFAULT '1' NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_tugas PRIMARY KEY (tugas_id),
    CONSTRAINT uq_tugas_once UNIQUE (kpm_id, kind, cause_id),
    CONSTRAINT ck_tugas_done_by_somebody CHECK ((done_at IS NULL) = (done_by IS NULL)),
    CONSTRAINT fk_tugas_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_tugas_tugaskind_known CHECK (kind IN ('GANTI_PENGURUS', 'KUNJUNGAN_KAMBUH', 'RE_ENTRY', 'PASANG_PENDAMPING'))
);;
CREATE INDEX ix_tugas_open ON tugas (due_on, tugas_id) WHERE done_at IS NULL;;
CREATE TABLE tugas_term (
    kind VARCHAR(40) NOT NULL,
    version INTEGER NOT NULL,
    days SMALLINT NOT NULL,
    valid DATERANGE NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_tugas_term PRIMARY KEY (kind, version),
    CONSTRAINT ex_tugas_term_one_at_a_time EXCLUDE USING gist (kind WITH =, valid WITH &&),
    CONSTRAINT ck_tugas_term_some_days CHECK (days > 0),
    CONSTRAINT ck_tugas_term_tugaskind_known CHECK (kind IN ('GANTI_PENGURUS', 'KUNJUNGAN_KAMBUH', 'RE_ENTRY', 'PASANG_PENDAMPING'))
);;
INSERT INTO tugas_term (kind, version, days, valid, source) VALUES
    ('GANTI_PENGURUS', 1, 30, '[2019-01-01,)', 'first content: a month to name another pengurus'),
    ('KUNJUNGAN_KAMBUH', 1, 14, '[2019-01-01,)', 'first content: a visit within two weeks of the report'),
    ('RE_ENTRY', 1, 30, '[2019-01-01,)', 'first content: an usulan within a month of the finding'),
    ('PASANG_PENDAMPING', 1, 14, '[2019-01-01,)', 'first content: a family is without a pendamping two weeks at most');;
