-- Whether the caller accompanies the family today. The raised scope keeps dampingan's policy, which asks for the family,
-- from asking this function again.
CREATE FUNCTION own_family(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); own boolean;
BEGIN
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = wanted
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.today());
    scope := platform.raise_scope(scope);
    RETURN own;
END $$;
-- Whether the caller's scope covers the family. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = wanted);
END $$;
REVOKE ALL ON FUNCTION own_family(uuid), family_in_scope(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_family(uuid), family_in_scope(uuid) TO caseload_api, caseload_worker;

-- What was recorded stays as it was.
REVOKE UPDATE, DELETE ON kpm_history, anggota_past, wilayah_past, usaha_past, hand_over_withdrawal
    FROM caseload_api, caseload_worker;
-- A limit that decided something stays as it was; only the day on which it ends may be written.
REVOKE UPDATE, DELETE ON dampingan_limit FROM caseload_api, caseload_worker;
GRANT UPDATE (valid) ON dampingan_limit TO caseload_api;
-- The rows of an intake are the worker's alone.
REVOKE ALL ON staged_row FROM caseload_api;
GRANT MAINTAIN ON staged_row TO caseload_worker;

-- What somebody has written stays theirs to read, also after the family has left them.
CREATE POLICY author ON kunjungan FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_sesi FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_kehadiran FOR SELECT USING (EXISTS (SELECT FROM p2k2_sesi s
    WHERE s.p2k2_sesi_id = p2k2_kehadiran.p2k2_sesi_id AND s.pendamping_id = platform.pendamping()));
