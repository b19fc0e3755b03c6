-- CreateEnum
CREATE TYPE "share_scope" AS ENUM ('SUMMARY', 'HEALTH', 'FULL');

-- CreateEnum
CREATE TYPE "lawful_basis" AS ENUM ('CONSENT', 'SAFEGUARDING', 'CRIME_AND_DISORDER_ACT_S115', 'MARAC', 'COURT_ORDER');

-- CreateEnum
CREATE TYPE "break_glass_finding" AS ENUM ('JUSTIFIED', 'NOT_JUSTIFIED');

-- DropIndex
DROP INDEX "support_case_team_recorded_at_id_idx";

-- AlterTable
ALTER TABLE "support_case" ADD COLUMN     "concerns" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "organisation" TEXT;

-- CreateTable
CREATE TABLE "share_grant" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "organisation" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "scope" "share_scope" NOT NULL,
    "lawful_basis" "lawful_basis" NOT NULL,
    "consent_given" BOOLEAN NOT NULL,
    "override_reason" BYTEA,
    "owner" TEXT NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "consent_withdrawn_at" TIMESTAMPTZ(3),
    "decision_due_at" TIMESTAMPTZ(3),
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" BYTEA,
    "version" INTEGER NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "share_grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "break_glass" (
    "id" UUID NOT NULL,
    "opened_by" TEXT NOT NULL,
    "organisation" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" BYTEA NOT NULL,
    "person_id" UUID,
    "review_due_at" TIMESTAMPTZ(3) NOT NULL,
    "reviewed_at" TIMESTAMPTZ(3),
    "reviewed_by" TEXT,
    "finding" "break_glass_finding",
    "review_note" BYTEA,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "break_glass_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "conflict_block" (
    "id" UUID NOT NULL,
    "user_name" TEXT NOT NULL,
    "person_id" UUID NOT NULL,
    "reason" BYTEA NOT NULL,
    "blocked_by" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" TEXT,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conflict_block_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "share_grant_case_id_recorded_at_id_idx" ON "share_grant"("case_id", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "share_grant_organisation_purpose_expires_at_idx" ON "share_grant"("organisation", "purpose", "expires_at");

-- CreateIndex
CREATE INDEX "break_glass_opened_by_ends_at_idx" ON "break_glass"("opened_by", "ends_at");

-- CreateIndex
CREATE INDEX "break_glass_recorded_at_id_idx" ON "break_glass"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "break_glass_reviewed_at_review_due_at_idx" ON "break_glass"("reviewed_at", "review_due_at");

-- CreateIndex
CREATE INDEX "conflict_block_user_name_ended_at_idx" ON "conflict_block"("user_name", "ended_at");

-- CreateIndex
CREATE INDEX "conflict_block_recorded_at_id_idx" ON "conflict_block"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_case_organisation_recorded_at_id_idx" ON "support_case"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_case_organisation_team_recorded_at_id_idx" ON "support_case"("organisation", "team", "recorded_at" DESC, "id" DESC);

-- AddForeignKey
ALTER TABLE "share_grant" ADD CONSTRAINT "share_grant_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "support_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Whom the cases that exist concern
UPDATE "support_case" SET "concerns" = ARRAY(
  SELECT "support_case"."person_id"
  UNION
  SELECT "person_id" FROM "case_alleged_perpetrator" WHERE "case_id" = "support_case"."id"
);

-- Cases that exist belong to the one organisation whose managers allocated cases; where there are several, to nobody
UPDATE "support_case" SET "organisation" = (SELECT MIN("organisation") FROM "audit_entry" WHERE "rpc" = '/midas.case.v1.CaseService/AllocateCase' AND "outcome" = 'ok')
WHERE 1 = (SELECT COUNT(DISTINCT "organisation") FROM "audit_entry" WHERE "rpc" = '/midas.case.v1.CaseService/AllocateCase' AND "outcome" = 'ok');
