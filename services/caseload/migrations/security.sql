-- Whether the caller accompanies the family today. The raised scope prevents a recursion: the policy of dampingan reads
-- kpm, whose policy calls this function.
CREATE FUNCTION own_family(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); own boolean;
BEGIN
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = family_id
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.today());
    scope := platform.raise_scope(scope);
    RETURN own;
END $$;
-- Whether the caller accompanied the family on the day of the work that he records, wherever it lives today.
CREATE FUNCTION worked_family(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    areas text := coalesce(current_setting('pilar.areas', true), '');
    scope text := platform.raise_scope('NATIONAL');
    own boolean;
BEGIN
    PERFORM set_config('pilar.areas', '*', true);
    own := EXISTS (SELECT FROM dampingan d WHERE d.kpm_id = family_id
        AND d.pendamping_id = platform.pendamping() AND d.valid @> platform.work_day());
    PERFORM set_config('pilar.areas', areas, true), platform.raise_scope(scope);
    RETURN own;
END $$;
-- Whether the caller's scope covers the family. A stored answer of an idempotent request is replayed only then.
CREATE FUNCTION family_in_scope(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM kpm WHERE kpm.kpm_id = family_id);
END $$;
REVOKE ALL ON FUNCTION own_family(uuid), worked_family(uuid), family_in_scope(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_family(uuid), worked_family(uuid), family_in_scope(uuid) TO caseload_api, caseload_worker;

-- These tables are append-only.
REVOKE UPDATE, DELETE ON kpm_history, anggota_history, nik_history, wilayah_history, usaha_history, hand_over_withdrawal
    FROM caseload_api, caseload_worker;
-- A version of the limit is immutable, except for the day on which it ends.
REVOKE UPDATE, DELETE ON dampingan_limit FROM caseload_api, caseload_worker;
GRANT UPDATE (valid) ON dampingan_limit TO caseload_api;
-- Only the worker reads and writes staged rows.
REVOKE ALL ON staged_row FROM caseload_api;
GRANT MAINTAIN ON staged_row TO caseload_worker;

-- An author may read own visits and sessions, also after the family has another pendamping.
CREATE POLICY author ON kunjungan FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_sesi FOR SELECT USING (pendamping_id = platform.pendamping());
CREATE POLICY author ON p2k2_kehadiran FOR SELECT USING (EXISTS (SELECT FROM p2k2_sesi s
    WHERE s.p2k2_sesi_id = p2k2_kehadiran.p2k2_sesi_id AND s.pendamping_id = platform.pendamping()));

-- Of a request that another person approves, only the decision changes.
REVOKE UPDATE, DELETE ON approval_request FROM caseload_api, caseload_worker;
GRANT UPDATE (state, closed_at, decided_by, decided_by_sub, decision_reason_sealed) ON approval_request
    TO caseload_api, caseload_worker;
REVOKE INSERT, UPDATE, DELETE ON approval_rule FROM caseload_api, caseload_worker;
