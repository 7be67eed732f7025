-- CreateTable
CREATE TABLE "memory_reading" (
    "workspace_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "agent" TEXT NOT NULL DEFAULT '',
    "version" INTEGER NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memory_reading_pkey" PRIMARY KEY ("workspace_id","subject","name","run_id","path","agent")
);

-- CreateIndex
CREATE INDEX "memory_reading_run_id_idx" ON "memory_reading"("run_id");
