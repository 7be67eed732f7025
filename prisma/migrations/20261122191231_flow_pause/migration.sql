-- AlterTable
ALTER TABLE "flow" ADD COLUMN     "paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "paused_name" TEXT,
ADD COLUMN     "paused_reason" TEXT;
