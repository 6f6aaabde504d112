import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SubschemaConfig } from "@graphql-tools/delegate";
import { stitchSchemas } from "@graphql-tools/stitch";
import { stitchingDirectives } from "@graphql-tools/stitching-directives";
import type { AsyncExecutor } from "@graphql-tools/utils";
import { buildSchema, parse, print } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Of the client's headers: who calls, and what browsers say of the page; without that nobody can tell a foreign page. */
function forwardedHeaders({ headers, socket }: IncomingMessage): Record<string, string> {
  const { authorization, cookie, origin, "sec-fetch-site": site } = headers;
  const forwarded = { authorization, cookie, origin, "sec-fetch-site": site, "x-forwarded-for": socket.remoteAddress };
  return Object.fromEntries(Object.entries(forwarded).filter((header): header is [string, string] => header[1] !== undefined));
}

function createExecutor(url: string): AsyncExecutor {
  return async ({ document, variables, context }) => {
    const exchange = context as Exchange | undefined;
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(exchange && forwardedHeaders(exchange.request)) },
      body: JSON.stringify({ query: print(document), variables }),
    });
    for (const cookie of answer.headers.getSetCookie()) exchange?.response.appendHeader("set-cookie", cookie);
    return (await answer.json()) as { data: never };
  };
}

async function fetchSubschema(url: string): Promise<SubschemaConfig> {
  const executor = createExecutor(url);
  const { data } = (await executor({ document: parse("{ _sdl }") })) as { data: { _sdl: string } };
  return { schema: buildSchema(data._sdl), executor };
}

/** A gateway that stitches the graphs at these addresses together. */
export async function createStitchingServer(urls: readonly string[]): Promise<Server> {
  const schema = stitchSchemas({
    subschemas: await Promise.all(urls.map(fetchSubschema)),
    subschemaConfigTransforms: [stitchingDirectives().stitchingDirectivesTransformer],
  });
  const handler = createHandler({ schema, context: ({ raw, context }) => ({ request: raw, response: context.res }) });
  return createServer((request, response) => void handler(request, response));
}
