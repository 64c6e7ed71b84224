-- AlterTable
ALTER TABLE "discovery_run" ADD COLUMN     "lease_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "model_price" ADD COLUMN     "per_request" BIGINT,
ADD COLUMN     "times_of_day" JSONB;
