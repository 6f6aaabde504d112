import { afterAll, beforeAll } from "vitest";
import { fullHashing, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openUserFiles, type UserFiles } from "../support/users/user-files.ts";

/** A gateway that goes on while files are imported into its database. */
export function importBeside() {
  const gatewayYaml = "roles:\n  support: { scopes: [users:read] }\n";

  /** A server that goes on while files are imported into its database. */
  let gateway: TestGateway;

  let files: UserFiles;

  beforeAll(async () => {
    gateway = await startTestGateway({ gatewayYaml, env: fullHashing });
    files = await openUserFiles(gateway.database, gatewayYaml);
  });

  afterAll(async () => {
    await files.remove();
    await gateway.close();
  });

  async function rowOf(email: string): Promise<Record<string, unknown>> {
    const [row] = await gateway.database.sql`select * from users where email_key = ${email.toLowerCase()}`;
    return row ?? {};
  }

  return {
    get gateway() {
      return gateway;
    },
    get files() {
      return files;
    },
    rowOf,
  };
}
