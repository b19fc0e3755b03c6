import { isUtf8 } from 'node:buffer';
import { fail } from '@midas/kit';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** How much a body may hold. */
export interface JsonBounds {
  /** Levels of nesting. */
  readonly depth: number;
  /** Keys and items, all levels together. */
  readonly values: number;
}

/**
 * Parses a JSON body. Refuses (kind `invalid`) what `JSON.parse` would silently mend or choke on: bytes that are
 * not UTF-8, nesting deeper or values more than the bounds, and an object that names a key twice, which two readers of
 * the same body could understand differently.
 */
export function parseJson(body: Buffer, bounds: JsonBounds): unknown {
  if (!isUtf8(body)) fail('invalid', 'malformed-json', 'The body is not JSON in UTF-8.');
  const text = body.toString('utf8');
  checkBoundsAndKeys(text, bounds);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the body.
    return fail('invalid', 'malformed-json', 'The body is not well-formed JSON.');
  }
}

/** One pass over the text. Tolerates malformed text, which `JSON.parse` refuses afterwards. */
function checkBoundsAndKeys(text: string, { depth, values }: JsonBounds): void {
  // For each open object the keys seen; null for an array.
  const open: (Set<string> | null)[] = [];
  let keyNext = false;
  // A comma stands before each value but the first of its object or list.
  let seen = 0;
  const count = () => {
    seen += 1;
    if (seen > values) fail('invalid', 'json-too-many', `The body holds more than ${values} values.`);
  };
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case openBrace:
      case openBracket:
        count();
        keyNext = text.charCodeAt(at) === openBrace;
        if (open.push(keyNext ? new Set() : null) > depth) {
          fail('invalid', 'json-too-deep', `The body is nested deeper than ${depth} levels.`);
        }
        break;
      case closeBrace:
      case closeBracket:
        open.pop();
        keyNext = false;
        break;
      case comma:
        count();
        keyNext = open.at(-1) instanceof Set;
        break;
      case quote: {
        const end = endOfString(text, at);
        if (keyNext) noteKey(open.at(-1), text.slice(at, end + 1));
        keyNext = false;
        at = end;
        break;
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
  return slashes % 2 === 1;
}

function noteKey(keys: Set<string> | null | undefined, quoted: string): void {
  if (!keys) return;
  const key = quoted.includes('\\') ? unescaped(quoted) : quoted.slice(1, -1);
  if (keys.has(key)) fail('invalid', 'malformed-json', 'The body names a key twice in one object.');
  keys.add(key);
}

function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
