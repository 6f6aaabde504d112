import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { RefreshDocument } from "../generated/operations.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";

export const fail = () => {
  throw new Error("the customer database of acme is away");
};

/** A gateway whose hook gives claims, until a test has it do something else. */
export function hookClaims() {
  let hooks: HooksModule;

  let gateway: TestGateway;

  beforeAll(async () => {
    hooks = await writeHooks(["claims"]);
    gateway = await startTestGateway({ gatewayYaml: `roles: { support: {} }\nhooks: { module: ${hooks.path} }\n` });
  });

  afterAll(async () => {
    await gateway.close();
    await hooks.remove();
  });

  beforeEach(() => {
    hooks.current.claims = ({ id }) => ({ plan: "gold", tenant: { of: id } });
  });

  afterEach(() => void hooks.takeCalls());

  const sessionRow = async (id: string) => (await gateway.database.sql`select * from sessions where id = ${id}`)[0];

  const refresh = (refreshToken: string | null | undefined, userAgent = "test/1.0") =>
    gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }, { headers: { "user-agent": userAgent } });

  return {
    get hooks() {
      return hooks;
    },
    get gateway() {
      return gateway;
    },
    sessionRow,
    refresh,
  };
}
