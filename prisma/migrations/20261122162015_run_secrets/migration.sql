-- CreateTable
CREATE TABLE "run_secret" (
    "run_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,

    CONSTRAINT "run_secret_pkey" PRIMARY KEY ("run_id","name")
);

-- AddForeignKey
ALTER TABLE "run_secret" ADD CONSTRAINT "run_secret_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE CASCADE ON UPDATE CASCADE;
