-- CreateTable
CREATE TABLE "past_quota_window" (
    "connection_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "window_seconds" INTEGER,
    "unit" "quota_unit" NOT NULL,
    "limit" DECIMAL(30,9),
    "used" DECIMAL(30,9),
    "used_fraction" DOUBLE PRECISION NOT NULL,
    "source" "measurement_source" NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "models" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "past_quota_window_pkey" PRIMARY KEY ("connection_id","name","ended_at")
);

-- CreateIndex
CREATE INDEX "past_quota_window_workspace_id_ended_at_idx" ON "past_quota_window"("workspace_id", "ended_at");

-- AddForeignKey
ALTER TABLE "past_quota_window" ADD CONSTRAINT "past_quota_window_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;
