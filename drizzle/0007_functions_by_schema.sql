-- The functions of 0003 and 0005 once more, for databases that were moved out of the schema public: there they named no schema.
-- Counts one call under each of its keys, or under none where one of them is exhausted: either way it answers what it found.
-- A function, because the rows have to be locked before they are judged, and a statement by itself judges by a snapshot from before.
-- All take the locks in the order of the keys, so nobody waits in a circle.
CREATE OR REPLACE FUNCTION "auth"."reserve_calls" ("wanted" uuid[], "maxima" integer[], "windows_seconds" integer[], "at" timestamp with time zone)
RETURNS TABLE ("key" uuid, "ends_at" timestamp with time zone, "is_exhausted" boolean, "is_first" boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	refused boolean;
BEGIN
	INSERT INTO "auth"."rate_limits" AS held (key, calls, ends_at)
	SELECT claim.key, 0, at + claim.seconds * interval '1 second'
	FROM unnest(wanted, windows_seconds) AS claim (key, seconds)
	ORDER BY claim.key
	ON CONFLICT (key) DO UPDATE SET calls = 0, ends_at = excluded.ends_at, is_refused = false
	WHERE held.ends_at <= at;

	SELECT bool_or(held.calls >= claim.max) INTO refused
	FROM unnest(wanted, maxima) AS claim (key, max) JOIN "auth"."rate_limits" held ON held.key = claim.key;

	RETURN QUERY
	SELECT held.key, held.ends_at::timestamp with time zone, held.calls >= claim.max, held.calls >= claim.max AND NOT held.is_refused
	FROM unnest(wanted, maxima) AS claim (key, max) JOIN "auth"."rate_limits" held ON held.key = claim.key;

	UPDATE "auth"."rate_limits" held
	SET calls = held.calls + CASE WHEN refused THEN 0 ELSE 1 END, is_refused = held.is_refused OR refused
	FROM unnest(wanted, maxima) AS claim (key, max)
	WHERE held.key = claim.key AND (NOT refused OR (held.calls >= claim.max AND NOT held.is_refused));
END
$$;
--> statement-breakpoint
-- Takes calls back out of the windows that they were counted in: each as often as it is named. What has no such window any more is left alone.
-- All take the locks in the order of the keys, so nobody waits in a circle. In plpgsql, which keeps its plans.
CREATE OR REPLACE FUNCTION "auth"."give_back_calls" ("granted_keys" uuid[], "windows_ends" timestamp with time zone[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	WITH granted AS (
		SELECT key, ends_at, count(*)::integer AS calls FROM unnest(granted_keys, windows_ends) AS granted (key, ends_at) GROUP BY key, ends_at
	), held AS (
		SELECT rate_limits.key, granted.calls
		FROM "auth"."rate_limits" JOIN granted ON granted.key = rate_limits.key AND granted.ends_at = rate_limits.ends_at
		ORDER BY rate_limits.key
		FOR UPDATE OF rate_limits
	)
	UPDATE "auth"."rate_limits" SET calls = greatest(rate_limits.calls - held.calls, 0) FROM held WHERE rate_limits.key = held.key;
END
$$;
--> statement-breakpoint
-- Gives back first, and counts then, as both functions do by themselves. The first statement locks the rows of both in the order of their keys.
-- It has to insert what is not there yet, because locking what there is before inserting the rest would be two rounds in that order. A window
-- that was purged meanwhile comes back empty, and goes with the next purge.
CREATE OR REPLACE FUNCTION "auth"."give_back_and_reserve_calls" (
	"granted_keys" uuid[], "windows_ends" timestamp with time zone[],
	"wanted" uuid[], "maxima" integer[], "windows_seconds" integer[], "at" timestamp with time zone
)
RETURNS TABLE ("key" uuid, "ends_at" timestamp with time zone, "is_exhausted" boolean, "is_first" boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	IF cardinality(granted_keys) > 0 THEN
		INSERT INTO "auth"."rate_limits" AS held (key, calls, ends_at)
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

		PERFORM "auth"."give_back_calls"(granted_keys, windows_ends);
	END IF;
	RETURN QUERY SELECT * FROM "auth"."reserve_calls"(wanted, maxima, windows_seconds, at);
END
$$;
