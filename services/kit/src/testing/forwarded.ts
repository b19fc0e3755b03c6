/** Name of the user in whose request a peer was called, from the token that came along; empty when none did. */
export function forwardedUser(metadata: Readonly<Record<string, string>>): string {
  const payload = metadata['x-user-authorization']?.split('.')[1];
  if (payload === undefined) return '';
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return String(Object(claims).preferred_username ?? '');
}
