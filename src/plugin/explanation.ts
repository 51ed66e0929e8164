// Why a question is answered as it is: what is asked for, and the explanation as plain data.

import { isIP } from 'node:net';
import { messageOf } from '../config/error.ts';
import { QueryType, typeCode, typeName } from '../dns/codes.ts';
import { type Name, parseName } from '../dns/name.ts';

/** A question whose answer is to be explained. */
export interface Question {
  readonly name: Name;
  readonly type: string;
  /** The address that seems to ask. */
  readonly client: string;
  /** The listener that is asked, as "dns://:53"; undefined for the first that has a server block for the name. */
  readonly server: string | undefined;
}

/** The answer to a question that no client has asked, with everything that had a part in it. */
export interface Explanation {
  readonly question: { readonly name: string; readonly type: string; readonly class: string };
  readonly client: string;
  /** The listener that was asked, as "dns://:53". */
  readonly server: string;
  /** Further listeners that have a server block for the name. */
  readonly otherServers: readonly string[];
  /** The server block that was chosen; null when none was. */
  readonly block: ExplainedBlock | null;
  /** Further blocks of the listener whose zone holds the name, the longest zone first. */
  readonly otherBlocks: readonly ExplainedBlock[];
  /** In the order in which the query came to them. */
  readonly steps: readonly ExplainedStep[];
  /** What a client would be sent; null for silence. */
  readonly answer: ExplainedAnswer | null;
  readonly milliseconds: number;
  readonly remarks: readonly string[];
}

export interface ExplainedBlock {
  readonly zone: string;
  /** Empty without one. */
  readonly view: string;
  /** "FILE:LINE" */
  readonly place: string;
}

/** One plugin that the query came to. */
export interface ExplainedStep {
  readonly plugin: string;
  /** "FILE:LINE" of its first directive in the block. */
  readonly place: string;
  readonly outcome: 'passed on' | 'answered' | 'declined' | 'silent' | 'failed';
  /** What it did with the query and the reply, in plain words, as seen from outside. */
  readonly did: readonly string[];
  /** Without the time of the plugins behind it. */
  readonly milliseconds: number;
  /** What the plugin itself says of it. */
  readonly notes: readonly string[];
  /** What it asked the server in turn. */
  readonly lookups: readonly Explanation[];
}

export interface ExplainedAnswer {
  readonly rcode: string;
  /** As "qr", "aa", "rd". */
  readonly flags: readonly string[];
  /** Records as "www.example.org. 30 IN A 192.0.2.1". */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  /** Codes of RFC 8914, with what they are called. */
  readonly extendedErrors: readonly string[];
}

/** Words that say what is to be explained. */
export interface QuestionWords {
  readonly name: string;
  readonly type?: string | undefined;
  readonly client?: string | undefined;
  readonly server?: string | undefined;
}

/** Types that stand for something else than a question about records. */
const noQuestions: ReadonlySet<number> = new Set([QueryType.OPT, QueryType.TKEY, QueryType.TSIG]);

/** Reads a question: type A unless given, asked by 127.0.0.1 unless given. Throws an Error that says which word is wrong, and how. */
export function readQuestion({ name, type = 'A', client = '127.0.0.1', server }: QuestionWords): Question {
  const code = typeCode(type);
  if (code === undefined) throw new Error(`unknown type "${type}", expected one such as A, AAAA, MX or TYPE65280`);
  if (noQuestions.has(code)) throw new Error(`nobody can ask for records of type ${typeName(code)}`);
  if (isIP(client) === 0) throw new Error(`client "${client}" is no IP address`);
  return { name: readName(name), type: typeName(code), client, server };
}

function readName(text: string): Name {
  try {
    return parseName(text);
  } catch (error) {
    throw new Error(`"${text}" is no domain name: ${messageOf(error)}`, { cause: error });
  }
}
