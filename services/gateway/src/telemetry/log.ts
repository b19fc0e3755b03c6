import { type Logger, rateLimited } from '@midas/kit';
import type { Answered } from './requests.ts';

const refusalsPerSecond = 10;

/**
 * Logs answers by route: faults of ours at once, refused sign-ins and floods at most a few a second, the rest only at
 * level debug, since metrics, traces and the services' audit hold them. No URL, body, token or caller.
 */
export function answerLog(log: Logger): (answer: Answered) => void {
  const refused = rateLimited<Answered>(refusalsPerSecond, (answer, suppressed) =>
    log.warn({ ...fields(answer), suppressed }, 'refused'),
  );
  return (answer) => {
    if (answer.status >= 500) log.error(fields(answer), 'failed');
    else if (answer.status === 401 || answer.status === 429) refused(answer);
    else log.debug(fields(answer), 'answered');
  };
}

function fields({ method, route, status, seconds, traceId, requestId }: Answered) {
  return { method, route, status, ms: Math.round(seconds * 1000), trace_id: traceId, request_id: requestId };
}
