// Questions as a file has them, a line each: "NAME [TYPE]", the form that dnsperf reads too.
import { messageOf } from '../config/error.ts';
import { type Question, readQuestion } from '../plugin/explanation.ts';

/** Characters of a word: a name of 255 octets, each by its number, has 1020. */
const longest = 1020;

export type FileQuestion = Pick<Question, 'name' | 'type'>;

/**
 * The questions in the order of the file, each once: type A where none is given; what stands behind `#` or `;` and empty lines are left out.
 * Throws an Error that names the place and the word, at the first line that is no question.
 */
export function readQuestions(text: string, file: string): readonly FileQuestion[] {
  const questions = new Map<string, FileQuestion>();
  for (const [i, line] of text.split('\n').entries()) {
    const [name, type, extra] = line
      .replace(/^[#;].*|\s[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (name === undefined || name === '') continue;
    try {
      // Whatever is longer would only be repeated in the reason.
      const long = [name, type, extra].find((word) => word !== undefined && word.length > longest);
      if (long !== undefined) throw new Error(`a word of ${long.length} characters, expected NAME [TYPE]`);
      if (extra !== undefined) throw new Error(`unexpected ${JSON.stringify(extra)}, expected NAME [TYPE]`);
      const question = readQuestion({ name, type });
      questions.set(`${question.name} ${question.type}`, { name: question.name, type: question.type });
    } catch (error) {
      throw new Error(`${file}:${i + 1} - ${messageOf(error)}`);
    }
  }
  return [...questions.values()];
}
