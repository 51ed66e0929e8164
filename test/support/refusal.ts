// What a server says when it refuses a Corefile.
import { serve } from '../../src/testing/index.ts';

/** The message that refuses a Corefile; rejects when it is accepted. */
export async function refusal(corefile: string): Promise<string> {
  try {
    await using _server = await serve(corefile);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the Corefile was accepted');
}

/** A Corefile of one block for every name, with these directives and an end that answers. */
export function block(...directives: readonly string[]): string {
  return `.:0 {\n${directives.join('\n')}\nwhoami\n}\n`;
}
