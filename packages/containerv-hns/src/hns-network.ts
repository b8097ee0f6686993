/** A network of the Host Networking Service, as read from it. */
export interface HnsNetwork {
  /** GUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** As HNS spells it: `'NAT'` or, in answers of the older form, `'nat'`; also `'ICS'`, `'Transparent'`, `'L2Bridge'`. */
  readonly type: string;
  /** Name of the virtual switch behind it, when HNS tells. */
  readonly switchName?: string | undefined;
  /** @defaultValue none */
  readonly subnets?: readonly HnsSubnet[] | undefined;
}

export interface HnsSubnet {
  /** `'172.20.0.0/16'`. */
  readonly prefix: string;
  readonly gateway?: string | undefined;
}
