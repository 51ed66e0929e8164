// What is read besides Corefiles: YAML, plans of moves, lists of questions, and what an API server sends.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObjects, type Shape } from '../../plugins/kubernetes/api/json-objects.ts';
import { readQuestions } from '../../src/command/question-file.ts';
import { ConfigErrors } from '../../src/config/error.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import { toYaml } from '../../src/config/yaml-writer.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { expectPlaces } from './problems.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

/** Lines of what YAML is made of, more or less indented. */
function linesOf(...words: readonly string[]): fc.Arbitrary<string> {
  const marks = ['- ', ': ', ', ', '[', ']', '{', '}', '"', "'", '#', '|', '>', '&a ', '*a', '!t ', '? ', '---', '~', '%', '\t', '\\'];
  const word = fc.oneof(fc.constantFrom(...words), fc.constantFrom(...words), fc.constantFrom(...marks), fc.string({ maxLength: 4 }));
  const line = fc.tuple(
    fc.constantFrom('', '  ', '    ', '- ', '  - '),
    fc.array(word, { maxLength: 5 }).map((each) => each.join('')),
  );
  return fc
    .array(
      line.map((parts) => parts.join('')),
      { maxLength: 14 },
    )
    .map((lines) => lines.join('\n'));
}

test('any YAML is a configuration, which can be written anew, or has problems at their places', patience, () => {
  const yaml = linesOf('servers:', 'zones: ', 'plugins:', 'global:', 'import: ', 'cache: ', 'args: ', 'forward', '30', '".:53"', 'true', 'lines: ');
  fc.assert(
    fc.property(yaml, (text) => {
      const { tree, problems, hash } = parseYaml(text, 'Corefile.yaml');
      expectPlaces(problems, text);
      if (problems.length === 0) expect(parseYaml(toYaml(tree), 'Corefile.yaml').hash).toBe(hash);
    }),
    manyRuns(0.5),
  );
});

test('any plan file is a plan, or is refused with every problem at its place', patience, () => {
  const options = ['names: ', 'name: ', 'from: ', 'to: ', 'check: ', 'at: ', 'ttl: ', 'drain: ', 'split: ', 'steps: ', 'guard: ', 'www.example.org'];
  const values = ['192.0.2.1', '2001:db8::1', '[to, tcp, 80]', '[to, http, ":80/"]', '5s', '10%', '0', '-1', 'a.example, b.example', 'auto', 'true'];
  const sound = 'names: www.example.org\nfrom: 192.0.2.1\nto: 192.0.2.2\n';
  fc.assert(
    fc.property(linesOf(...options, ...values), fc.constantFrom('', sound), (lines, start) => {
      const text = start + lines;
      try {
        const { warnings } = readPlanFile(text, 'plan.yaml');
        expectPlaces(warnings, text);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigErrors);
        expectPlaces((error as ConfigErrors).problems, text);
      }
    }),
    manyRuns(0.5),
  );
});

test('any list of questions is read, or is refused at a line', patience, () => {
  const word = fc.oneof(
    fc.constantFrom('www.example.org', 'A', 'aaaa', 'TYPE1', 'BOGUS', '#', ';', '..', '\\', '\\300'),
    fc.string({ maxLength: 5 }),
  );
  const line = fc.tuple(word, fc.constantFrom('', ' ', '\t'), word).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join('\n');
      try {
        const questions = cheaply(() => readQuestions(text, 'list'));
        // A name may begin with what would begin a comment.
        const written = questions.map(({ name, type }) => `${name.replace(/^[#;]/, '\\$&')} ${type}`).join('\n');
        expect(readQuestions(written, 'list')).toEqual(questions);
      } catch (error) {
        const [, at] = /^list:(\d+) - /.exec((error as Error).message) ?? [];
        expect(Number(at)).toBeLessThanOrEqual(text.split('\n').length);
      }
    }),
    manyRuns(),
  );
});

describe.each<[Shape]>([['events'], ['items']])('JSON of an API server as %s', (shape) => {
  const piece = fc.oneof(
    fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'null', '{"items":[', '{"a":"}"}', ']}', '{}'),
    fc.string({ maxLength: 3 }),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.json(),
    fc.json().map((item) => `{"items":[${item},{"a":${item}}]}`),
  );
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

  test('is cut at the same places, in whatever pieces it comes, or refused', patience, () => {
    fc.assert(
      fc.property(text, lengths, (written, each) => {
        const bytes = Buffer.from(written);
        const whole = cutIn(shape, bytes, [bytes.length]);
        expect(cheaply(() => cutIn(shape, bytes, each))).toEqual(whole);
        expect(whole.objects.join('').length + whole.frame.length).toBeLessThanOrEqual(bytes.length);
      }),
      manyRuns(),
    );
  });
});

function cutIn(
  shape: Shape,
  bytes: Buffer,
  lengths: readonly number[],
): { objects: string[]; frame: string; isComplete?: boolean; refused?: string } {
  const objects: string[] = [];
  const cutter = new JsonObjects(shape, (object) => objects.push(object));
  try {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const length = lengths[i % lengths.length] ?? 1;
      cutter.push(bytes.subarray(at, at + length));
      at += length;
    }
  } catch (error) {
    return { objects, frame: '', refused: (error as Error).message };
  }
  return { objects, frame: cutter.frame, isComplete: cutter.isComplete };
}
