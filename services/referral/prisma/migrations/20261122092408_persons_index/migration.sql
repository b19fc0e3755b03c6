-- CreateIndex
CREATE INDEX "incident_person_ids_idx" ON "incident" USING GIN ("person_ids");

-- CreateIndex
CREATE INDEX "referral_person_ids_idx" ON "referral" USING GIN ("person_ids");
