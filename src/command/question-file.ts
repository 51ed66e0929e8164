// Questions as a file has them, a line each: "NAME [TYPE]", the form that dnsperf reads too.
import { messageOf } from '../config/error.ts';
import { type Question, readQuestion } from '../plugin/explanation.ts';

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
      if (extra !== undefined) throw new Error(`unexpected ${JSON.stringify(extra)}, expected NAME [TYPE]`);
      const question = readQuestion({ name, type });
      questions.set(`${question.name} ${question.type}`, { name: question.name, type: question.type });
    } catch (error) {
      throw new Error(`${file}:${i + 1} - ${messageOf(error)}`);
    }
  }
  return [...questions.values()];
}
