/** Who is asking, as the verified tokens say. */
export interface Caller {
  readonly kind: 'user' | 'service' | 'anonymous';
  /** `sub` of the token. */
  readonly subject: string;
  /** Empty for a service and for nobody. */
  readonly userName: string;
  /** Client that the token was issued to. */
  readonly client: string;
  readonly organisation: string;
  readonly organisationKind: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  /** The user's own token, to forward within this request; never stored. */
  readonly token?: string;
  /** Why the caller asks (`X-Purpose`, or what the role stands for when it was left out); empty for a service. */
  readonly purpose: string;
  /** Name of the service that made this call, without the `service-` prefix; empty when none did. */
  readonly via: string;
  /** For an internal RPC, the user in whose request the calling service asks. */
  readonly actingFor?: Caller;
}

/** Nobody in particular, calling through the service `via`. */
export function anonymous(via: string): Caller {
  return {
    kind: 'anonymous',
    subject: '',
    userName: '',
    client: '',
    organisation: '',
    organisationKind: '',
    roles: [],
    teams: [],
    purpose: '',
    via,
  };
}
