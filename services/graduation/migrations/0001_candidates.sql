-- What candidates are found by, as of revision 0001 (models/candidate.py).

CREATE TABLE replica_kpm.candidate (
    kepesertaan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    kabkota TEXT COLLATE "C" NOT NULL,
    bansos VARCHAR(40) NOT NULL,
    member_since DATE NOT NULL,
    member_until DATE,
    able_productive INTEGER NOT NULL,
    last_komponen_ends_on DATE,
    rank_nas INTEGER NOT NULL,
    rank_prov INTEGER NOT NULL,
    rank_kabkota INTEGER NOT NULL,
    usaha_since DATE,
    CONSTRAINT pk_candidate PRIMARY KEY (kepesertaan_id),
    CONSTRAINT ck_candidate_bansos_known CHECK (bansos IN ('PKH', 'SEMBAKO', 'PBI', 'UNKNOWN'))
);;

CREATE INDEX ix_candidate_komponen_end ON replica_kpm.candidate (kabkota, last_komponen_ends_on, kepesertaan_id) WHERE last_komponen_ends_on IS NOT NULL;;

CREATE INDEX ix_candidate_kpm_id ON replica_kpm.candidate (kpm_id);;

CREATE INDEX ix_candidate_rank_kabkota ON replica_kpm.candidate (kabkota, rank_kabkota, kepesertaan_id);;

CREATE INDEX ix_candidate_rank_nas ON replica_kpm.candidate (kabkota, rank_nas, kepesertaan_id);;

CREATE INDEX ix_candidate_rank_prov ON replica_kpm.candidate (kabkota, rank_prov, kepesertaan_id);;
