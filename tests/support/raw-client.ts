import postgres from "postgres";

/** Where the server keeps everything unless it is told otherwise. */
export const SCHEMA = "auth";

/** For statements of tests, which find the server's tables without naming their schema. The server itself relies on no search_path. */
export function openRawClient(url: string, options: { max?: number; schema?: string; backoff?: () => number } = {}): postgres.Sql {
  const { schema = SCHEMA, ...others } = options;
  return postgres(url, { max: 1, onnotice: () => undefined, ...others, connection: { search_path: `${schema}, public` } });
}
