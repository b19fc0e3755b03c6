// What a code of the contract looks like; such words may stand anywhere.
const code = /^[A-Z]+(_[A-Z0-9]+)+$/;

/** Every text that a request body says of people: names, dates, numbers, addresses, words. */
export function personalTexts(...bodies: readonly unknown[]): readonly string[] {
  const texts = bodies.flatMap(textsOf).filter((text) => text.length >= 4 && !code.test(text));
  return [...new Set(texts)];
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** Those of the texts that stand in `where`. */
export function saidIn(where: string, texts: readonly string[]): readonly string[] {
  return texts.filter((text) => where.includes(text));
}

/** What tells of the inside: stacks, paths, SQL, names of tables and libraries. Undefined when nothing does. */
export function internalsIn(text: string): string | undefined {
  const tell =
    /node_modules|\.ts:\d|\bat \w+ \(|file:\/\/|\/src\/|\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE)\b|prisma|postgres|outbox|inbox|idempotency_record|grpc|ECONN|protobuf|P\d{4}\b|127\.0\.0\.1/i;
  return tell.exec(text)?.[0];
}
