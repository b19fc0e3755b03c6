-- AlterTable
ALTER TABLE "incident" ADD COLUMN     "person_ids" UUID[] DEFAULT ARRAY[]::UUID[];

-- AlterTable
ALTER TABLE "referral" ADD COLUMN     "person_ids" UUID[] DEFAULT ARRAY[]::UUID[];
