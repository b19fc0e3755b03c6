-- CreateEnum
CREATE TYPE "incident_kind" AS ENUM ('CRIME', 'NON_CRIME');

-- CreateEnum
CREATE TYPE "referral_kind" AS ENUM ('SELF', 'POLICE', 'VICTIM_SUPPORT', 'GP', 'HOSPITAL', 'SOCIAL_CARE', 'HOUSING', 'EDUCATION', 'ONE_STOP_SHOP', 'MARAC', 'OTHER_AREA', 'OTHER');

-- CreateEnum
CREATE TYPE "support_kind" AS ENUM ('IDVA', 'OUTREACH', 'ADVICE', 'FREEDOM_PROGRAMME', 'ACCOMMODATION');

-- CreateEnum
CREATE TYPE "referral_status" AS ENUM ('SUBMITTED', 'ACCEPTED', 'REJECTED');

-- CreateEnum
CREATE TYPE "rejection_reason" AS ENUM ('OUT_OF_AREA', 'NOT_DOMESTIC_ABUSE', 'DUPLICATE', 'DECLINED_BY_PERSON', 'OTHER');

-- CreateTable
CREATE TABLE "incident" (
    "id" UUID NOT NULL,
    "organisation" TEXT NOT NULL,
    "source_system" TEXT NOT NULL,
    "source_reference" TEXT NOT NULL,
    "kind" "incident_kind" NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "sent" BYTEA NOT NULL,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "referral" (
    "id" UUID NOT NULL,
    "organisation" TEXT NOT NULL,
    "source_system" TEXT,
    "source_reference" TEXT,
    "kind" "referral_kind" NOT NULL,
    "support" "support_kind" NOT NULL,
    "status" "referral_status" NOT NULL,
    "referred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "rejection_reason" "rejection_reason",
    "rejection_note" BYTEA,
    "sent" BYTEA NOT NULL,
    "version" INTEGER NOT NULL,

    CONSTRAINT "referral_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_event" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "aggregate_type" TEXT NOT NULL,
    "aggregate_id" TEXT NOT NULL,
    "aggregate_version" INTEGER NOT NULL,
    "payload" BYTEA NOT NULL,
    "headers" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbox_event" (
    "consumer" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_event_pkey" PRIMARY KEY ("consumer","event_id")
);

-- CreateTable
CREATE TABLE "dead_letter" (
    "consumer" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "payload" BYTEA NOT NULL,
    "headers" JSONB NOT NULL,
    "error_slug" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "failed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dead_letter_pkey" PRIMARY KEY ("consumer","event_id")
);

-- CreateTable
CREATE TABLE "idempotency_record" (
    "client" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "rpc" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_digest" BYTEA NOT NULL,
    "result_id" TEXT NOT NULL,
    "result_version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("client","subject","rpc","key")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "subject" TEXT NOT NULL,
    "user_name" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "via" TEXT NOT NULL,
    "organisation" TEXT NOT NULL,
    "roles" TEXT[],
    "rpc" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "record_ids" TEXT[],
    "purpose" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "trace_id" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "incident_recorded_at_id_idx" ON "incident"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "incident_organisation_recorded_at_id_idx" ON "incident"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "incident_organisation_source_system_source_reference_key" ON "incident"("organisation", "source_system", "source_reference");

-- CreateIndex
CREATE INDEX "referral_recorded_at_id_idx" ON "referral"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "referral_organisation_recorded_at_id_idx" ON "referral"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "referral_status_recorded_at_id_idx" ON "referral"("status", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "referral_organisation_source_system_source_reference_key" ON "referral"("organisation", "source_system", "source_reference");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_seq_key" ON "outbox_event"("seq");

-- CreateIndex
CREATE INDEX "outbox_event_published_at_seq_idx" ON "outbox_event"("published_at", "seq");

-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "audit_entry_seq_key" ON "audit_entry"("seq");

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at");

-- CreateIndex
CREATE INDEX "audit_entry_record_ids_idx" ON "audit_entry" USING GIN ("record_ids");
