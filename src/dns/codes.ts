// The numbers of the protocol and their mnemonics (IANA "Domain Name System (DNS) Parameters").

/** The codes of record types by their mnemonics (RFC 6895 section 3.1). */
export const QueryType = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  TA: 32768,
  DLV: 32769,
} as const;

/** The codes of classes (RFC 6895 section 3.2). */
export const QueryClass = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

export const Opcode = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;

/** Bits of the second word of a header (RFC 1035 section 4.1.1, RFC 4035 section 3.2). */
export const headerFlag = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
  rcode: 0x000f,
  /** What a reply repeats of its query. */
  copied: 0x7910,
  /** What a forwarded query keeps of the received one. */
  sentUpstream: 0x0100 | 0x0020 | 0x0010,
  /** What a NOTIFY says: its opcode and AA. */
  sentInNotify: 0x7800 | 0x0400,
} as const;

/** Bits of a header by the names under which messages are changed. */
const changeable = {
  authoritative: headerFlag.authoritative,
  truncated: headerFlag.truncated,
  recursionDesired: headerFlag.recursionDesired,
  recursionAvailable: headerFlag.recursionAvailable,
  authenticData: headerFlag.authenticData,
  checkingDisabled: headerFlag.checkingDisabled,
} as const;
const changeableNames = Object.keys(changeable) as (keyof typeof changeable)[];

/** The flags of a header with these changes; what is absent stays. */
export function changedFlags(flags: number, change: { readonly [name in keyof typeof changeable]?: boolean }): number {
  let changed = flags;
  for (const name of changeableNames) {
    const on = change[name];
    if (on !== undefined) changed = on ? changed | changeable[name] : changed & ~changeable[name];
  }
  return changed;
}

/** Response codes, with the extended ones of RFC 6891 and RFC 7873. */
export type Rcode =
  | 'NOERROR'
  | 'FORMERR'
  | 'SERVFAIL'
  | 'NXDOMAIN'
  | 'NOTIMP'
  | 'REFUSED'
  | 'YXDOMAIN'
  | 'YXRRSET'
  | 'NXRRSET'
  | 'NOTAUTH'
  | 'NOTZONE'
  | 'DSOTYPENI'
  | 'BADVERS'
  | 'BADKEY'
  | 'BADTIME'
  | 'BADMODE'
  | 'BADNAME'
  | 'BADALG'
  | 'BADTRUNC'
  | 'BADCOOKIE'
  | `RCODE${number}`;

/** Options of the OPT record (RFC 6891 section 6.1.2) that ferrydns looks at. */
export const EdnsOption = { NSID: 3, CLIENT_SUBNET: 8, EXPIRE: 9, COOKIE: 10, TCP_KEEPALIVE: 11, PADDING: 12, EDE: 15, REPORT_CHANNEL: 18 } as const;

/** Extended DNS errors (RFC 8914 section 4) that ferrydns gives. */
export const ExtendedError = {
  OTHER: 0,
  STALE_ANSWER: 3,
  NOT_READY: 14,
  BLOCKED: 15,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN_ANSWER: 19,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
} as const;

const classCodes: Readonly<Record<string, number>> = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 };
/** Response codes by their mnemonics (RFC 6895 section 2.3). */
export const ResponseCode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

const typeNames = invert(QueryType);
const classNames = invert(classCodes);
const rcodeNames = invert(ResponseCode);

/** The mnemonic of a record type, `TYPE65280` for one without (RFC 3597 section 5). */
export function typeName(code: number): string {
  return typeNames.get(code) ?? `TYPE${code}`;
}

/** The code of a type's mnemonic (any letter case) or of `TYPEn`; undefined when it is neither. */
export function typeCode(mnemonic: string): number | undefined {
  return code(QueryType, 'TYPE', mnemonic);
}

/** The code of a type whose mnemonic is this word, exactly: in capitals, and no `TYPEn`, as CoreDNS's Corefiles have it. Undefined for every other word. */
export function typeMnemonic(word: string): number | undefined {
  return Object.hasOwn(QueryType, word) ? QueryType[word as keyof typeof QueryType] : undefined;
}

/** The mnemonic of a class, `CLASS42` for one without (RFC 3597 section 5). */
export function className(code: number): string {
  return classNames.get(code) ?? `CLASS${code}`;
}

/** The code of a class's mnemonic (any letter case) or of `CLASSn`; undefined when it is neither. */
export function classCode(mnemonic: string): number | undefined {
  return code(classCodes, 'CLASS', mnemonic);
}

/** Whether records can have this type: 0, OPT and the types that only questions and transfers have are none (RFC 6895 section 3.1). */
export function isDataType(typeCode: number): boolean {
  return typeCode !== 0 && typeCode !== QueryType.OPT && (typeCode < QueryType.IXFR || typeCode > QueryType.ANY);
}

/** Whether records can have this class; ANY, NONE and 0 have a meaning in updates only (RFC 6895 section 3.2, CVE-2026-5946). */
export function isDataClass(classCode: number): boolean {
  return classCode !== 0 && classCode !== QueryClass.NONE && classCode !== QueryClass.ANY;
}

/** The mnemonic of a response code, `RCODE12` for one without. */
export function rcodeName(code: number): Rcode {
  return (rcodeNames.get(code) ?? `RCODE${code}`) as Rcode;
}

/** The code of a response code's mnemonic (any letter case) or of `RCODEn`; undefined when it is neither. */
export function rcodeCode(mnemonic: string): number | undefined {
  return code(ResponseCode, 'RCODE', mnemonic);
}

/** The code of a response code's mnemonic; throws an Error when there is none, or it has more than the 12 bits of RFC 6891 section 6.1.3. */
export function knownRcode(mnemonic: Rcode): number {
  const found = rcodeCode(String(mnemonic));
  if (found === undefined || found > 0xfff) throw new Error(`unknown response code ${mnemonic}, expected one such as NXDOMAIN, or RCODE3841`);
  return found;
}

/** The code of a type's mnemonic; throws an Error when there is none. */
export function knownType(mnemonic: string): number {
  const found = typeCode(String(mnemonic));
  if (found === undefined) throw new Error(`unknown type ${mnemonic}, expected one such as AAAA, or TYPE65280`);
  return found;
}

/** The code of a class's mnemonic; throws an Error when there is none. */
export function knownClass(mnemonic: string): number {
  const found = classCode(String(mnemonic));
  if (found === undefined) throw new Error(`unknown class ${mnemonic}, expected one such as IN, or CLASS65280`);
  return found;
}

function code(table: Readonly<Record<string, number>>, prefix: string, mnemonic: string): number | undefined {
  const upper = mnemonic.toUpperCase();
  if (Object.hasOwn(table, upper)) return table[upper];
  const number = upper.startsWith(prefix) ? upper.slice(prefix.length) : '';
  return /^\d{1,5}$/.test(number) && Number(number) <= 0xffff ? Number(number) : undefined;
}

function invert(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}

/** Seconds a TTL may be at most; a larger value on the wire counts as 0 (RFC 2181 section 8). */
export const maxTtl = 0x7fffffff;
