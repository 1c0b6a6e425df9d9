CREATE TABLE p2k2_modul (
    p2k2_modul_id INTEGER NOT NULL,
    module SMALLINT NOT NULL,
    name TEXT NOT NULL,
    valid DATERANGE NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_p2k2_modul PRIMARY KEY (p2k2_modul_id),
    CONSTRAINT ex_p2k2_modul_one_at_a_time EXCLUDE USING gist (module WITH =, valid WITH &&),
    CONSTRAINT ck_p2k2_modul_numbered CHECK (module > 0)
);;
CREATE TABLE p2k2_materi (
    p2k2_materi_id INTEGER NOT NULL,
    module SMALLINT NOT NULL,
    session SMALLINT NOT NULL,
    name TEXT NOT NULL,
    valid DATERANGE NOT NULL,
    CONSTRAINT pk_p2k2_materi PRIMARY KEY (p2k2_materi_id),
    CONSTRAINT ex_p2k2_materi_one_at_a_time EXCLUDE USING gist (module WITH =, session WITH =, valid WITH &&),
    CONSTRAINT ck_p2k2_materi_numbered CHECK (module > 0 AND session > 0)
);;
CREATE TABLE p2k2_sesi (
    p2k2_sesi_id UUID NOT NULL,
    penugasan_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    held_on DATE NOT NULL,
    module SMALLINT NOT NULL,
    session SMALLINT NOT NULL,
    p2k2_materi_id INTEGER NOT NULL,
    kelompok TEXT NOT NULL,
    invited SMALLINT NOT NULL,
    attended SMALLINT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_p2k2_sesi PRIMARY KEY (p2k2_sesi_id),
    CONSTRAINT uq_p2k2_sesi_once_a_day UNIQUE (penugasan_id, held_on, kelompok, module, session),
    CONSTRAINT ck_p2k2_sesi_counted CHECK (0 <= attended AND attended <= invited AND invited > 0),
    CONSTRAINT fk_p2k2_sesi_p2k2_materi_id FOREIGN KEY(p2k2_materi_id) REFERENCES p2k2_materi (p2k2_materi_id)
);;
CREATE INDEX ix_p2k2_sesi_pendamping_id ON p2k2_sesi (pendamping_id, p2k2_sesi_id);;
CREATE TABLE p2k2_kehadiran (
    p2k2_sesi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    presence VARCHAR(40) NOT NULL,
    CONSTRAINT pk_p2k2_kehadiran PRIMARY KEY (p2k2_sesi_id, kpm_id),
    CONSTRAINT fk_p2k2_kehadiran_p2k2_sesi_id FOREIGN KEY(p2k2_sesi_id) REFERENCES p2k2_sesi (p2k2_sesi_id),
    CONSTRAINT fk_p2k2_kehadiran_kpm_id FOREIGN KEY(kpm_id) REFERENCES kpm (kpm_id),
    CONSTRAINT ck_p2k2_kehadiran_presence_known CHECK (presence IN ('HADIR', 'IZIN', 'SAKIT', 'ALPA'))
);;
CREATE INDEX ix_p2k2_kehadiran_kpm_id ON p2k2_kehadiran (kpm_id);;
INSERT INTO p2k2_modul (p2k2_modul_id, module, name, valid, source) VALUES
    (1, 1, 'Pengasuhan dan pendidikan anak', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (2, 2, 'Keuangan keluarga dan rencana usaha', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (3, 3, 'Kesehatan dan gizi', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (4, 4, 'Perlindungan anak', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (5, 5, 'Kesejahteraan sosial', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (6, 6, 'Pencegahan dan penanganan stunting', '[2019-01-01,)', 'first content: the six modules in use; wording of our own');;
INSERT INTO p2k2_materi (p2k2_materi_id, module, session, name, valid) VALUES
    (1, 1, 1, 'Menjadi orang tua yang makin baik', '[2019-01-01,)'),
    (2, 1, 2, 'Mengenali perilaku anak', '[2019-01-01,)'),
    (3, 1, 3, 'Anak usia dini belajar sambil bermain', '[2019-01-01,)'),
    (4, 1, 4, 'Menyiapkan anak berhasil di sekolah', '[2019-01-01,)'),
    (5, 2, 1, 'Mengatur uang keluarga', '[2019-01-01,)'),
    (6, 2, 2, 'Bijak meminjam, rajin menabung', '[2019-01-01,)'),
    (7, 2, 3, 'Memulai usaha', '[2019-01-01,)'),
    (8, 3, 1, 'Ibu hamil dan seribu hari pertama kehidupan', '[2019-01-01,)'),
    (9, 3, 2, 'Ibu menyusui dan anak balita', '[2019-01-01,)'),
    (10, 3, 3, 'Penyakit pada anak, lingkungan sehat dan perilaku bersih', '[2019-01-01,)'),
    (11, 4, 1, 'Mencegah kekerasan terhadap anak', '[2019-01-01,)'),
    (12, 4, 2, 'Mencegah penelantaran dan eksploitasi anak', '[2019-01-01,)'),
    (13, 5, 1, 'Keluarga dengan penyandang disabilitas', '[2019-01-01,)'),
    (14, 5, 2, 'Keluarga dengan lanjut usia', '[2019-01-01,)'),
    (15, 6, 1, 'Apa itu stunting dan akibatnya', '[2019-01-01,)'),
    (16, 6, 2, 'Mengapa anak mengalami stunting', '[2019-01-01,)'),
    (17, 6, 3, 'Seribu hari pertama yang menentukan', '[2019-01-01,)'),
    (18, 6, 4, 'Gizi remaja putri dan calon ibu', '[2019-01-01,)'),
    (19, 6, 5, 'Gizi ibu hamil', '[2019-01-01,)'),
    (20, 6, 6, 'Memeriksakan kehamilan', '[2019-01-01,)'),
    (21, 6, 7, 'Inisiasi menyusu dini dan ASI eksklusif', '[2019-01-01,)'),
    (22, 6, 8, 'Makanan pendamping ASI', '[2019-01-01,)'),
    (23, 6, 9, 'Makan beragam dari bahan setempat', '[2019-01-01,)'),
    (24, 6, 10, 'Memantau tumbuh kembang di posyandu', '[2019-01-01,)'),
    (25, 6, 11, 'Imunisasi dasar lengkap', '[2019-01-01,)'),
    (26, 6, 12, 'Diare, infeksi dan perawatannya', '[2019-01-01,)'),
    (27, 6, 13, 'Air bersih, jamban dan cuci tangan', '[2019-01-01,)'),
    (28, 6, 14, 'Pola asuh dan stimulasi anak', '[2019-01-01,)'),
    (29, 6, 15, 'Layanan dan bantuan bagi keluarga berisiko stunting', '[2019-01-01,)');;
