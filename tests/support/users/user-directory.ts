import { randomUUID } from "node:crypto";
import { UsersDocument, type UsersQuery, type UsersQueryVariables } from "../../generated/operations.ts";
import { dataOf } from "../client.ts";
import type { TestGateway } from "../gateway.ts";

type Edges = NonNullable<UsersQuery["users"]>["edges"];

export interface UserPage {
  readonly edges: Edges;
  readonly emails: readonly string[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** An admin's view of the users, and a way to make more of them than would care to register. */
export interface UserDirectory {
  /** Newer than all before; its id. */
  insert(email: string, facts?: { roles?: string[]; status?: string }): Promise<string>;
  page(variables?: UsersQueryVariables): Promise<UserPage>;
  /** Every address on every page, with work between the pages. */
  walk(variables: UsersQueryVariables, between?: () => Promise<unknown>): Promise<string[]>;
}

export function readUserDirectory(gateway: TestGateway, admin: { accessToken: string }): UserDirectory {
  let made = Date.UTC(2030, 0, 1);

  async function page(variables: UsersQueryVariables = {}): Promise<UserPage> {
    const { users } = dataOf(await gateway.send(UsersDocument, variables, { token: admin.accessToken }));
    if (users === null) throw new Error("There is no page.");
    return { ...users.pageInfo, edges: users.edges, emails: users.edges.map(({ node }) => node.email) };
  }

  return {
    page,
    async insert(email, { roles = ["user"], status = "ACTIVE" } = {}) {
      made += 1;
      const id = `${made.toString(16).padStart(12, "0").replace(/^.{8}/, "$&-")}-7${randomUUID().slice(15)}`;
      await gateway.database.sql`
        insert into users (id, email, email_key, password_hash, roles, status, created_at)
        values (${id}, ${email}, ${email.toLowerCase()}, '$argon2id$not-to-be-shown', ${roles}, ${status}, ${new Date(made)})`;
      return id;
    },
    async walk(variables, between = async () => undefined) {
      const emails: string[] = [];
      for (let after: string | null = null; ; ) {
        const found = await page({ ...variables, after });
        emails.push(...found.emails);
        if (!found.hasNextPage) return emails;
        after = found.endCursor;
        await between();
      }
    },
  };
}
