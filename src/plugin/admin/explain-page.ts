// The page of an admin address that gives explanations.

import { messageOf } from '../../config/error.ts';
import { type Question, readQuestion } from '../explanation.ts';
import type { HttpRequest, HttpResponse, StartContext } from '../plugin.ts';
import { answerJson, refuseRequest } from './answer.ts';

const parameters: readonly string[] = ['name', 'type', 'client', 'server'];

/** `GET /explain?name=NAME&type=TYPE&client=IP&server=LISTENER`: an explanation as JSON, or 400 with the reason. */
export async function explainPage({ explain }: Pick<StartContext, 'explain'>, { url }: HttpRequest): Promise<HttpResponse> {
  try {
    return answerJson(200, await explain(read(url.searchParams)));
  } catch (error) {
    return refuseRequest(400, messageOf(error));
  }
}

function read(given: URLSearchParams): Question {
  const word = (key: string) => {
    const [first, ...more] = given.getAll(key);
    if (more.length > 0) throw new Error(`parameter '${key}' is there twice`);
    return first;
  };
  const unknown = [...given.keys()].find((key) => !parameters.includes(key));
  if (unknown !== undefined) throw new Error(`unknown parameter '${unknown}', expected name, type, client or server`);
  const name = word('name');
  if (name === undefined) throw new Error("no parameter 'name', expected ?name=www.example.org");
  return readQuestion({ name, type: word('type'), client: word('client'), server: word('server') });
}
