-- AlterTable
ALTER TABLE "model_alias" ADD COLUMN     "context_tokens" INTEGER,
ADD COLUMN     "input_price" DOUBLE PRECISION,
ADD COLUMN     "output_price" DOUBLE PRECISION;
