-- AlterTable
ALTER TABLE "run" ADD COLUMN     "goal_reached" BOOLEAN,
ADD COLUMN     "goal_reason" TEXT,
ADD COLUMN     "labels" JSONB NOT NULL DEFAULT '{}';
