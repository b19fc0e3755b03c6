/** What pure rules may import: errors, enum names, calendar arithmetic, CSV, how names compare. No I/O behind any of it. */
export { type EnumName, enumName, enumNameOrNull } from './contract/enums.ts';
export { type CsvValue, csvCell, csvLine } from './csv.ts';
export { addDays, addMonths, endOfWeekday, isoDate, localDate, localMidnight, yearsLater } from './dates.ts';
export { DomainError, type ErrorKind, fail, notFound, type Violation } from './errors/domain-error.ts';
export { foldName } from './names.ts';
