/** An error whose message is meant for the person at the keyboard: one sentence, and what to do next. */
export type UserError = Error & { readonly advice: string; readonly exitCode: number };

/** Makes a {@link UserError}; `advice` is a command or a sentence that says what to do. */
export const userError = (message: string, advice: string, exitCode = 1): UserError =>
  Object.assign(new Error(message), { name: 'UserError', advice, exitCode });

export const isUserError = (error: unknown): error is UserError =>
  error instanceof Error && error.name === 'UserError' && 'advice' in error;

/** The text of anything thrown, without a stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
