/** What events need of a logger; kit's own fits. Never given a payload. */
export interface EventLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
