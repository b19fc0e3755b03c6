-- CreateEnum
CREATE TYPE "keeping_decision_kind" AS ENUM ('HOLD_PLACED', 'HOLD_LIFTED', 'ERASED');

-- CreateEnum
CREATE TYPE "erasure_ground" AS ENUM ('RETENTION_ENDED', 'REQUEST_OF_PARTICIPANT', 'COURT_ORDER', 'RECORDED_IN_ERROR');

-- AlterTable
ALTER TABLE "programme_participant" ADD COLUMN     "erased_at" TIMESTAMPTZ(3),
ADD COLUMN     "held" BOOLEAN NOT NULL DEFAULT false,
ALTER COLUMN "participant" DROP NOT NULL,
ALTER COLUMN "partner" DROP NOT NULL;

-- AlterTable
ALTER TABLE "risk_signal" ALTER COLUMN "detail" DROP NOT NULL;

-- CreateTable
CREATE TABLE "keeping_decision" (
    "id" UUID NOT NULL,
    "participant_id" UUID NOT NULL,
    "kind" "keeping_decision_kind" NOT NULL,
    "reason" BYTEA,
    "ground" "erasure_ground",
    "decided_by" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "keeping_decision_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "keeping_decision_participant_id_decided_at_idx" ON "keeping_decision"("participant_id", "decided_at");

-- AddForeignKey
ALTER TABLE "keeping_decision" ADD CONSTRAINT "keeping_decision_participant_id_fkey" FOREIGN KEY ("participant_id") REFERENCES "programme_participant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
