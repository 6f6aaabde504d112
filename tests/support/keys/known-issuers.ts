import { startTestGateway, type TestGateway } from "../gateway.ts";
import { startTestIssuer, type TestIssuer } from "./other-issuer.ts";

/** Issuers that a gateway knows, and one that it does not. */
export interface KnownIssuers {
  readonly issuer: TestIssuer;
  /** Everything configured that can be. */
  readonly mapping: TestIssuer;
  /** Configured with nothing but what must be. */
  readonly bare: TestIssuer;
  /** Known to nobody. */
  readonly stranger: TestIssuer;
  readonly gateway: TestGateway;
  close(): Promise<void>;
}

export async function startKnownIssuers(): Promise<KnownIssuers> {
  const [issuer, mapping, bare, stranger] = await Promise.all([startTestIssuer(), startTestIssuer(), startTestIssuer(), startTestIssuer()]);
  const issuers = [
    issuer.entry("discovery: true", "algorithms: [RS256, ES256]", "claims: { roles: roles, scopes: scope }"),
    mapping.entry(
      `jwks: ${mapping.url}/keys`,
      "claims: { roles: realm_access.roles, scopes: [https://api.test/scopes] }",
      "roles: { boss: admin, staff: [support, user] }",
      "scopes: [products:read, products:cost]",
    ),
    bare.entry("discovery: true"),
  ];
  const gateway = await startTestGateway({
    gatewayYaml: `roles: { support: { scopes: ["users:read"] }, admin: { scopes: ["all:read"] } }\nissuers:${issuers.join("")}`,
  });
  return {
    issuer,
    mapping,
    bare,
    stranger,
    gateway,
    async close() {
      await gateway.close();
      await Promise.all([issuer, mapping, bare, stranger].map((each) => each.close()));
    },
  };
}
