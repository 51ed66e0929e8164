// What the log tells of a query, for its own format.
import { metadataKey } from 'ferrydns/plugin';

export const logClass = metadataKey<string>('log/class', 'success, denial or error');
export const logType = metadataKey<string>('log/type', 'what the reply says: NOERROR, NODATA, NXDOMAIN, DELEGATION, …');
