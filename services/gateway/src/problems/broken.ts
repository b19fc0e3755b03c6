import type { Socket } from 'node:net';
import { securityHeaders } from '../limits/security.ts';
import { problemType, refusedByHttp } from './problem.ts';

const noTrace = '0'.repeat(32);

/**
 * Answers bytes that are no HTTP request, or one that did not arrive in time: Node parses them before there is a
 * request to answer, so the answer is written by hand.
 */
export function answerBrokenHttp(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, document } = refusedByHttp(slugOf(error.code), noTrace);
  const body = JSON.stringify(document);
  const headers = {
    ...securityHeaders,
    'content-type': `${problemType}; charset=utf-8`,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${document.title}\r\n${lines.join('')}\r\n${body}`);
}

function slugOf(code: string | undefined) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'too-slow';
  return code === 'HPE_HEADER_OVERFLOW' ? 'too-many-headers' : 'bad-request';
}
