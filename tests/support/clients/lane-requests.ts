import { createHash } from "node:crypto";

/** Put where a value may not come back. */
export const MARKER = "hunter2-marker";

export const me = "{ me { id email roles } }";
export const two = "query One { me { id } } query Other { me { email } }";
export const userById = "query User($id: ID!) { user(id: $id) { email } }";
export const page = "query Page($first: Int, $role: String) { users(first: $first, role: $role) { totalCount } }";
export const refreshing = "mutation Refresh($input: RefreshInput) { refresh(input: $input) { accessToken refreshToken tokenType } }";

export const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** The `extensions` of a request that names its document by a hash. */
export const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });
