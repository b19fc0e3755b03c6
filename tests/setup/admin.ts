/** Name under which the password of Keycloak's administrator stands among the suite's secrets. */
export const adminSecret = 'keycloak-admin';
