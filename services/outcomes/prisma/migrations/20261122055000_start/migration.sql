-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "incident_fact" (
    "incident_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "organisation" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "incident_fact_pkey" PRIMARY KEY ("incident_id")
);

-- CreateTable
CREATE TABLE "assessment_fact" (
    "assessment_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "incident_id" UUID,
    "organisation" TEXT NOT NULL,
    "instrument" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "assessment_fact_pkey" PRIMARY KEY ("assessment_id")
);

-- CreateTable
CREATE TABLE "referral_fact" (
    "referral_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "organisation" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "support" TEXT NOT NULL,
    "referred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "referral_fact_pkey" PRIMARY KEY ("referral_id")
);

-- CreateTable
CREATE TABLE "engagement_fact" (
    "referral_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "engaged_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "engagement_fact_pkey" PRIMARY KEY ("referral_id")
);

-- CreateTable
CREATE TABLE "marac_referral_fact" (
    "marac_referral_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "organisation" TEXT NOT NULL,
    "referred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "marac_referral_fact_pkey" PRIMARY KEY ("marac_referral_id")
);

-- CreateTable
CREATE TABLE "marac_repeat_fact" (
    "marac_referral_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "repeat" BOOLEAN NOT NULL,
    "window_months" INTEGER NOT NULL,

    CONSTRAINT "marac_repeat_fact_pkey" PRIMARY KEY ("marac_referral_id")
);

-- CreateTable
CREATE TABLE "attendance_fact" (
    "session_id" UUID NOT NULL,
    "person" BYTEA NOT NULL,
    "version" INTEGER NOT NULL,
    "programme" TEXT NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "attendance_fact_pkey" PRIMARY KEY ("session_id","person")
);

-- CreateTable
CREATE TABLE "activity_fact" (
    "activity" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "activity_fact_pkey" PRIMARY KEY ("activity","subject")
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
CREATE INDEX "incident_fact_organisation_reported_at_idx" ON "incident_fact"("organisation", "reported_at");

-- CreateIndex
CREATE INDEX "assessment_fact_incident_id_idx" ON "assessment_fact"("incident_id");

-- CreateIndex
CREATE INDEX "referral_fact_referred_at_idx" ON "referral_fact"("referred_at");

-- CreateIndex
CREATE INDEX "marac_referral_fact_referred_at_idx" ON "marac_referral_fact"("referred_at");

-- CreateIndex
CREATE INDEX "attendance_fact_programme_held_at_idx" ON "attendance_fact"("programme", "held_at");

-- CreateIndex
CREATE INDEX "activity_fact_activity_occurred_at_idx" ON "activity_fact"("activity", "occurred_at");

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
