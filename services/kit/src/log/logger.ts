import { type DestinationStream, pino } from 'pino';
import { markedNames } from '../contract/privacy.ts';
import { DomainError } from '../errors/domain-error.ts';

/** Fields of a log line: ids, codes, counts; `error` is redacted. */
export type LogFields = Readonly<Record<string, unknown>>;

/** JSON lines on stdout. Messages of the contract are never logged; what a field's name marks is redacted. */
export interface Logger {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
}

export interface LoggerOptions {
  readonly name: string;
  readonly level: string;
  /** Trace of the present span, if any. */
  readonly traceId?: () => string;
  readonly destination?: DestinationStream;
}

const secretNames = ['authorization', 'password', 'secret', 'token', 'cookie', 'database_url', 'databaseUrl'];
const hidden = '[redacted]';
const deepest = 4;

/** The process's log. */
export function logger({ name, level, traceId, destination }: LoggerOptions): Logger {
  const marked = new Set([...markedNames(), ...secretNames]);
  const options = {
    level,
    base: { service: name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactFields(fields, marked, 0),
    },
    mixin: () => {
      const trace = traceId?.();
      return trace ? { trace_id: trace } : {};
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function redactFields(fields: object, marked: ReadonlySet<string>, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    shown[key] = marked.has(key) ? hidden : redact(value, marked, depth + 1);
  }
  return shown;
}

function redact(value: unknown, marked: ReadonlySet<string>, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value);
  if (depth > deepest || value instanceof Uint8Array) return hidden;
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, marked, depth + 1));
  return redactFields(value, marked, depth);
}

/**
 * What of an error may be logged. The text of a foreign error may quote data (a database's, a parser's), so only our
 * own texts, those of the operating system and those of programming mistakes are kept; of the rest, where it came from.
 */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const isTold =
    error instanceof DomainError ||
    typeof syscall === 'string' ||
    ['TypeError', 'ReferenceError', 'RangeError', 'AssertionError'].includes(error.name);
  return {
    type: error.name,
    ...(error instanceof DomainError ? { slug: error.slug } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(isTold ? { message: error.message } : {}),
    at: frames(error),
    ...(error.cause !== undefined && depth < deepest ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

function frames(error: Error): readonly string[] {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines.slice(0, 12).map((line) => line.trim());
}
