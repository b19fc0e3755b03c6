-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "incident_kind" AS ENUM ('CRIME', 'NON_CRIME');

-- CreateEnum
CREATE TYPE "risk_level" AS ENUM ('STANDARD', 'MEDIUM', 'HIGH');

-- CreateEnum
CREATE TYPE "level_reason" AS ENUM ('score', 'judgement');

-- CreateEnum
CREATE TYPE "marac_status" AS ENUM ('REFERRED', 'HEARD');

-- CreateTable
CREATE TABLE "incident" (
    "id" UUID NOT NULL,
    "organisation" TEXT NOT NULL,
    "kind" "incident_kind" NOT NULL,
    "victim_person_id" UUID NOT NULL,
    "perpetrator_person_ids" UUID[],
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "assessment_problem" TEXT,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assessment" (
    "id" UUID NOT NULL,
    "incident_id" UUID,
    "person_id" UUID,
    "organisation" TEXT NOT NULL,
    "recorded_by" TEXT,
    "instrument" TEXT NOT NULL,
    "instrument_version" TEXT NOT NULL,
    "level" "risk_level" NOT NULL,
    "level_reasons" "level_reason"[],
    "sent" BYTEA NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "marac_referral" (
    "id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "organisation" TEXT NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "source_system" TEXT,
    "source_reference" TEXT,
    "status" "marac_status" NOT NULL,
    "referred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "heard_at" TIMESTAMPTZ(3),
    "sent" BYTEA NOT NULL,
    "minutes" BYTEA,
    "victim_person_id" UUID,
    "perpetrator_person_ids" UUID[],
    "repeat" BOOLEAN,
    "repeat_window_months" INTEGER,
    "repeat_wording" TEXT,

    CONSTRAINT "marac_referral_pkey" PRIMARY KEY ("id")
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
CREATE INDEX "incident_victim_person_id_occurred_at_idx" ON "incident"("victim_person_id", "occurred_at");

-- CreateIndex
CREATE UNIQUE INDEX "assessment_incident_id_key" ON "assessment"("incident_id");

-- CreateIndex
CREATE INDEX "assessment_recorded_at_id_idx" ON "assessment"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "assessment_organisation_recorded_at_id_idx" ON "assessment"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "assessment_person_id_idx" ON "assessment"("person_id");

-- CreateIndex
CREATE INDEX "marac_referral_victim_person_id_idx" ON "marac_referral"("victim_person_id");

-- CreateIndex
CREATE INDEX "marac_referral_recorded_at_id_idx" ON "marac_referral"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "marac_referral_organisation_recorded_at_id_idx" ON "marac_referral"("organisation", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "marac_referral_organisation_source_system_source_reference_key" ON "marac_referral"("organisation", "source_system", "source_reference");

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
