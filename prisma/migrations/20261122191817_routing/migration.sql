-- AlterTable
ALTER TABLE "connection" DROP COLUMN "cooldown_until",
ADD COLUMN     "cooldowns_cleared_at" TIMESTAMPTZ(3),
ADD COLUMN     "max_concurrency" INTEGER;

-- AlterTable
ALTER TABLE "quota_window" ADD COLUMN     "models" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "routing_tier" ADD COLUMN     "suggested" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "workspace" ADD COLUMN     "classifier_weights" JSONB;

-- CreateTable
CREATE TABLE "connection_cooldown" (
    "connection_id" TEXT NOT NULL,
    "model_ref" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "class" "failure_class" NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL,

    CONSTRAINT "connection_cooldown_pkey" PRIMARY KEY ("connection_id","model_ref")
);

-- CreateTable
CREATE TABLE "quota_poll" (
    "connection_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "quota_poll_pkey" PRIMARY KEY ("connection_id")
);

-- CreateIndex
CREATE INDEX "quota_poll_due_at_idx" ON "quota_poll"("due_at");

-- AddForeignKey
ALTER TABLE "connection_cooldown" ADD CONSTRAINT "connection_cooldown_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota_poll" ADD CONSTRAINT "quota_poll_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;
