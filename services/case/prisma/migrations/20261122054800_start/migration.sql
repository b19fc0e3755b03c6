-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "closure_reason" AS ENUM ('RISK_REDUCED', 'NEEDS_MET', 'TRANSFERRED', 'DISENGAGED', 'DECLINED', 'UNCONTACTABLE', 'UNSAFE_TO_CONTACT', 'MOVED', 'DIED');

-- CreateEnum
CREATE TYPE "contact_channel" AS ENUM ('PHONE', 'TEXT', 'FACE_TO_FACE', 'EMAIL', 'POST');

-- CreateEnum
CREATE TYPE "group_programme" AS ENUM ('FREEDOM', 'RECOVERY_TOOLKIT');

-- CreateEnum
CREATE TYPE "signal_kind" AS ENUM ('ENROLLED', 'SESSION_ATTENDED', 'SESSION_MISSED', 'RISK_SIGNAL');

-- CreateEnum
CREATE TYPE "risk_signal_kind" AS ENUM ('THREAT', 'RISK_CHANGE', 'DISENGAGEMENT');

-- CreateTable
CREATE TABLE "person" (
    "id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "person_key" (
    "kind" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "person_id" UUID NOT NULL,

    CONSTRAINT "person_key_pkey" PRIMARY KEY ("kind","digest")
);

-- CreateTable
CREATE TABLE "person_particulars" (
    "id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "source_kind" TEXT NOT NULL,
    "source_id" UUID NOT NULL,
    "part" TEXT NOT NULL,
    "particulars" BYTEA NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "person_particulars_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "support_case" (
    "id" UUID NOT NULL,
    "referral_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "particulars_id" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "worker" TEXT,
    "team" TEXT,
    "allocated_at" TIMESTAMPTZ(3),
    "engaged_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "closure_reason" "closure_reason",
    "closure_note" BYTEA,
    "version" INTEGER NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "support_case_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "case_alleged_perpetrator" (
    "case_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "person_id" UUID NOT NULL,
    "particulars_id" UUID NOT NULL,

    CONSTRAINT "case_alleged_perpetrator_pkey" PRIMARY KEY ("case_id","position")
);

-- CreateTable
CREATE TABLE "contact" (
    "id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "channel" "contact_channel" NOT NULL,
    "safe" BOOLEAN NOT NULL,
    "two_way" BOOLEAN NOT NULL,
    "support_accepted" BOOLEAN NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "logged_by" TEXT NOT NULL,
    "note" BYTEA,

    CONSTRAINT "contact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "support_group" (
    "id" UUID NOT NULL,
    "programme" "group_programme" NOT NULL,
    "name" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "facilitator" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "support_group_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_member" (
    "id" UUID NOT NULL,
    "group_id" UUID NOT NULL,
    "case_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "particulars_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "group_member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_session" (
    "id" UUID NOT NULL,
    "group_id" UUID NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL,
    "attended_count" INTEGER NOT NULL,
    "absent_count" INTEGER NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "group_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_attendance" (
    "session_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "attended" BOOLEAN NOT NULL,

    CONSTRAINT "group_attendance_pkey" PRIMARY KEY ("session_id","member_id")
);

-- CreateTable
CREATE TABLE "programme_signal" (
    "id" UUID NOT NULL,
    "kind" "signal_kind" NOT NULL,
    "participant_id" UUID NOT NULL,
    "risk_signal_kind" "risk_signal_kind",
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "participant" BYTEA NOT NULL,
    "partner" BYTEA NOT NULL,
    "risk_signal_detail" BYTEA,
    "matched_at" TIMESTAMPTZ(3),
    "participant_person_id" UUID,
    "partner_person_id" UUID,

    CONSTRAINT "programme_signal_pkey" PRIMARY KEY ("id")
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
CREATE INDEX "person_key_person_id_idx" ON "person_key"("person_id");

-- CreateIndex
CREATE INDEX "person_particulars_person_id_idx" ON "person_particulars"("person_id");

-- CreateIndex
CREATE UNIQUE INDEX "person_particulars_source_kind_source_id_part_key" ON "person_particulars"("source_kind", "source_id", "part");

-- CreateIndex
CREATE UNIQUE INDEX "support_case_referral_id_key" ON "support_case"("referral_id");

-- CreateIndex
CREATE INDEX "support_case_person_id_idx" ON "support_case"("person_id");

-- CreateIndex
CREATE INDEX "support_case_recorded_at_id_idx" ON "support_case"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_case_worker_recorded_at_id_idx" ON "support_case"("worker", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_case_team_recorded_at_id_idx" ON "support_case"("team", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "case_alleged_perpetrator_person_id_idx" ON "case_alleged_perpetrator"("person_id");

-- CreateIndex
CREATE INDEX "contact_case_id_recorded_at_id_idx" ON "contact"("case_id", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_group_recorded_at_id_idx" ON "support_group"("recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "support_group_facilitator_recorded_at_id_idx" ON "support_group"("facilitator", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "group_member_group_id_recorded_at_id_idx" ON "group_member"("group_id", "recorded_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "group_member_case_id_idx" ON "group_member"("case_id");

-- CreateIndex
CREATE UNIQUE INDEX "group_member_group_id_person_id_key" ON "group_member"("group_id", "person_id");

-- CreateIndex
CREATE UNIQUE INDEX "group_session_group_id_held_at_key" ON "group_session"("group_id", "held_at");

-- CreateIndex
CREATE INDEX "group_attendance_person_id_idx" ON "group_attendance"("person_id");

-- CreateIndex
CREATE INDEX "programme_signal_matched_at_recorded_at_idx" ON "programme_signal"("matched_at", "recorded_at");

-- CreateIndex
CREATE INDEX "programme_signal_partner_person_id_idx" ON "programme_signal"("partner_person_id");

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
ALTER TABLE "person_key" ADD CONSTRAINT "person_key_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "person_particulars" ADD CONSTRAINT "person_particulars_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "support_case" ADD CONSTRAINT "support_case_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "support_case" ADD CONSTRAINT "support_case_particulars_id_fkey" FOREIGN KEY ("particulars_id") REFERENCES "person_particulars"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "case_alleged_perpetrator" ADD CONSTRAINT "case_alleged_perpetrator_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "support_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "case_alleged_perpetrator" ADD CONSTRAINT "case_alleged_perpetrator_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "case_alleged_perpetrator" ADD CONSTRAINT "case_alleged_perpetrator_particulars_id_fkey" FOREIGN KEY ("particulars_id") REFERENCES "person_particulars"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contact" ADD CONSTRAINT "contact_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "support_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_member" ADD CONSTRAINT "group_member_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "support_group"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_member" ADD CONSTRAINT "group_member_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "support_case"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_member" ADD CONSTRAINT "group_member_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_member" ADD CONSTRAINT "group_member_particulars_id_fkey" FOREIGN KEY ("particulars_id") REFERENCES "person_particulars"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_session" ADD CONSTRAINT "group_session_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "support_group"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_attendance" ADD CONSTRAINT "group_attendance_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "group_session"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_attendance" ADD CONSTRAINT "group_attendance_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "group_member"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
