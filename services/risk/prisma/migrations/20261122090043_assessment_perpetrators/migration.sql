-- AlterTable
ALTER TABLE "assessment" ADD COLUMN     "perpetrator_person_ids" UUID[] DEFAULT ARRAY[]::UUID[];

UPDATE "assessment" SET "perpetrator_person_ids" = "incident"."perpetrator_person_ids"
  FROM "incident" WHERE "incident"."id" = "assessment"."incident_id";
