import { buildClientSchema, getIntrospectionQuery, printSchema } from "graphql";
import { StartupError } from "../../core/errors.ts";
import { readAnswer } from "./upstream-answers.ts";
import { connectUpstream } from "./upstream-connection.ts";
import type { UpstreamOptions } from "./upstream-options.ts";

const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 1000;

const queries = { _sdl: "{ _sdl }", _service: "{ _service { sdl } }" } as const;

/** The SDL of one upstream. Throws a StartupError that names the upstream where it cannot be had: nothing could be guarded without it. */
export async function readUpstreamSdl(options: UpstreamOptions, readFile: (path: string) => string): Promise<string> {
  const { sdl } = options;
  if ("file" in sdl) return readFile(sdl.file);
  const query = "query" in sdl ? queries[sdl.query] : getIntrospectionQuery();
  const data = await ask(options, query);
  if ("introspection" in sdl) return sdlOfIntrospection(options.name, data);
  const answered = sdl.query === "_sdl" ? data._sdl : (data._service as { sdl?: unknown } | null)?.sdl;
  if (typeof answered !== "string") throw new StartupError(`The upstream "${options.name}" answers { ${sdl.query} } without an SDL.`);
  return answered;
}

function sdlOfIntrospection(name: string, data: Readonly<Record<string, unknown>>): string {
  try {
    return printSchema(buildClientSchema(data as never));
  } catch {
    throw new StartupError(`The upstream "${name}" answers introspection with something that is no schema.`);
  }
}

/** Services that start together wait for each other a while. */
async function ask(options: UpstreamOptions, query: string): Promise<Readonly<Record<string, unknown>>> {
  const connection = connectUpstream(options);
  const request = { body: JSON.stringify({ query }), headers: { "content-type": "application/json" }, isRepeatable: true };
  try {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await connection.post(request).catch(() => undefined);
      const data = answer && readAnswer(options.name, answer).data;
      if (data) return data;
      if (attempt === ATTEMPTS)
        throw new StartupError(`The upstream "${options.name}" does not answer the query for its SDL at ${options.url}.`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  } finally {
    await connection.close();
  }
}
