-- AlterTable
ALTER TABLE "referral" ADD COLUMN     "accepted_by_organisation" TEXT;
