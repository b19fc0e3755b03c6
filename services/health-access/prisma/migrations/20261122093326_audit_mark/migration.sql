-- AlterTable
ALTER TABLE "audit_entry" ADD COLUMN     "mark" TEXT;
