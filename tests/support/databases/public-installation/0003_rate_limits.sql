-- UNLOGGED: counting calls writes no WAL. A crash of PostgreSQL empties the table, which at worst grants the calls of one window again.
CREATE UNLOGGED TABLE "rate_limits" (
	"key" uuid PRIMARY KEY NOT NULL,
	"calls" integer NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"is_refused" boolean DEFAULT false NOT NULL
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE INDEX "rate_limits_ends_at" ON "rate_limits" USING btree ("ends_at");
--> statement-breakpoint
-- Counts one call under each of its keys, or under none where one of them is exhausted: either way it answers what it found.
-- A function, because the rows have to be locked before they are judged, and a statement by itself judges by a snapshot from before.
-- All take the locks in the order of the keys, so nobody waits in a circle.
CREATE FUNCTION "reserve_calls" ("wanted" uuid[], "maxima" integer[], "windows_seconds" integer[], "at" timestamp with time zone)
RETURNS TABLE ("key" uuid, "ends_at" timestamp with time zone, "is_exhausted" boolean, "is_first" boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	refused boolean;
BEGIN
	INSERT INTO rate_limits AS held (key, calls, ends_at)
	SELECT claim.key, 0, at + claim.seconds * interval '1 second'
	FROM unnest(wanted, windows_seconds) AS claim (key, seconds)
	ORDER BY claim.key
	ON CONFLICT (key) DO UPDATE SET calls = 0, ends_at = excluded.ends_at, is_refused = false
	WHERE held.ends_at <= at;

	SELECT bool_or(held.calls >= claim.max) INTO refused
	FROM unnest(wanted, maxima) AS claim (key, max) JOIN rate_limits held ON held.key = claim.key;

	RETURN QUERY
	SELECT held.key, held.ends_at::timestamp with time zone, held.calls >= claim.max, held.calls >= claim.max AND NOT held.is_refused
	FROM unnest(wanted, maxima) AS claim (key, max) JOIN rate_limits held ON held.key = claim.key;

	UPDATE rate_limits held
	SET calls = held.calls + CASE WHEN refused THEN 0 ELSE 1 END, is_refused = held.is_refused OR refused
	FROM unnest(wanted, maxima) AS claim (key, max)
	WHERE held.key = claim.key AND (NOT refused OR (held.calls >= claim.max AND NOT held.is_refused));
END
$$;
--> statement-breakpoint
-- Takes a call back out of the windows that it was counted in.
CREATE FUNCTION "give_back_calls" ("granted_keys" uuid[], "windows_ends" timestamp with time zone[])
RETURNS void
LANGUAGE sql
AS $$
	WITH held AS (
		SELECT rate_limits.key
		FROM rate_limits
		JOIN unnest(granted_keys, windows_ends) AS granted (key, ends_at) ON granted.key = rate_limits.key AND granted.ends_at = rate_limits.ends_at
		WHERE rate_limits.calls > 0
		ORDER BY rate_limits.key
		FOR UPDATE OF rate_limits
	)
	UPDATE rate_limits SET calls = rate_limits.calls - 1 FROM held WHERE rate_limits.key = held.key;
$$;
