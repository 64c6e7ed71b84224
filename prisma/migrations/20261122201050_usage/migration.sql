-- A histogram as one number: bucket i counts in the i-th group of twelve decimal digits, from the right. Numbers add up, so
-- that Postgres merges histograms by its own sum: ten times as fast as adding arrays in a procedure.
CREATE FUNCTION "pack_histogram"(counts BIGINT[]) RETURNS NUMERIC
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(trunc(sum(count * 10::numeric ^ (12 * (bucket - 1)))), 0)
  FROM unnest(counts) WITH ORDINALITY AS filled(count, bucket) WHERE count > 0
$$;

-- AlterTable
ALTER TABLE "usage_rollup" ADD COLUMN     "failed_attempts" BIGINT NOT NULL DEFAULT 0,
ALTER COLUMN "duration_counts" TYPE DECIMAL USING pack_histogram(duration_counts),
ALTER COLUMN "duration_counts" SET NOT NULL,
ALTER COLUMN "first_token_counts" TYPE DECIMAL USING pack_histogram(first_token_counts),
ALTER COLUMN "first_token_counts" SET NOT NULL;
ALTER TABLE "usage_rollup" ALTER COLUMN "failed_attempts" DROP DEFAULT;

DROP AGGREGATE "histogram_sum"(BIGINT[]);
DROP FUNCTION "histogram_add"(BIGINT[], BIGINT[]);
DROP FUNCTION "pack_histogram"(BIGINT[]);

-- CreateTable
CREATE TABLE "usage_rollup_day" (
    "workspace_id" TEXT NOT NULL,
    "day" TIMESTAMPTZ(3) NOT NULL,
    "provider" TEXT NOT NULL,
    "offering" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "model_ref" TEXT NOT NULL,
    "tier_slug" TEXT NOT NULL,
    "access_key_id" TEXT NOT NULL,
    "billing" TEXT NOT NULL,
    "status" "usage_status" NOT NULL,
    "requests" BIGINT NOT NULL,
    "attempts" BIGINT NOT NULL,
    "failed_attempts" BIGINT NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "cost_nano_usd" BIGINT NOT NULL,
    "list_cost_nano_usd" BIGINT NOT NULL,
    "saved_nano_usd" BIGINT NOT NULL,
    "unpriced_requests" BIGINT NOT NULL,
    "duration_counts" DECIMAL NOT NULL,
    "first_token_counts" DECIMAL NOT NULL,

    CONSTRAINT "usage_rollup_day_pkey" PRIMARY KEY ("workspace_id","day","provider","offering","connection_id","model_ref","tier_slug","access_key_id","billing","status")
);

-- CreateTable
CREATE TABLE "usage_rollup_route" (
    "workspace_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "provider" TEXT NOT NULL,
    "offering" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "model_ref" TEXT NOT NULL,
    "billing" TEXT NOT NULL,
    "status" "usage_status" NOT NULL,
    "requests" BIGINT NOT NULL,
    "attempts" BIGINT NOT NULL,
    "failed_attempts" BIGINT NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "cost_nano_usd" BIGINT NOT NULL,
    "list_cost_nano_usd" BIGINT NOT NULL,
    "saved_nano_usd" BIGINT NOT NULL,
    "unpriced_requests" BIGINT NOT NULL,
    "duration_counts" DECIMAL NOT NULL,
    "first_token_counts" DECIMAL NOT NULL,

    CONSTRAINT "usage_rollup_route_pkey" PRIMARY KEY ("workspace_id","hour","provider","offering","connection_id","model_ref","billing","status")
);

-- CreateTable
CREATE TABLE "usage_rollup_caller" (
    "workspace_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "tier_slug" TEXT NOT NULL,
    "access_key_id" TEXT NOT NULL,
    "status" "usage_status" NOT NULL,
    "requests" BIGINT NOT NULL,
    "attempts" BIGINT NOT NULL,
    "failed_attempts" BIGINT NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "cost_nano_usd" BIGINT NOT NULL,
    "list_cost_nano_usd" BIGINT NOT NULL,
    "saved_nano_usd" BIGINT NOT NULL,
    "unpriced_requests" BIGINT NOT NULL,
    "duration_counts" DECIMAL NOT NULL,
    "first_token_counts" DECIMAL NOT NULL,

    CONSTRAINT "usage_rollup_caller_pkey" PRIMARY KEY ("workspace_id","hour","tier_slug","access_key_id","status")
);

-- What was summed up so far. Failed attempts were not counted then; `switchyard rollups rebuild` counts those still retained.
INSERT INTO "usage_rollup_day" (
  workspace_id, day, provider, offering, connection_id, model_ref, tier_slug, access_key_id, billing, status,
  requests, attempts, failed_attempts, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
  reasoning_tokens, cost_nano_usd, list_cost_nano_usd, saved_nano_usd, unpriced_requests, duration_counts,
  first_token_counts)
SELECT
  workspace_id, date_trunc('day', hour, 'UTC'), provider, offering, connection_id, model_ref, tier_slug,
  access_key_id, billing, status, sum(requests), sum(attempts), sum(failed_attempts), sum(input_tokens),
  sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_nano_usd),
  sum(list_cost_nano_usd), sum(saved_nano_usd), sum(unpriced_requests), sum(duration_counts), sum(first_token_counts)
FROM usage_rollup
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

INSERT INTO "usage_rollup_route" (
  workspace_id, hour, provider, offering, connection_id, model_ref, billing, status, requests, attempts,
  failed_attempts, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
  cost_nano_usd, list_cost_nano_usd, saved_nano_usd, unpriced_requests, duration_counts, first_token_counts)
SELECT
  workspace_id, hour, provider, offering, connection_id, model_ref, billing, status, sum(requests), sum(attempts),
  sum(failed_attempts), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens),
  sum(reasoning_tokens), sum(cost_nano_usd), sum(list_cost_nano_usd), sum(saved_nano_usd), sum(unpriced_requests),
  sum(duration_counts), sum(first_token_counts)
FROM usage_rollup
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

INSERT INTO "usage_rollup_caller" (
  workspace_id, hour, tier_slug, access_key_id, status, requests, attempts, failed_attempts, input_tokens,
  cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd, list_cost_nano_usd,
  saved_nano_usd, unpriced_requests, duration_counts, first_token_counts)
SELECT
  workspace_id, hour, tier_slug, access_key_id, status, sum(requests), sum(attempts), sum(failed_attempts),
  sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
  sum(cost_nano_usd), sum(list_cost_nano_usd), sum(saved_nano_usd), sum(unpriced_requests), sum(duration_counts),
  sum(first_token_counts)
FROM usage_rollup
GROUP BY 1, 2, 3, 4, 5;
