-- A run taken from its owner stays marked until somebody claims it: a job that came to nothing must not be the last of it.
ALTER TABLE "run" ADD COLUMN "adrift" BOOLEAN NOT NULL DEFAULT false;
UPDATE "run" SET "adrift" = true WHERE "owner" IS NULL AND "finished_at" IS NULL AND "crashes" > 0;
CREATE INDEX "run_adrift_idx" ON "run"("id") WHERE "adrift";
