/** One step of a path of `google.api.http`, between slashes. */
type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly field: string };

/** A parsed path of `google.api.http`, e.g. `/v1/referrals/{referral_id}:accept`. */
export interface PathTemplate {
  readonly template: string;
  readonly segments: readonly Segment[];
  /** The custom verb after the colon, e.g. `accept`. */
  readonly verb: string | undefined;
  /** Field names of the variables, in order. */
  readonly variables: readonly string[];
}

/**
 * Parses the part of the path grammar that MIDAS uses: literals, `{field}` and a last `:verb`. Throws on anything
 * else (wildcards, sub-templates), so that a contract the gateway cannot serve stops it from starting.
 */
export function parsePath(template: string): PathTemplate {
  const found = /^((?:\/[^/:]+)+)(?::([a-z][A-Za-z-]*))?$/.exec(template);
  if (found?.[1] === undefined) throw new Error(`path ${template}: not a path with an optional :verb`);
  const segments = found[1]
    .slice(1)
    .split('/')
    .map((text) => parseSegment(template, text));
  const variables = segments.flatMap((segment) => (segment.kind === 'variable' ? [segment.field] : []));
  if (new Set(variables).size !== variables.length)
    throw new Error(`path ${template}: a variable is used twice`);
  return { template, segments, verb: found[2], variables };
}

function parseSegment(template: string, text: string): Segment {
  const variable = /^\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}$/.exec(text);
  if (variable?.[1] !== undefined) return { kind: 'variable', field: variable[1] };
  if (!/^[A-Za-z0-9._~-]+$/.test(text)) throw new Error(`path ${template}: cannot read "${text}"`);
  return { kind: 'literal', text };
}

/**
 * The route of Fastify's router for the path. Variables are named by position (their dots would end a name there),
 * stop at a colon so that `/x/{id}` does not swallow `/x/1:accept`, and the verb's own colon is doubled: escaped.
 */
export function routeUrl(path: PathTemplate): string {
  let position = 0;
  const steps = path.segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    position += 1;
    return `:p${position}([^/:]+)`;
  });
  return `/${steps.join('/')}${path.verb === undefined ? '' : `::${path.verb}`}`;
}

/** Whether a decoded URL path is one of this template: for 405 answers. */
export function pathPattern(path: PathTemplate): RegExp {
  const steps = path.segments.map((segment) =>
    segment.kind === 'variable' ? '[^/:]+' : segment.text.replace(/[.~-]/g, '\\$&'),
  );
  return new RegExp(`^/${steps.join('/')}${path.verb === undefined ? '' : `:${path.verb}`}$`);
}
