import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

const HIGHEST_PORT = 65_535;
const LARGEST_SCALE = 5;

/** A whole number; throws commander's error, which names the option. */
export const parseSeed = (text: string): number => {
  const seed = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InvalidArgumentError('It must be a whole number, 0 or more.');
};

/** A part of the year: more than 0; 1 is the whole year. */
export const parseScale = (text: string): number => {
  const scale = Number(text);
  if (text.trim() !== '' && scale > 0 && scale <= LARGEST_SCALE) return scale;
  throw new InvalidArgumentError(
    `It must be a number above 0 and up to ${LARGEST_SCALE}; 1 is the whole year.`,
  );
};

export const parsePort = (text: string): number => {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port > 0 && port <= HIGHEST_PORT) return port;
  throw new InvalidArgumentError(`It must be a port number from 1 to ${HIGHEST_PORT}.`);
};

export const parseLines = (text: string): number => {
  const lines = Number(text);
  if (text.trim() !== '' && Number.isInteger(lines) && lines >= 0) return lines;
  throw new InvalidArgumentError('It must be a number of lines.');
};

export const parseReplicas = (text: string): number => {
  if (/^[1-5]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1 to 5.');
};

/** A path as the person meant it: npm runs scripts in the root, whatever folder it was called from. */
export const parsePath = (text: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), text);

export type YearOptions = {
  readonly seed: number;
  readonly scale: number;
  readonly figures?: string;
  readonly report?: string;
  readonly json: boolean;
};

export const gatewayPortOption = (): Option =>
  new Option(
    '--gateway-port <port>',
    'where the gateway listens; a free port if it is taken (default: 8080)',
  ).argParser(parsePort);

/** The options of a replay, alike for `simulate` and `demo`. */
export const yearOptions = (): readonly Option[] => [
  new Option('--seed <number>', 'what the synthetic people and events are drawn from')
    .argParser(parseSeed)
    .default(1),
  new Option('--scale <number>', 'size of the year: 1 is all of it, 0.05 a small one')
    .argParser(parseScale)
    .default(1),
  new Option('--figures <file>', 'a JSON object of other values under the ids of the report').argParser(
    parsePath,
  ),
  new Option('--report <file>', 'write the report there as JSON').argParser(parsePath),
  new Option('--json', 'print the report as JSON').default(false),
];
