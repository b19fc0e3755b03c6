const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
// An id of any kind: of a record, a trace, a span, an event; an ETag; a page token; a digest.
const ids = new RegExp(
  `${uuid}|\\b[0-9a-f]{32}\\b|\\b[0-9a-f]{16}\\b|(?<=etag: )"[\\w-]+"|(?<="(?:filter_digest|mark)":")[^"]+|(?<![\\w-])[\\w-]{43,}`,
  'g',
);
const bytes = /\\{1,2}x((?:[0-9a-f]{2})+)/g;
const instant = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})/g;

/**
 * Makes two runs comparable: what was sent is called by its name, ids are numbered by first appearance, present
 * times are `<now>`, sealed bytes are told by their number. One instance a run: numbers go on from text to text.
 */
export function normaliser(sent: Readonly<Record<string, string>>, clock: () => number = Date.now) {
  const numbers = new Map<string, number>();
  const numbered = (id: string): string => {
    const number = numbers.get(id) ?? numbers.size + 1;
    numbers.set(id, number);
    return `<id ${number}>`;
  };
  // Longest first, so that no value is replaced within another.
  const names = Object.entries(sent).sort(([, a], [, b]) => b.length - a.length);
  return (text: string): string => {
    let told = text;
    for (const [name, value] of names) told = told.replaceAll(value, `<${name}>`);
    return told
      .replaceAll(bytes, (_, hex: string) => `<${hex.length / 2} bytes>`)
      .replaceAll(instant, (time) => (Math.abs(clock() - Date.parse(time)) < 3_600_000 ? '<now>' : time))
      .replaceAll(/"seq":\d+/g, '"seq":<seq>')
      .replaceAll(/"written_in":\d+/g, '"written_in":<transaction>')
      .replaceAll(/"(ms|seconds|pid)":[\d.]+/g, '"$1":<n>')
      .replaceAll(ids, numbered);
  };
}
