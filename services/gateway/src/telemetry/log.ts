import { type Logger, rateLimited } from '@midas/kit';
import type { Answered } from './requests.ts';

const linesPerSecond = 10;

/**
 * Logs answers by route: faults of ours, and what was refused here, each at most a few a second with a count of what
 * was left out. The rest only at level debug, since metrics, traces and the services' audit hold it. No URL, body or
 * token; of a caller the ids, where no service has them.
 */
export function answerLog(log: Logger): (answer: Answered) => void {
  const failed = rateLimited<Answered>(linesPerSecond, (answer, suppressed) =>
    log.error({ ...fields(answer), suppressed }, 'failed'),
  );
  const refused = rateLimited<Answered>(linesPerSecond, (answer, suppressed) =>
    log.warn({ ...fields(answer), suppressed }, 'refused'),
  );
  return (answer) => {
    if (answer.status >= 500) failed(answer);
    else if (answer.refused !== undefined || answer.status === 401 || answer.status === 429) refused(answer);
    else log.debug(fields(answer), 'answered');
  };
}

function fields({ method, route, status, seconds, traceId, requestId, refused }: Answered) {
  const ms = Math.round(seconds * 1000);
  return { method, route, status, ms, trace_id: traceId, request_id: requestId, ...refused };
}
