-- CreateEnum
CREATE TYPE "health_referral_status" AS ENUM ('MADE', 'ATTENDED');

-- CreateTable
CREATE TABLE "health_plan" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "team_id" TEXT,
    "navigator" TEXT NOT NULL,
    "nhs_number" BYTEA,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "health_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "health_need" (
    "id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "sent" BYTEA NOT NULL,

    CONSTRAINT "health_need_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "health_referral" (
    "id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "need_id" UUID NOT NULL,
    "status" "health_referral_status" NOT NULL,
    "referred_at" TIMESTAMPTZ(3) NOT NULL,
    "attended_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "sent" BYTEA NOT NULL,
    "version" INTEGER NOT NULL,

    CONSTRAINT "health_referral_pkey" PRIMARY KEY ("id")
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
CREATE UNIQUE INDEX "health_plan_case_id_key" ON "health_plan"("case_id");

-- CreateIndex
CREATE INDEX "health_plan_navigator_recorded_at_id_idx" ON "health_plan"("navigator", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "health_plan_person_id_idx" ON "health_plan"("person_id");

-- CreateIndex
CREATE INDEX "health_need_plan_id_idx" ON "health_need"("plan_id");

-- CreateIndex
CREATE INDEX "health_referral_plan_id_idx" ON "health_referral"("plan_id");

-- CreateIndex
CREATE INDEX "health_referral_need_id_idx" ON "health_referral"("need_id");

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

-- AddForeignKey
ALTER TABLE "health_need" ADD CONSTRAINT "health_need_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "health_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "health_referral" ADD CONSTRAINT "health_referral_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "health_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "health_referral" ADD CONSTRAINT "health_referral_need_id_fkey" FOREIGN KEY ("need_id") REFERENCES "health_need"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
