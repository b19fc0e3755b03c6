/** What pure rules may import: errors, enum names and calendar arithmetic. No I/O behind any of it. */
export { type EnumName, enumName, enumNameOrNull } from './contract/enums.ts';
export { addDays, addMonths, isoDate, localDate, localMidnight } from './dates.ts';
export { DomainError, type ErrorKind, fail, notFound, type Violation } from './errors/domain-error.ts';
