-- AlterTable
ALTER TABLE "conflict_block" ADD COLUMN     "other_person_ids" UUID[] DEFAULT ARRAY[]::UUID[];

-- AlterTable
ALTER TABLE "share_grant" ADD COLUMN     "withdrawal_id" UUID;

-- AlterTable
ALTER TABLE "support_group" ADD COLUMN     "organisation" TEXT;

-- CreateTable
CREATE TABLE "consent_withdrawal" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_withdrawal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "consent_withdrawal_case_id_idx" ON "consent_withdrawal"("case_id");

-- CreateIndex
CREATE INDEX "share_grant_withdrawal_id_idx" ON "share_grant"("withdrawal_id");

-- AddForeignKey
ALTER TABLE "consent_withdrawal" ADD CONSTRAINT "consent_withdrawal_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "support_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Groups that exist belong to the one provider that holds cases; where there are several, to nobody but who runs them
UPDATE "support_group" SET "organisation" = (SELECT MIN("organisation") FROM "support_case")
WHERE 1 = (SELECT COUNT(DISTINCT "organisation") FROM "support_case");
