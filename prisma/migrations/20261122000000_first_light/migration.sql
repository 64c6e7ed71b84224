-- CreateEnum
CREATE TYPE "billing" AS ENUM ('SUBSCRIPTION', 'METERED', 'LOCAL');

-- CreateEnum
CREATE TYPE "credential_kind" AS ENUM ('API_KEY', 'OAUTH_TOKEN', 'NONE');

-- CreateEnum
CREATE TYPE "wire_protocol" AS ENUM ('OPENAI_CHAT', 'OPENAI_RESPONSES', 'ANTHROPIC_MESSAGES', 'GEMINI');

-- CreateEnum
CREATE TYPE "health_state" AS ENUM ('HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "failure_class" AS ENUM ('AUTHENTICATION', 'RATE_LIMITED', 'QUOTA_EXHAUSTED', 'BILLING', 'PLAN_INACTIVE', 'FAIR_USE', 'CLIENT_REFUSED', 'INCOMPLETE_ANSWER', 'INVALID_REQUEST', 'MODEL_NOT_FOUND', 'CONTEXT_LENGTH', 'CONTENT_POLICY', 'UPSTREAM_ERROR', 'TIMEOUT', 'NETWORK', 'CANCELLED', 'INTERRUPTED');

-- CreateEnum
CREATE TYPE "model_state" AS ENUM ('AVAILABLE', 'STALE', 'REMOVED');

-- CreateEnum
CREATE TYPE "model_kind" AS ENUM ('CHAT', 'EMBEDDING', 'OTHER');

-- CreateEnum
CREATE TYPE "model_capability" AS ENUM ('STREAMING', 'TOOLS', 'VISION', 'REASONING', 'STRUCTURED_OUTPUT', 'PROMPT_CACHING');

-- CreateEnum
CREATE TYPE "price_source" AS ENUM ('PROVIDER', 'CATALOG', 'OVERRIDE');

-- CreateEnum
CREATE TYPE "discovery_trigger" AS ENUM ('MANUAL', 'SCHEDULED', 'CONNECTION_CHANGED');

-- CreateEnum
CREATE TYPE "job_status" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "usage_status" AS ENUM ('OK', 'REJECTED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "measurement_source" AS ENUM ('REPORTED', 'ESTIMATED');

-- CreateEnum
CREATE TYPE "admin_scope" AS ENUM ('CONFIG_READ', 'CONFIG_WRITE', 'USAGE_READ', 'KEYS_READ', 'KEYS_WRITE', 'AUDIT_READ');

-- CreateEnum
CREATE TYPE "actor_kind" AS ENUM ('ADMIN_TOKEN', 'CLI', 'SYSTEM');

-- CreateEnum
CREATE TYPE "target_strategy" AS ENUM ('ORDERED', 'SUBSCRIPTION_FIRST', 'EXPIRING_FIRST', 'PACED', 'LOWEST_COST', 'LOWEST_LATENCY');

-- CreateEnum
CREATE TYPE "limit_window" AS ENUM ('HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL');

-- CreateEnum
CREATE TYPE "limit_metric" AS ENUM ('COST_USD', 'TOKENS', 'REQUESTS', 'FAILURE_RATE', 'QUOTA_PERCENT');

-- CreateEnum
CREATE TYPE "limit_action" AS ENUM ('NOTIFY', 'BLOCK');

-- CreateEnum
CREATE TYPE "quota_unit" AS ENUM ('REQUESTS', 'TOKENS', 'CREDITS', 'USD', 'SHARE');

-- CreateTable
CREATE TABLE "workspace" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "workspace_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "admin_token" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" "admin_scope"[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "admin_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "custom_provider" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "billing" "billing" NOT NULL,
    "credential" "credential_kind" NOT NULL,
    "definition" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "custom_provider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connection" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "offering" TEXT NOT NULL,
    "billing" "billing" NOT NULL,
    "credential" "credential_kind" NOT NULL,
    "label" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "region" TEXT,
    "base_url" TEXT,
    "plan_code" TEXT,
    "monthly_price_nano_usd" BIGINT,
    "secret_preview" TEXT,
    "secret_rotated_at" TIMESTAMPTZ(3) NOT NULL,
    "secret_expires_at" TIMESTAMPTZ(3),
    "health_state" "health_state" NOT NULL DEFAULT 'UNKNOWN',
    "health_reason" "failure_class",
    "health_message" TEXT,
    "health_checked_at" TIMESTAMPTZ(3),
    "cooldown_until" TIMESTAMPTZ(3),
    "plan_active" BOOLEAN,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "connection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sealed_secret" (
    "connection_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "envelope" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sealed_secret_pkey" PRIMARY KEY ("connection_id")
);

-- CreateTable
CREATE TABLE "model" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "upstream_id" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "kind" "model_kind" NOT NULL DEFAULT 'CHAT',
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "state" "model_state" NOT NULL DEFAULT 'AVAILABLE',
    "context_window" INTEGER,
    "max_output_tokens" INTEGER,
    "capabilities" "model_capability"[],
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_connection" (
    "model_id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "state" "model_state" NOT NULL DEFAULT 'AVAILABLE',
    "protocols" "wire_protocol"[],
    "context_window" INTEGER,
    "max_output_tokens" INTEGER,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_connection_pkey" PRIMARY KEY ("model_id","connection_id")
);

-- CreateTable
CREATE TABLE "model_price" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "input" BIGINT NOT NULL,
    "output" BIGINT NOT NULL,
    "cache_read" BIGINT,
    "cache_write" BIGINT,
    "source" "price_source" NOT NULL,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "model_price_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "discovery_run" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "trigger" "discovery_trigger" NOT NULL,
    "status" "job_status" NOT NULL,
    "connections_total" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "discovery_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "discovery_result" (
    "id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "connection_id" TEXT,
    "provider" TEXT NOT NULL,
    "status" "job_status" NOT NULL,
    "models_found" INTEGER NOT NULL DEFAULT 0,
    "models_added" TEXT[],
    "models_removed" TEXT[],
    "error_class" "failure_class",
    "error_status" INTEGER,
    "error_message" TEXT,
    "error_retry_at" TIMESTAMPTZ(3),
    "duration_ms" INTEGER,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "discovery_result_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "routing_tier" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "position" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "strategy" "target_strategy" NOT NULL DEFAULT 'ORDERED',
    "retry_on" "failure_class"[],
    "max_attempts" INTEGER NOT NULL DEFAULT 3,
    "fallback_tier_id" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "routing_tier_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "route_target" (
    "tier_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "model_ref" TEXT NOT NULL,
    "billing" "billing",
    "connection_id" TEXT,

    CONSTRAINT "route_target_pkey" PRIMARY KEY ("tier_id","position")
);

-- CreateTable
CREATE TABLE "routing_rule" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "header" TEXT NOT NULL,
    "value" TEXT,
    "tier_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "routing_rule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_key" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "preview" TEXT NOT NULL,
    "previous_hash" TEXT,
    "previous_valid_until" TIMESTAMPTZ(3),
    "allowed_models" TEXT[],
    "tags" TEXT[],
    "budget_nano_usd" BIGINT,
    "budget_window" "limit_window",
    "requests_per_minute" INTEGER,
    "tokens_per_minute" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "access_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_key_tier" (
    "access_key_id" TEXT NOT NULL,
    "tier_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,

    CONSTRAINT "access_key_tier_pkey" PRIMARY KEY ("access_key_id","tier_id")
);

-- CreateTable
CREATE TABLE "usage_event" (
    "id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "request_id" TEXT NOT NULL,
    "requested_model" TEXT NOT NULL,
    "model_ref" TEXT,
    "provider" TEXT,
    "offering" TEXT,
    "connection_id" TEXT,
    "billing" "billing",
    "tier_id" TEXT,
    "tier_slug" TEXT,
    "access_key_id" TEXT NOT NULL,
    "protocol" "wire_protocol" NOT NULL,
    "streamed" BOOLEAN NOT NULL,
    "status" "usage_status" NOT NULL,
    "error_class" "failure_class",
    "error_status" INTEGER,
    "error_message" TEXT,
    "error_retry_at" TIMESTAMPTZ(3),
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "token_source" "measurement_source" NOT NULL,
    "cost_nano_usd" BIGINT,
    "list_cost_nano_usd" BIGINT,
    "price_id" TEXT,
    "duration_ms" INTEGER NOT NULL,
    "first_token_ms" INTEGER,
    "reason" TEXT,

    CONSTRAINT "usage_event_pkey" PRIMARY KEY ("id","started_at")
) PARTITION BY RANGE ("started_at");

-- CreateTable
CREATE TABLE "usage_attempt" (
    "event_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "model_ref" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "offering" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "billing" "billing" NOT NULL,
    "error_class" "failure_class",
    "error_status" INTEGER,
    "error_message" TEXT,
    "error_retry_at" TIMESTAMPTZ(3),
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "token_source" "measurement_source" NOT NULL,
    "cost_nano_usd" BIGINT,
    "list_cost_nano_usd" BIGINT,
    "price_id" TEXT,
    "duration_ms" INTEGER NOT NULL,

    CONSTRAINT "usage_attempt_pkey" PRIMARY KEY ("event_id","position","started_at")
) PARTITION BY RANGE ("started_at");

-- CreateTable
CREATE TABLE "usage_rollup" (
    "workspace_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
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
    "input_tokens" BIGINT NOT NULL,
    "cache_read_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT,
    "cost_nano_usd" BIGINT NOT NULL,
    "list_cost_nano_usd" BIGINT NOT NULL,
    "saved_nano_usd" BIGINT NOT NULL,
    "unpriced_requests" BIGINT NOT NULL,
    "duration_counts" BIGINT[],
    "first_token_counts" BIGINT[],

    CONSTRAINT "usage_rollup_pkey" PRIMARY KEY ("workspace_id","hour","provider","offering","connection_id","model_ref","tier_slug","access_key_id","billing","status")
);

-- CreateTable
CREATE TABLE "quota_window" (
    "connection_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "window_seconds" INTEGER,
    "unit" "quota_unit" NOT NULL,
    "limit" DECIMAL(30,9),
    "used" DECIMAL(30,9),
    "used_fraction" DOUBLE PRECISION NOT NULL,
    "resets_at" TIMESTAMPTZ(3),
    "source" "measurement_source" NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "quota_window_pkey" PRIMARY KEY ("connection_id","name")
);

-- CreateTable
CREATE TABLE "usage_limit" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "metric" "limit_metric" NOT NULL,
    "window" "limit_window" NOT NULL,
    "threshold" DECIMAL(30,9) NOT NULL,
    "action" "limit_action" NOT NULL DEFAULT 'NOTIFY',
    "provider" TEXT,
    "connection_id" TEXT,
    "access_key_id" TEXT,
    "tier_id" TEXT,
    "last_fired_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_limit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "limit_id" TEXT,
    "message" TEXT NOT NULL,
    "value" DECIMAL(30,9) NOT NULL,
    "fired_at" TIMESTAMPTZ(3) NOT NULL,
    "resolved_at" TIMESTAMPTZ(3),
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by_kind" "actor_kind",
    "acknowledged_by_id" TEXT,
    "acknowledged_by_name" TEXT,

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "subject_name" TEXT NOT NULL,
    "changes" JSONB NOT NULL,
    "ip" TEXT,
    "request_id" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "workspace_id" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "arguments_hash" TEXT NOT NULL,
    "result_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("workspace_id","operation","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "workspace_slug_key" ON "workspace"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "admin_token_hash_key" ON "admin_token"("hash");

-- CreateIndex
CREATE INDEX "admin_token_workspace_id_idx" ON "admin_token"("workspace_id");

-- CreateIndex
CREATE UNIQUE INDEX "custom_provider_workspace_id_slug_key" ON "custom_provider"("workspace_id", "slug");

-- CreateIndex
CREATE INDEX "connection_workspace_id_priority_id_idx" ON "connection"("workspace_id", "priority", "id");

-- CreateIndex
CREATE UNIQUE INDEX "connection_workspace_id_provider_label_key" ON "connection"("workspace_id", "provider", "label");

-- CreateIndex
CREATE INDEX "sealed_secret_key_id_idx" ON "sealed_secret"("key_id");

-- CreateIndex
CREATE UNIQUE INDEX "model_workspace_id_provider_upstream_id_key" ON "model"("workspace_id", "provider", "upstream_id");

-- CreateIndex
CREATE UNIQUE INDEX "model_workspace_id_ref_key" ON "model"("workspace_id", "ref");

-- CreateIndex
CREATE INDEX "model_connection_connection_id_idx" ON "model_connection"("connection_id");

-- CreateIndex
CREATE INDEX "model_price_model_id_valid_from_idx" ON "model_price"("model_id", "valid_from");

-- CreateIndex
CREATE INDEX "discovery_run_workspace_id_id_idx" ON "discovery_run"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "discovery_result_run_id_idx" ON "discovery_result"("run_id");

-- CreateIndex
CREATE INDEX "discovery_result_connection_id_finished_at_idx" ON "discovery_result"("connection_id", "finished_at");

-- CreateIndex
CREATE UNIQUE INDEX "routing_tier_workspace_id_slug_key" ON "routing_tier"("workspace_id", "slug");

-- CreateIndex
CREATE INDEX "routing_rule_workspace_id_position_idx" ON "routing_rule"("workspace_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "access_key_hash_key" ON "access_key"("hash");

-- CreateIndex
CREATE UNIQUE INDEX "access_key_previous_hash_key" ON "access_key"("previous_hash");

-- CreateIndex
CREATE INDEX "access_key_workspace_id_id_idx" ON "access_key"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "usage_event_workspace_id_seq_idx" ON "usage_event"("workspace_id", "seq" DESC);

-- CreateIndex
CREATE INDEX "usage_limit_workspace_id_idx" ON "usage_limit"("workspace_id");

-- CreateIndex
CREATE INDEX "alert_workspace_id_id_idx" ON "alert"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "audit_entry_workspace_id_id_idx" ON "audit_entry"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "audit_entry_workspace_id_subject_id_idx" ON "audit_entry"("workspace_id", "subject_id");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- AddForeignKey
ALTER TABLE "sealed_secret" ADD CONSTRAINT "sealed_secret_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_connection" ADD CONSTRAINT "model_connection_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_connection" ADD CONSTRAINT "model_connection_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_price" ADD CONSTRAINT "model_price_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "discovery_result" ADD CONSTRAINT "discovery_result_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "discovery_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "discovery_result" ADD CONSTRAINT "discovery_result_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "routing_tier" ADD CONSTRAINT "routing_tier_fallback_tier_id_fkey" FOREIGN KEY ("fallback_tier_id") REFERENCES "routing_tier"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "route_target" ADD CONSTRAINT "route_target_tier_id_fkey" FOREIGN KEY ("tier_id") REFERENCES "routing_tier"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "routing_rule" ADD CONSTRAINT "routing_rule_tier_id_fkey" FOREIGN KEY ("tier_id") REFERENCES "routing_tier"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_key_tier" ADD CONSTRAINT "access_key_tier_access_key_id_fkey" FOREIGN KEY ("access_key_id") REFERENCES "access_key"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_key_tier" ADD CONSTRAINT "access_key_tier_tier_id_fkey" FOREIGN KEY ("tier_id") REFERENCES "routing_tier"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota_window" ADD CONSTRAINT "quota_window_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alert" ADD CONSTRAINT "alert_limit_id_fkey" FOREIGN KEY ("limit_id") REFERENCES "usage_limit"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Partitions of usage_event and usage_attempt, one a day, live apart from the tables that the schema describes.
CREATE SCHEMA "usage_partitions";

-- Places in commit order; drawn under the recorder's lock, so that commits follow it.
CREATE SEQUENCE "usage_event_seq" AS BIGINT;

-- Histograms are arrays of counts. Missing buckets count as zero, so that bounds can be appended later. A loop, because
-- it works on the array in place: three times as fast as unnesting and aggregating again.
CREATE FUNCTION "histogram_add"(a BIGINT[], b BIGINT[]) RETURNS BIGINT[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  total BIGINT[] := coalesce(a, '{}');
BEGIN
  FOR bucket IN 1 .. coalesce(cardinality(b), 0) LOOP
    total[bucket] := coalesce(total[bucket], 0) + coalesce(b[bucket], 0);
  END LOOP;
  RETURN total;
END
$$;

CREATE AGGREGATE "histogram_sum"(BIGINT[]) (
  SFUNC = histogram_add,
  STYPE = BIGINT[],
  INITCOND = '{}',
  COMBINEFUNC = histogram_add,
  PARALLEL = SAFE
);
