const instant =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Whether the text is an RFC 3339 instant on a day that exists; 30 February is not rolled into March. */
export function isInstant(text: string): boolean {
  const found = instant.exec(text);
  if (found === null) return false;
  const [, year, month, day] = found;
  if (year === '0000') return false;
  return Number(day) <= new Date(Date.UTC(2000, Number(month), 0)).getUTCDate() && existsInYear(found);
}

function existsInYear([, year, month, day]: RegExpExecArray): boolean {
  if (month !== '02' || day !== '29') return true;
  const number = Number(year);
  return number % 4 === 0 && (number % 100 !== 0 || number % 400 === 0);
}

/** Whether the text is a duration of the JSON mapping of protobuf, e.g. "1.5s". */
export function isDuration(text: string): boolean {
  return /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(text);
}
