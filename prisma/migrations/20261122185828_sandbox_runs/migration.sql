-- AlterTable
ALTER TABLE "run" ADD COLUMN     "sandbox" BOOLEAN NOT NULL DEFAULT false;

-- Nothing follows a run that only tries a flow out.
DROP TRIGGER "run_completed" ON "run";
CREATE TRIGGER "run_completed" AFTER UPDATE OF "finished_at" ON "run" FOR EACH ROW
  WHEN (OLD."finished_at" IS NULL AND NEW."finished_at" IS NOT NULL AND NOT NEW."sandbox") EXECUTE FUNCTION "run_completed"();
