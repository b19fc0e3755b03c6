-- DropIndex
DROP INDEX "programme_signal_matched_at_recorded_at_idx";

-- AlterTable
ALTER TABLE "programme_signal" ADD COLUMN     "match_attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "match_due_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "programme_signal_matched_at_match_due_at_recorded_at_idx" ON "programme_signal"("matched_at", "match_due_at", "recorded_at");
