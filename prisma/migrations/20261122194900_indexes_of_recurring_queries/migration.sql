-- What workers look for at each heartbeat is a few of many: runs that somebody owns, and runs that are not over.
DROP INDEX "run_owner_idx";
CREATE INDEX "run_owned_idx" ON "run"("owner") WHERE "owner" IS NOT NULL;
CREATE INDEX "run_open_idx" ON "run"("id") WHERE "finished_at" IS NULL;
