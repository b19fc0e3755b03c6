import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** What tests want to know of a span. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes: Readonly<Record<string, string>>;
  /** Trace ids that the span links to. */
  readonly links: readonly string[];
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

type Field = readonly [number, Uint8Array | bigint | number];

// Field numbers from opentelemetry/proto/trace/v1/trace.proto; only what tests look at is read.
function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.push([number, reader.bytes()]);
    else if (type === WireType.Varint) fields.push([number, BigInt(reader.uint64())]);
    else if (type === WireType.Bit64) fields.push([number, reader.double()]);
    else reader.skip(type, number);
  }
  return fields;
}

const parts = (fields: readonly Field[], wanted: number): readonly Uint8Array[] =>
  fields.flatMap(([number, value]) => (number === wanted && value instanceof Uint8Array ? [value] : []));
const text = (fields: readonly Field[], wanted: number): string =>
  Buffer.from(parts(fields, wanted).at(-1) ?? []).toString('utf8');
const hex = (fields: readonly Field[], wanted: number): string =>
  Buffer.from(parts(fields, wanted).at(-1) ?? []).toString('hex');

function attributes(all: readonly Uint8Array[]): Record<string, string> {
  const entries = all.map((bytes) => {
    const fields = fieldsOf(bytes);
    const value = fieldsOf(parts(fields, 2)[0] ?? new Uint8Array());
    const [number, raw] = value[0] ?? [0, ''];
    return [text(fields, 1), number === 1 ? text(value, 1) : String(raw)];
  });
  return Object.fromEntries(entries);
}

/** The spans of one ExportTraceServiceRequest. */
export function decodeExport(body: Uint8Array): ReceivedSpan[] {
  return parts(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const fields = fieldsOf(resourceSpans);
    const resource = fieldsOf(parts(fields, 1)[0] ?? new Uint8Array());
    const service = attributes(parts(resource, 1))['service.name'] ?? '';
    const scopes = parts(fields, 2).map(fieldsOf);
    return scopes.flatMap((scope) => parts(scope, 2).map((span) => spanOf(service, fieldsOf(span))));
  });
}

function spanOf(service: string, fields: readonly Field[]): ReceivedSpan {
  const kind = Number(fields.find(([number]) => number === 6)?.[1] ?? 0);
  return {
    service,
    traceId: hex(fields, 1),
    spanId: hex(fields, 2),
    parentSpanId: hex(fields, 4),
    name: text(fields, 5),
    kind: kinds[kind] ?? 'unspecified',
    attributes: attributes(parts(fields, 9)),
    links: parts(fields, 13).map((link) => hex(fieldsOf(link), 1)),
  };
}
