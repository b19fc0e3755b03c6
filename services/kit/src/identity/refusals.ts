import { DomainError } from '../errors/domain-error.ts';

/** Refuses a token. One text for every reason; which check failed stays on this side, in `cause`. */
export function refuseToken(cause?: unknown): never {
  throw new DomainError(
    'unauthenticated',
    'token-refused',
    'The access token is missing, expired or not valid here.',
    { cause },
  );
}

/** A token cannot be judged while Keycloak cannot be asked: that is no fault of the caller. */
export function identityUnavailable(cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'identity-unavailable',
    'Tokens cannot be verified at the moment. Try again shortly.',
    { cause },
  );
}

/** Why Keycloak's answer is of no use, for the log: the answer itself may echo what was sent. */
export function badAnswer(text: string, cause?: unknown): DomainError {
  return new DomainError('internal', 'identity-answer', text, { cause });
}
