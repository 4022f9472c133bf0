// The client of the generated paths: one function, typed by api/openapi.json. Every failure is an ApiError with the
// server's own code and sentence, or code OFFLINE when no answer came: only then may the same command be sent again.
import type { Problem, paths } from './schema';

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly context: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
  /** No definite answer: the command may or may not have happened. */
  get isUnanswered(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }
}

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** Paths that know a verb. */
export type PathOf<V extends Verb> = { [P in keyof paths]: paths[P][V] extends { responses: unknown } ? P : never }[keyof paths];
type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Values<T> = [T] extends [never] ? { path?: never } : { path: T };
type Asked<T> = [T] extends [never] ? { query?: never } : { query: T };
type Body<T> = T extends { requestBody: { content: { 'application/json': infer B } } } ? { body: Omit<B, '$schema'> } : { body?: never };
/** What a call must be given. */
export type Ask<P extends keyof paths, V extends Verb> = paths[P][V] extends { parameters: { path?: infer Path; query?: infer Query } }
  ? Values<Path> & Asked<Query> & Body<paths[P][V]> : never;
/** What a call answers when all is well. */
export type Answer<P extends keyof paths, V extends Verb> = paths[P][V] extends { responses: infer R }
  ? R extends { 200: infer A } ? Json<A> : R extends { 201: infer A } ? Json<A> : undefined : never;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
export type Call = <P extends PathOf<V>, V extends Verb>(verb: V, path: P, ask: Ask<P, V>) => Promise<Answer<P, V>>;

type Loose = { path?: Record<string, string | number>; query?: Record<string, string | number | undefined>; body?: unknown };

function addressOf(path: string, ask: Loose): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ask.path?.[name])));
  const query = Object.entries(ask.query ?? {}).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}=${encodeURIComponent(String(value))}`]);
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

async function problemOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return new ApiError(body?.code ?? `HTTP_${String(response.status)}`, body?.detail ?? body?.title ?? `The server answered ${String(response.status)}.`,
    response.status, body?.context ?? {});
}

/** Makes the client. `onSignedOut` hears of every answer that says the sign-in is over. */
export function makeCall(fetcher: Fetch, onSignedOut: () => void): Call {
  return async (verb, path, ask) => {
    const loose = ask as Loose;
    const init: RequestInit = { method: verb.toUpperCase(), credentials: 'same-origin' };
    if (verb !== 'get') {
      init.headers = { 'content-type': 'application/json' };
      if (verb !== 'delete') init.body = JSON.stringify(loose.body ?? {});
    }
    const response = await fetcher(addressOf(path, loose), init).catch(() => {
      throw new ApiError('OFFLINE', 'No answer from the server. Nothing is known to have changed.', 0);
    });
    if (!response.ok) {
      const problem = await problemOf(response);
      if (problem.code === 'NOT_SIGNED_IN') onSignedOut();
      throw problem;
    }
    return (response.status === 204 ? undefined : await response.json()) as never;
  };
}
