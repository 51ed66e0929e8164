// The name of the wildcard that an answer was made from, so that metrics of a cached answer know it too.
import { metadataKey } from 'ferrydns/plugin';

export const wildcardKey = metadataKey<string>('zone/wildcard', 'the wildcard that the answer was made from');
