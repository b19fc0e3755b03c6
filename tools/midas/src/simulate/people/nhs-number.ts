/** NHS numbers beginning with 999 are kept for tests and belong to nobody. */
const TEST_PREFIX = '999';

/** The tenth digit for the first nine (weights 10…2, modulus 11); undefined when the nine cannot be used. */
export function checkDigit(nine: string): number | undefined {
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += Number(nine[i]) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? undefined : check;
}

/**
 * Test NHS numbers without repetition, in an order fixed by `offset`: a walk over all six-digit bodies by a step
 * that shares no factor with a million. About 900 000 numbers.
 */
export function* nhsNumbers(offset: number): Generator<string, never> {
  let body = offset % 1_000_000;
  for (;;) {
    const nine = `${TEST_PREFIX}${String(body).padStart(6, '0')}`;
    const check = checkDigit(nine);
    if (check !== undefined && nine !== '999999999') yield `${nine}${check}`;
    body = (body + 618_033) % 1_000_000;
  }
}
