-- Whether the caller's scope covers the family. A stored answer is replayed only if it does, and coverage counts the family's
-- dampingan and exits.
CREATE FUNCTION family_in_scope(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = family_id);
END $$;
-- Whether a pendamping has, or had, an area anywhere, also where row security hides it from the caller.
CREATE FUNCTION has_area(who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    areas text := coalesce(current_setting('pilar.areas', true), '');
    scope text := platform.raise_scope('NATIONAL');
    placed boolean;
BEGIN
    PERFORM set_config('pilar.areas', '*', true);
    placed := EXISTS (SELECT FROM wilayah_tugas w WHERE w.pendamping_id = who);
    PERFORM set_config('pilar.areas', areas, true), platform.raise_scope(scope);
    RETURN placed;
END $$;
REVOKE ALL ON FUNCTION family_in_scope(uuid), has_area(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION family_in_scope(uuid), has_area(uuid) TO registry_api, registry_worker;

-- These tables are append-only.
REVOKE UPDATE, DELETE, TRUNCATE ON pendamping_status_history, contact_history, range_history, target, coverage_figure,
    penugasan_correction FROM registry_api, registry_worker;

-- Of a request that another person approves, only the decision changes.
REVOKE UPDATE, DELETE ON approval_request FROM registry_api, registry_worker;
GRANT UPDATE (state, closed_at, decided_by, decided_by_sub, decision_reason_sealed, refused_as) ON approval_request
    TO registry_api, registry_worker;
REVOKE INSERT, UPDATE, DELETE ON approval_rule FROM registry_api, registry_worker;
