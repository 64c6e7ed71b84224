-- AlterTable
ALTER TABLE "usage_event" ADD COLUMN     "passed_over" JSONB;
