-- Whether the caller's scope covers the family, or shows the pendamping, of this id. A stored answer is replayed and the
-- audit trail is shown only if it does, and coverage counts the family's dampingan and exits.
CREATE FUNCTION family_in_scope(subject_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = subject_id)
        OR EXISTS (SELECT FROM pendamping p WHERE p.pendamping_id = subject_id);
END $$;
-- Whether a pendamping has, or had, an area anywhere, also where row security hides it from the caller.
CREATE FUNCTION has_area(who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('NATIONAL'); placed boolean;
BEGIN
    placed := EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = who);
    scope := platform.raise_scope(scope);
    RETURN placed;
END $$;
-- Whether the caller's ditjen has placed a pendamping, or nobody has. The raised scope prevents a recursion: the policy of
-- penugasan reads pendamping, whose policy calls this function.
CREATE FUNCTION is_of_ditjen(who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE asked text := platform.ditjen(); scope text; placed boolean;
BEGIN
    IF asked IS NULL THEN RETURN false; END IF;
    scope := platform.raise_scope('NATIONAL');
    placed := EXISTS (SELECT FROM penugasan p WHERE p.pendamping_id = who AND p.ditjen = asked)
        OR NOT EXISTS (SELECT FROM penugasan p WHERE p.pendamping_id = who);
    scope := platform.raise_scope(scope);
    RETURN placed;
END $$;
-- Whether row security shows a pendamping to the caller. A function, so that the policies of its rows stay short, and so
-- that a rebuild may replace the tables of a replica.
CREATE FUNCTION shows_pendamping(who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM pendamping p WHERE p.pendamping_id = who);
END $$;
-- Whether row security shows a graduated case to the caller.
CREATE FUNCTION shows_graduasi(case_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_graduasi.graduasi g WHERE g.graduasi_id = case_id);
END $$;
REVOKE ALL ON FUNCTION family_in_scope(uuid), has_area(uuid), is_of_ditjen(uuid), shows_pendamping(uuid), shows_graduasi(uuid)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION family_in_scope(uuid), has_area(uuid), is_of_ditjen(uuid), shows_pendamping(uuid),
    shows_graduasi(uuid) TO registry_api, registry_worker;

-- These tables are append-only.
REVOKE UPDATE, DELETE, TRUNCATE ON pendamping_status_history, contact_history, range_history, target, coverage_figure,
    penugasan_correction FROM registry_api, registry_worker;

-- Of a request that another person approves, only the decision changes.
REVOKE UPDATE, DELETE ON approval_request FROM registry_api, registry_worker;
GRANT UPDATE (state, closed_at, decided_by, decided_by_sub, decision_reason_sealed, refused_as) ON approval_request
    TO registry_api, registry_worker;
REVOKE INSERT, UPDATE, DELETE ON approval_rule FROM registry_api, registry_worker;
