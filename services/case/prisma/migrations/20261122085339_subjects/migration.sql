-- AlterTable
ALTER TABLE "person" ADD COLUMN     "erased_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "subject_request" (
    "id" UUID NOT NULL,
    "reference" TEXT NOT NULL,
    "opened_by" TEXT NOT NULL,
    "organisation" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "named" BYTEA NOT NULL,
    "concerns" UUID[],
    "version" INTEGER NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "subject_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subject_decision" (
    "request_id" UUID NOT NULL,
    "item" TEXT NOT NULL,
    "released" BOOLEAN NOT NULL,
    "decided_by" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "subject_decision_pkey" PRIMARY KEY ("request_id","item")
);

-- CreateTable
CREATE TABLE "legal_hold" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "concerns" UUID[],
    "reason" BYTEA NOT NULL,
    "placed_by" TEXT NOT NULL,
    "placed_at" TIMESTAMPTZ(3) NOT NULL,
    "lifted_by" TEXT,
    "lifted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "legal_hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subject_erasure" (
    "id" UUID NOT NULL,
    "request_id" UUID,
    "retention_run_id" UUID,
    "concerns" UUID[],
    "reason" BYTEA,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "subject_erasure_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "retention_run" (
    "id" UUID NOT NULL,
    "started_by" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "examined_to" UUID,
    "examined_count" INTEGER NOT NULL DEFAULT 0,
    "examined_at" TIMESTAMPTZ(3),

    CONSTRAINT "retention_run_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "subject_request_organisation_recorded_at_id_idx" ON "subject_request"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "legal_hold_concerns_idx" ON "legal_hold" USING GIN ("concerns");

-- CreateIndex
CREATE INDEX "legal_hold_recorded_at_id_idx" ON "legal_hold"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "subject_erasure_request_id_key" ON "subject_erasure"("request_id");

-- CreateIndex
CREATE INDEX "subject_erasure_done_at_due_at_idx" ON "subject_erasure"("done_at", "due_at");

-- CreateIndex
CREATE INDEX "subject_erasure_retention_run_id_idx" ON "subject_erasure"("retention_run_id");

-- CreateIndex
CREATE INDEX "retention_run_examined_at_idx" ON "retention_run"("examined_at");

-- AddForeignKey
ALTER TABLE "subject_decision" ADD CONSTRAINT "subject_decision_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "subject_request"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "legal_hold" ADD CONSTRAINT "legal_hold_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "subject_request"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subject_erasure" ADD CONSTRAINT "subject_erasure_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "subject_request"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subject_erasure" ADD CONSTRAINT "subject_erasure_retention_run_id_fkey" FOREIGN KEY ("retention_run_id") REFERENCES "retention_run"("id") ON DELETE SET NULL ON UPDATE CASCADE;
