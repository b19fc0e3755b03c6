-- CreateEnum
CREATE TYPE "participant_key_kind" AS ENUM ('NHS_NUMBER', 'FAMILY_NAME_AND_BIRTH_DATE');

-- CreateTable
CREATE TABLE "participant_key" (
    "kind" "participant_key_kind" NOT NULL,
    "digest" BYTEA NOT NULL,
    "participant_id" UUID NOT NULL,

    CONSTRAINT "participant_key_pkey" PRIMARY KEY ("kind","digest","participant_id")
);

-- CreateIndex
CREATE INDEX "participant_key_participant_id_idx" ON "participant_key"("participant_id");

-- AddForeignKey
ALTER TABLE "participant_key" ADD CONSTRAINT "participant_key_participant_id_fkey" FOREIGN KEY ("participant_id") REFERENCES "programme_participant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
