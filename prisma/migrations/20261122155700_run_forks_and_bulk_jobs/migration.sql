-- AlterTable
ALTER TABLE "run" ADD COLUMN     "forked_at" TEXT,
ADD COLUMN     "forked_from" TEXT;

-- CreateTable
CREATE TABLE "bulk_job" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "by_id" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "total" INTEGER NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "bulk_job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk_item" (
    "job_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "message" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "bulk_item_pkey" PRIMARY KEY ("job_id","run_id")
);

-- CreateIndex
CREATE INDEX "bulk_job_workspace_id_created_at_idx" ON "bulk_job"("workspace_id", "created_at");

-- CreateIndex
CREATE INDEX "run_forked_from_idx" ON "run"("forked_from");
