-- Requests of one row of sums share a key, and each row knows between which places its requests lie: so a page with any
-- filter is found by index. What has no list price is counted as well.

-- AlterTable
ALTER TABLE "usage_event" ADD COLUMN     "sum_key" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "usage_event" ALTER COLUMN "sum_key" DROP DEFAULT;

-- AlterTable
ALTER TABLE "usage_rollup" ADD COLUMN     "first_seq" BIGINT,
ADD COLUMN     "first_started_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_seq" BIGINT,
ADD COLUMN     "unlisted_tokens" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "usage_rollup" ALTER COLUMN "unlisted_tokens" DROP DEFAULT;

-- AlterTable
ALTER TABLE "usage_rollup_caller" ADD COLUMN     "first_seq" BIGINT,
ADD COLUMN     "first_started_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_seq" BIGINT,
ADD COLUMN     "unlisted_tokens" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "usage_rollup_caller" ALTER COLUMN "unlisted_tokens" DROP DEFAULT;

-- AlterTable
ALTER TABLE "usage_rollup_day" ADD COLUMN     "first_seq" BIGINT,
ADD COLUMN     "first_started_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_seq" BIGINT,
ADD COLUMN     "unlisted_tokens" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "usage_rollup_day" ALTER COLUMN "unlisted_tokens" DROP DEFAULT;

-- AlterTable
ALTER TABLE "usage_rollup_route" ADD COLUMN     "first_seq" BIGINT,
ADD COLUMN     "first_started_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_seq" BIGINT,
ADD COLUMN     "unlisted_tokens" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "usage_rollup_route" ALTER COLUMN "unlisted_tokens" DROP DEFAULT;

-- What is stored already. Its tokens without a list price are not counted here; `switchyard rollups rebuild` counts those of
-- requests that are still retained.
UPDATE usage_event SET sum_key = hashtextextended(concat_ws(chr(31),
  coalesce(provider::text, ''),
  coalesce(offering::text, ''),
  coalesce(connection_id::text, ''),
  coalesce(model_ref::text, ''),
  coalesce(billing::text, ''),
  coalesce(tier_slug::text, ''),
  coalesce(access_key_id::text, ''),
  coalesce(status::text, '')), 0);

UPDATE usage_rollup total SET first_seq = own.first_seq, last_seq = own.last_seq, first_started_at = own.first_started_at
FROM (
  SELECT workspace_id, date_trunc('hour', occurred_at, 'UTC') AS hour,
    coalesce(provider::text, '') AS provider, coalesce(offering::text, '') AS offering, coalesce(connection_id::text, '') AS connection_id, coalesce(model_ref::text, '') AS model_ref, coalesce(billing::text, '') AS billing, coalesce(tier_slug::text, '') AS tier_slug, coalesce(access_key_id::text, '') AS access_key_id, coalesce(status::text, '') AS status,
    min(seq) AS first_seq, max(seq) AS last_seq, min(started_at) AS first_started_at
  FROM usage_event GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
) own
WHERE total.workspace_id = own.workspace_id AND total.hour = own.hour
  AND total.provider = own.provider AND total.offering = own.offering AND total.connection_id = own.connection_id AND total.model_ref = own.model_ref AND total.billing = own.billing AND total.tier_slug = own.tier_slug AND total.access_key_id = own.access_key_id AND total.status::text = own.status;

UPDATE usage_rollup_caller total SET first_seq = own.first_seq, last_seq = own.last_seq, first_started_at = own.first_started_at
FROM (
  SELECT workspace_id, date_trunc('hour', occurred_at, 'UTC') AS hour,
    coalesce(tier_slug::text, '') AS tier_slug, coalesce(access_key_id::text, '') AS access_key_id, coalesce(status::text, '') AS status,
    min(seq) AS first_seq, max(seq) AS last_seq, min(started_at) AS first_started_at
  FROM usage_event GROUP BY 1, 2, 3, 4, 5
) own
WHERE total.workspace_id = own.workspace_id AND total.hour = own.hour
  AND total.tier_slug = own.tier_slug AND total.access_key_id = own.access_key_id AND total.status::text = own.status;

UPDATE usage_rollup_day total SET first_seq = own.first_seq, last_seq = own.last_seq, first_started_at = own.first_started_at
FROM (
  SELECT workspace_id, date_trunc('day', occurred_at, 'UTC') AS day,
    coalesce(provider::text, '') AS provider, coalesce(offering::text, '') AS offering, coalesce(connection_id::text, '') AS connection_id, coalesce(model_ref::text, '') AS model_ref, coalesce(billing::text, '') AS billing, coalesce(tier_slug::text, '') AS tier_slug, coalesce(access_key_id::text, '') AS access_key_id, coalesce(status::text, '') AS status,
    min(seq) AS first_seq, max(seq) AS last_seq, min(started_at) AS first_started_at
  FROM usage_event GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
) own
WHERE total.workspace_id = own.workspace_id AND total.day = own.day
  AND total.provider = own.provider AND total.offering = own.offering AND total.connection_id = own.connection_id AND total.model_ref = own.model_ref AND total.billing = own.billing AND total.tier_slug = own.tier_slug AND total.access_key_id = own.access_key_id AND total.status::text = own.status;

UPDATE usage_rollup_route total SET first_seq = own.first_seq, last_seq = own.last_seq, first_started_at = own.first_started_at
FROM (
  SELECT workspace_id, date_trunc('hour', occurred_at, 'UTC') AS hour,
    coalesce(provider::text, '') AS provider, coalesce(offering::text, '') AS offering, coalesce(connection_id::text, '') AS connection_id, coalesce(model_ref::text, '') AS model_ref, coalesce(billing::text, '') AS billing, coalesce(status::text, '') AS status,
    min(seq) AS first_seq, max(seq) AS last_seq, min(started_at) AS first_started_at
  FROM usage_event GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) own
WHERE total.workspace_id = own.workspace_id AND total.hour = own.hour
  AND total.provider = own.provider AND total.offering = own.offering AND total.connection_id = own.connection_id AND total.model_ref = own.model_ref AND total.billing = own.billing AND total.status::text = own.status;

-- CreateIndex
CREATE INDEX "usage_event_workspace_id_sum_key_seq_idx" ON "usage_event"("workspace_id", "sum_key", "seq");
