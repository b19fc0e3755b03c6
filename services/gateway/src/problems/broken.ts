import type { Socket } from 'node:net';
import { problemOf, problemType } from './problem.ts';

/**
 * Answers bytes that are no HTTP request, or one that did not arrive in time: Node parses them before there is a
 * request to answer, so the answer is written by hand.
 */
export function answerBrokenHttp(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
  const { document } = problemOf({ statusCode: 400 }, '0'.repeat(32));
  const [status, reason] = late
    ? [408, 'Request Timeout']
    : tooLong
      ? [431, 'Header Fields Too Large']
      : [400, 'Bad Request'];
  const body = JSON.stringify({ ...document, status });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
