import type { Tx } from '@midas/kit';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { Fact } from './fact.ts';

type Db = Tx<PrismaClient>;

/** Keeps a fact unless one with the same key and the same or a higher version is there. */
export async function keep(db: Db, fact: Fact): Promise<void> {
  const { insert, replaceOlder } = statements(db, fact);
  const { count } = await insert();
  if (count === 0) await replaceOlder();
}

interface Statements {
  readonly insert: () => PromiseLike<{ readonly count: number }>;
  readonly replaceOlder: () => PromiseLike<unknown>;
}

function statements(db: Db, fact: Fact): Statements {
  const skipDuplicates = true;
  const version = { lt: fact.row.version };
  switch (fact.of) {
    case 'incident': {
      const { row: data } = fact;
      return {
        insert: () => db.incidentFact.createMany({ data, skipDuplicates }),
        replaceOlder: () =>
          db.incidentFact.updateMany({ where: { incidentId: data.incidentId, version }, data }),
      };
    }
    case 'assessment': {
      const { row: data } = fact;
      return {
        insert: () => db.assessmentFact.createMany({ data, skipDuplicates }),
        replaceOlder: () =>
          db.assessmentFact.updateMany({ where: { assessmentId: data.assessmentId, version }, data }),
      };
    }
    case 'referral': {
      const { row: data } = fact;
      return {
        insert: () => db.referralFact.createMany({ data, skipDuplicates }),
        replaceOlder: () =>
          db.referralFact.updateMany({ where: { referralId: data.referralId, version }, data }),
      };
    }
    case 'engagement': {
      const { row: data } = fact;
      return {
        insert: () => db.engagementFact.createMany({ data, skipDuplicates }),
        replaceOlder: () =>
          db.engagementFact.updateMany({ where: { referralId: data.referralId, version }, data }),
      };
    }
    case 'maracReferral': {
      const { row: data } = fact;
      const where = { maracReferralId: data.maracReferralId, version };
      return {
        insert: () => db.maracReferralFact.createMany({ data, skipDuplicates }),
        replaceOlder: () => db.maracReferralFact.updateMany({ where, data }),
      };
    }
    case 'maracRepeat': {
      const { row: data } = fact;
      const where = { maracReferralId: data.maracReferralId, version };
      return {
        insert: () => db.maracRepeatFact.createMany({ data, skipDuplicates }),
        replaceOlder: () => db.maracRepeatFact.updateMany({ where, data }),
      };
    }
    case 'attendance': {
      const { row: data } = fact;
      const where = { sessionId: data.sessionId, person: data.person, version };
      return {
        insert: () => db.attendanceFact.createMany({ data, skipDuplicates }),
        replaceOlder: () => db.attendanceFact.updateMany({ where, data }),
      };
    }
    case 'activity': {
      const { row: data } = fact;
      const where = { activity: data.activity, subject: data.subject, version };
      return {
        insert: () => db.activityFact.createMany({ data, skipDuplicates }),
        replaceOlder: () => db.activityFact.updateMany({ where, data }),
      };
    }
  }
}
