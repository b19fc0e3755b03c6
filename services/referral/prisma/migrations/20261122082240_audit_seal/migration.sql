-- AlterTable
ALTER TABLE "audit_entry" ADD COLUMN     "filter_digest" TEXT,
ADD COLUMN     "written_in" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint;

-- CreateTable
CREATE TABLE "audit_seal" (
    "number" BIGINT NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "previous" BYTEA NOT NULL,
    "head" BYTEA NOT NULL,
    "entry_ids" UUID[],
    "digests" BYTEA NOT NULL,
    "through_written" BIGINT NOT NULL,
    "through_seq" BIGINT NOT NULL,
    "highest_seq" BIGINT NOT NULL,
    "floor_seq" BIGINT NOT NULL,

    CONSTRAINT "audit_seal_pkey" PRIMARY KEY ("number")
);

-- CreateIndex
CREATE INDEX "audit_entry_written_in_seq_idx" ON "audit_entry"("written_in", "seq");
