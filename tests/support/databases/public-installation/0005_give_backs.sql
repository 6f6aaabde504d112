-- Takes calls back out of the windows that they were counted in: each as often as it is named. What has no such window any more is left alone.
-- All take the locks in the order of the keys, so nobody waits in a circle. In plpgsql, which keeps its plans.
CREATE OR REPLACE FUNCTION "give_back_calls" ("granted_keys" uuid[], "windows_ends" timestamp with time zone[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	WITH granted AS (
		SELECT key, ends_at, count(*)::integer AS calls FROM unnest(granted_keys, windows_ends) AS granted (key, ends_at) GROUP BY key, ends_at
	), held AS (
		SELECT rate_limits.key, granted.calls
		FROM rate_limits JOIN granted ON granted.key = rate_limits.key AND granted.ends_at = rate_limits.ends_at
		ORDER BY rate_limits.key
		FOR UPDATE OF rate_limits
	)
	UPDATE rate_limits SET calls = greatest(rate_limits.calls - held.calls, 0) FROM held WHERE rate_limits.key = held.key;
END
$$;
--> statement-breakpoint
-- Gives back first, and counts then, as both functions do by themselves. The first statement locks the rows of both in the order of their keys.
-- It has to insert what is not there yet, because locking what there is before inserting the rest would be two rounds in that order. A window
-- that was purged meanwhile comes back empty, and goes with the next purge.
CREATE FUNCTION "give_back_and_reserve_calls" (
	"granted_keys" uuid[], "windows_ends" timestamp with time zone[],
	"wanted" uuid[], "maxima" integer[], "windows_seconds" integer[], "at" timestamp with time zone
)
RETURNS TABLE ("key" uuid, "ends_at" timestamp with time zone, "is_exhausted" boolean, "is_first" boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	IF cardinality(granted_keys) > 0 THEN
		INSERT INTO rate_limits AS held (key, calls, ends_at)
		SELECT touched.key, 0, max(touched.ends_at)
		FROM (
			SELECT claim.key, at + claim.seconds * interval '1 second' FROM unnest(wanted, windows_seconds) AS claim (key, seconds)
			UNION ALL
			SELECT granted.key, granted.ends_at FROM unnest(granted_keys, windows_ends) AS granted (key, ends_at) WHERE granted.key <> ALL (wanted)
		) AS touched (key, ends_at)
		GROUP BY touched.key
		ORDER BY touched.key
		ON CONFLICT (key) DO UPDATE SET calls = 0, ends_at = excluded.ends_at, is_refused = false
		WHERE held.ends_at <= at AND excluded.ends_at > at;

		PERFORM give_back_calls(granted_keys, windows_ends);
	END IF;
	RETURN QUERY SELECT * FROM reserve_calls(wanted, maxima, windows_seconds, at);
END
$$;
