/** How many violations one answer names at most; what follows is more of the same. */
export const maxViolations = 20;

/** Joins a path and a field name, e.g. ("victim", "phone") → "victim.phone". */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A name that the caller made up, shortened and stripped so that it can stand in an answer. */
export function printable(name: string): string {
  return name.replace(/[^A-Za-z0-9_.[\]-]/g, '?').slice(0, 64);
}
