-- Exits that caseload proposed, as of revision 0001 (models/exits.py).

CREATE TABLE exit_proposal (
    exit_proposal_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kepesertaan_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    exit_reason VARCHAR(40) NOT NULL,
    evidence_sha256 VARCHAR(64) NOT NULL,
    proposer TEXT NOT NULL,
    proposer_sub TEXT,
    pendamping_id UUID,
    penugasan_id UUID,
    proposed_on DATE NOT NULL,
    told_on DATE NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    taken VARCHAR(40) NOT NULL,
    graduasi_id UUID,
    behind_id UUID,
    CONSTRAINT pk_exit_proposal PRIMARY KEY (exit_proposal_id),
    CONSTRAINT ck_exit_proposal_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT ck_exit_proposal_opened_names_its_case CHECK ((taken = 'OPENED') = (graduasi_id IS NOT NULL)),
    CONSTRAINT ck_exit_proposal_waits_behind_a_case CHECK ((taken = 'WAITING') = (behind_id IS NOT NULL)),
    CONSTRAINT uq_exit_proposal_graduasi_id UNIQUE (graduasi_id),
    CONSTRAINT ck_exit_proposal_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI', 'UNKNOWN')),
    CONSTRAINT ck_exit_proposal_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN', 'UNKNOWN')),
    CONSTRAINT ck_exit_proposal_exittaken_known CHECK (taken IN ('OPENED', 'WAITING', 'NO_POLICY', 'WITHDRAWN')),
    CONSTRAINT fk_exit_proposal_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_exit_proposal_behind_id FOREIGN KEY(behind_id) REFERENCES graduasi (graduasi_id)
);;

CREATE INDEX ix_exit_proposal_kpm_id ON exit_proposal (kpm_id);;

CREATE INDEX ix_exit_proposal_proposer ON exit_proposal (proposer);;

CREATE INDEX ix_exit_proposal_kode_wilayah ON exit_proposal (kode_wilayah);;

CREATE INDEX ix_exit_proposal_waiting ON exit_proposal (behind_id) WHERE taken = 'WAITING';;
