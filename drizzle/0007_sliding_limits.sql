ALTER TABLE "auth"."one_time_tokens" ADD COLUMN "attempt_hash" "bytea";
--> statement-breakpoint
DROP FUNCTION "auth"."give_back_and_reserve_calls" (uuid[], timestamp with time zone[], uuid[], integer[], integer[], timestamp with time zone);
--> statement-breakpoint
DROP FUNCTION "auth"."reserve_calls" (uuid[], integer[], integer[], timestamp with time zone);
--> statement-breakpoint
DROP FUNCTION "auth"."give_back_calls" (uuid[], timestamp with time zone[]);
--> statement-breakpoint
-- What was counted in windows that do not slide is forgotten: at worst that grants the calls of one window again.
TRUNCATE "auth"."rate_limits";
--> statement-breakpoint
ALTER TABLE "auth"."rate_limits" DROP COLUMN "calls", DROP COLUMN "is_refused";
--> statement-breakpoint
ALTER TABLE "auth"."rate_limits" ADD COLUMN "slots" bigint[] NOT NULL, ADD COLUMN "calls" integer[] NOT NULL, ADD COLUMN "told_until" bigint NOT NULL;
--> statement-breakpoint
-- Takes calls back out of the slots that they were counted in: each as often as it is named. What has left its window is not there any more.
-- All take the locks in the order of the keys, so nobody waits in a circle. In plpgsql, which keeps its plans.
CREATE FUNCTION "auth"."give_back_calls" ("granted_keys" uuid[], "granted_slots" bigint[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	WITH granted AS (
		SELECT key, slot, count(*)::integer AS calls FROM unnest(granted_keys, granted_slots) AS granted (key, slot) GROUP BY key, slot
	), locked AS (
		SELECT key, slots, calls FROM "auth"."rate_limits" WHERE key = ANY (granted_keys) ORDER BY key FOR UPDATE
	), rest AS (
		SELECT locked.key,
			coalesce(array_agg(counted.slot ORDER BY counted.slot) FILTER (WHERE counted.calls > 0), '{}') AS slots,
			coalesce(array_agg(counted.calls ORDER BY counted.slot) FILTER (WHERE counted.calls > 0), '{}') AS calls
		FROM locked LEFT JOIN LATERAL (
			SELECT each.slot, each.calls - coalesce(granted.calls, 0) AS calls
			FROM unnest(locked.slots, locked.calls) AS each (slot, calls)
			LEFT JOIN granted ON granted.key = locked.key AND granted.slot = each.slot
		) AS counted ON true
		GROUP BY locked.key
	)
	UPDATE "auth"."rate_limits" SET slots = rest.slots, calls = rest.calls FROM rest WHERE rate_limits.key = rest.key;
END
$$;
--> statement-breakpoint
-- Gives back first; then counts one call under each of its keys, or under none where one of them is exhausted: either way it answers what it
-- found. Instants and windows are in milliseconds. A function, because the rows have to be locked before they are judged, and a statement by
-- itself judges by a snapshot from before. Its first statement locks the rows of both in the order of their keys, so nobody waits in a circle;
-- it has to insert what is not there yet, because locking what there is before inserting the rest would be two rounds in that order.
CREATE FUNCTION "auth"."give_back_and_reserve_calls" (
	"granted_keys" uuid[], "granted_slots" bigint[],
	"wanted" uuid[], "maxima" integer[], "windows" bigint[], "wanted_slots" bigint[], "at" bigint
)
RETURNS TABLE ("key" uuid, "slot" bigint, "free_at" bigint, "is_exhausted" boolean, "is_first" boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO "auth"."rate_limits" AS held (key, slots, calls, told_until, ends_at)
	SELECT touched.key, '{}', '{}', 0, to_timestamp(at / 1000.0)
	FROM (SELECT unnest(wanted) UNION SELECT unnest(granted_keys)) AS touched (key)
	ORDER BY touched.key
	-- Locks the row, and changes nothing.
	ON CONFLICT (key) DO UPDATE SET ends_at = held.ends_at WHERE false;

	IF cardinality(granted_keys) > 0 THEN
		PERFORM "auth"."give_back_calls"(granted_keys, granted_slots);
	END IF;

	RETURN QUERY
	WITH judged AS (
		SELECT claim.key, claim.max, claim.milliseconds, greatest(claim.slot, live.newest) AS slot,
			live.slots, live.calls, live.total, live.newest, live.total >= claim.max AS is_full, held.told_until <= at AS is_untold
		FROM unnest(wanted, maxima, windows, wanted_slots) AS claim (key, max, milliseconds, slot)
		JOIN "auth"."rate_limits" AS held ON held.key = claim.key
		CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(each.slot ORDER BY each.slot), '{}') AS slots, coalesce(array_agg(each.calls ORDER BY each.slot), '{}') AS calls,
				coalesce(sum(each.calls), 0) AS total, max(each.slot) AS newest
			FROM unnest(held.slots, held.calls) AS each (slot, calls)
			WHERE each.slot + claim.milliseconds > at
		) AS live
	), verdict AS (
		SELECT bool_or(judged.is_full) AS is_refused FROM judged
	), changed AS (
		UPDATE "auth"."rate_limits" AS held
		SET slots = CASE WHEN is_refused THEN held.slots WHEN judged.slot = newest THEN judged.slots ELSE judged.slots || judged.slot END,
			calls = CASE
				WHEN is_refused THEN held.calls
				WHEN judged.slot = newest THEN judged.calls[1:cardinality(judged.calls) - 1] || judged.calls[cardinality(judged.calls)] + 1
				ELSE judged.calls || 1
			END,
			told_until = CASE WHEN is_refused THEN at + milliseconds ELSE held.told_until END,
			-- To the next quarter of a window, so that most calls leave the index as it is.
			ends_at = greatest(held.ends_at, to_timestamp(
				((greatest(judged.slot, at) + milliseconds) / (milliseconds / 4) + 1) * (milliseconds / 4) / 1000.0))
		FROM judged, verdict
		WHERE held.key = judged.key AND (NOT is_refused OR (is_full AND is_untold))
	)
	SELECT judged.key, judged.slot,
		CASE WHEN is_full THEN (
			SELECT min(passing.slot) + milliseconds
			FROM (
				SELECT each.slot, total - sum(each.calls) OVER (ORDER BY each.slot) AS rest FROM unnest(judged.slots, judged.calls) AS each (slot, calls)
			) AS passing
			WHERE passing.rest < max
		) ELSE 0 END,
		is_full, is_full AND is_untold
	FROM judged;
END
$$;
