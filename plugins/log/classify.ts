// The classes of replies that `class` names: success, denial, error.
import type { ReplyKind } from 'ferrydns/built-in';

export type ReplyClass = 'success' | 'denial' | 'error';

const classes: Readonly<Record<ReplyKind, ReplyClass>> = {
  NOERROR: 'success',
  DELEGATION: 'success',
  NXDOMAIN: 'denial',
  NODATA: 'denial',
  SERVERERROR: 'error',
  OTHERERROR: 'error',
};

export function classOf(kind: ReplyKind): ReplyClass {
  return classes[kind];
}
