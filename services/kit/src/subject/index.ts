export { type Standing, type SubjectField, subjectFields } from './fields.ts';
export { subjectRecordsRules } from './rules.ts';
export { recordAccess, serveSubjectRecords } from './service.ts';
export {
  laterOf,
  type Retention,
  retentionByPerson,
  type SubjectRecordEntry,
  type SubjectRecords,
} from './subject-records.ts';
