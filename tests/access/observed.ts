import { type OtlpReceiver, type ReceivedSpan, waitFor } from '@midas/kit/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Platform, ProcessName } from '../setup/platform.ts';
import { rowsOf } from '../setup/rows.ts';

/** The processes that the programme's users and operators can look at. */
const side: readonly ProcessName[] = ['gateway', 'perpetrator-programme'];
const programme = 'perpetrator-programme';

/** Where everything stood at one moment. */
interface Mark {
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly counters: ReadonlyMap<string, number>;
  readonly logs: ReadonlyMap<ProcessName, number>;
  readonly lastMessage: number;
}

/** Everything that came to be on the programme's side since a mark, in order, as text. */
export interface Observed {
  readonly rows: readonly string[];
  readonly events: readonly string[];
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
  readonly spans: readonly string[];
}

/** Marks the present moment. */
export async function mark(platform: Platform): Promise<Mark> {
  const [rows, { counters }, lastMessage] = await Promise.all([
    allRows(platform),
    metricsOf(platform),
    messages(platform, Number.MAX_SAFE_INTEGER).then(({ last }) => last),
  ]);
  const logs = new Map(side.map((name) => [name, platform.processes[name].log().length]));
  return { rows, counters, logs, lastMessage };
}

/** What came to be since the mark. `traces`: of the calls that were made, besides those that the audit names. */
export async function since(
  before: Mark,
  platform: Platform,
  receiver: OtlpReceiver,
  traces: readonly string[],
): Promise<Observed> {
  const [rows, { counters, gauges }, { texts: events }] = await Promise.all([
    allRows(platform),
    metricsOf(platform),
    messages(platform, before.lastMessage + 1),
  ]);
  const made = [...rows].flatMap(([table, lines]) => {
    const old = new Set(before.rows.get(table));
    return lines.filter((line) => !old.has(line)).map((line) => `${table} ${line}`);
  });
  const counted = [...counters].flatMap(([name, value]) => {
    const more = value - (before.counters.get(name) ?? 0);
    return more === 0 && before.counters.has(name) ? [] : [`${name} +${more}`];
  });
  const audited = made
    .filter((line) => line.startsWith('audit_entry '))
    .map((line) => String(JSON.parse(line.slice(line.indexOf(' '))).trace_id));
  return {
    rows: made,
    events,
    metrics: [...counted, ...gauges].sort(),
    logs: side.flatMap((name) => linesOf(platform.processes[name].log().slice(before.logs.get(name)))),
    spans: await treesOf(receiver, traces, audited),
  };
}

// Every few seconds the audit trail is sealed, whatever came meanwhile: by the clock, and not by what was called.
const sealing = { table: 'audit_seal', line: '"msg":"audit sealed"' };

const order = ['seq', 'recorded_at', 'created_at'];

/** Every row of the programme's database, by table, in the order in which it came. */
async function allRows(platform: Platform): Promise<ReadonlyMap<string, readonly string[]>> {
  const columns = await rowsOf(
    platform,
    programme,
    `SELECT table_name AS table, array_agg(column_name::text) AS columns FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> '${sealing.table}' GROUP BY table_name ORDER BY table_name`,
  );
  const tables = columns.map(({ table, columns: names }) => {
    const by = order.find((name) => Array.isArray(names) && names.includes(name)) ?? 'ctid';
    return rowsOf(
      platform,
      programme,
      `SELECT row_to_json(t)::text AS row FROM "${table}" t ORDER BY t.${by}`,
    ).then((rows) => [String(table), rows.map(({ row }) => String(row))] as const);
  });
  return new Map(await Promise.all(tables));
}

/** What the programme put on the stream from a place on: subject, headers, payload. */
async function messages(platform: Platform, from: number) {
  const nats = await platform.nats.connect();
  try {
    const { streams } = await jetstreamManager(nats);
    const { state } = await streams.info('MIDAS');
    const texts: string[] = [];
    for (let seq = from; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage('MIDAS', { seq });
      if (message === null || !message.subject.startsWith(`midas.${programme}.`)) continue;
      const headers = [...message.header].map(([name, values]) => `${name}: ${values.join()}`).sort();
      // Ids and codes of the payload stand between its field tags; what is no printable sign is kept as its number.
      const payload = Buffer.from(message.data)
        .toString('latin1')
        .replaceAll(/[^ -~]/g, (sign) => `<${sign.charCodeAt(0)}>`);
      texts.push([message.subject, ...headers, payload].join('\n'));
    }
    return { texts, last: state.last_seq };
  } finally {
    await nats.close();
  }
}

// What the process measures of itself, and what the clock alone moves.
const ofTheProcess = /^midas_(process|event_loop|audit_seal)/;

/** Counters with their values; the other metrics by name and labels, with the values of those that time does not move. */
async function metricsOf(platform: Platform) {
  const counters = new Map<string, number>();
  const gauges: string[] = [];
  for (const name of side) {
    const page = await (await fetch(`${platform.processes[name].adminUrl}/metrics`)).text();
    for (const line of page.split('\n')) {
      const [, sample = '', value = ''] = /^(midas_\S+?(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      const metric = sample.replace(/\{.*/, '');
      if (sample === '') continue;
      if (/_(count|total)$/.test(metric)) counters.set(`${name} ${sample}`, Number(value));
      else if (/_(bucket|sum)$/.test(metric) || ofTheProcess.test(metric)) gauges.push(`${name} ${sample}`);
      else gauges.push(`${name} ${sample} ${value}`);
    }
  }
  return { counters, gauges };
}

const linesOf = (log: string): readonly string[] =>
  log.split('\n').filter((line) => line !== '' && !line.includes(sealing.line));

/** The spans of the calls, one tree a trace, once all of them have arrived. */
async function treesOf(
  { spans }: OtlpReceiver,
  called: readonly string[],
  audited: readonly string[],
): Promise<readonly string[]> {
  const traces = [...new Set([...called, ...audited])];
  const ofSide = (trace: string) =>
    spans.filter(({ traceId, service }) => traceId === trace && side.some((name) => name === service));
  const arrived = (trace: string): boolean => {
    const found = ofSide(trace);
    const answered = found.filter(({ service, kind }) => service === programme && kind === 'server').length;
    const asked = called.includes(trace)
      ? found.some(({ service, kind }) => service === 'gateway' && kind === 'server')
      : true;
    return asked && answered === audited.filter((each) => each === trace).length;
  };
  await waitFor(() => traces.every(arrived), {
    what: 'the spans of every call',
    timeoutMs: 30_000,
  }).catch((cause: unknown) => {
    const missing = traces
      .filter((trace) => !arrived(trace))
      .map((trace) => ofSide(trace).map(({ name }) => name));
    throw new Error(`spans are missing: ${JSON.stringify(missing)}`, { cause });
  });
  return traces.map((trace) => {
    const found = ofSide(trace);
    const ids = new Set(found.map(({ spanId }) => spanId));
    const roots = found.filter(({ parentSpanId }) => !ids.has(parentSpanId));
    return roots
      .map((root) => tree(root, found))
      .sort()
      .join('\n');
  });
}

function tree(span: ReceivedSpan, all: readonly ReceivedSpan[]): string {
  const { service, kind, name, attributes, links, spanId } = span;
  const below = all.filter(({ parentSpanId }) => parentSpanId === spanId).map((child) => tree(child, all));
  const own = `${service} ${kind} ${name} ${JSON.stringify(attributes)} links ${links.length}`;
  return [own, ...below.sort().map((text) => text.replaceAll(/^/gm, '  '))].join('\n');
}
