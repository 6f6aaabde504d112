import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthFieldsFragment, ExplainAccessQuery, ExplainAccessQueryVariables } from "../generated/operations.ts";
import { ExplainAccessDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";
import { serveInventory, serveShipping } from "../support/graphs/subgraphs.ts";

type Explained = NonNullable<ExplainAccessQuery["explainAccess"]>[number];
type Subgraph = Awaited<ReturnType<typeof serveInventory>>;

const roles = 'roles: { support: { scopes: ["users:read"] }, buyer: { scopes: ["products:cost"] } }\n';
const access =
  'access: { rules: { Product.price: authenticated, Supplier.*: { scopes: [["suppliers:read"]] }, Review.body: { roles: ' +
  "[staff, buyer] } } }\n";

let shop: Shop;
let subgraphs: { inventory: Subgraph; shipping: Subgraph };
/** With the graphs of others behind it; introspection is off, as in production. */
let gateway: TestGateway;
let alone: TestGateway;
let admin: AuthFieldsFragment;
let adminAlone: AuthFieldsFragment;

beforeAll(async () => {
  shop = await openShop();
  subgraphs = { inventory: await serveInventory(), shipping: await serveShipping() };
  const federated = Object.entries(subgraphs).map(([name, { url }]) => `  - { name: ${name}, url: "${url}", sdl: { query: _service } }\n`);
  gateway = await startTestGateway({
    env: { INTROSPECTION: "false" },
    gatewayYaml: `${shop.yaml()}${federated.join("")}${roles}${access}`,
  });
  alone = await startTestGateway({ gatewayYaml: roles });
  [admin, adminAlone] = [await gateway.registerAdmin(), await alone.registerAdmin()];
});
afterAll(async () => {
  await Promise.all([gateway?.close(), alone?.close(), shop?.close()]);
  await Promise.all(Object.values(subgraphs ?? {}).map((graph) => graph.close()));
});
beforeEach(() => void takeCalls());

/** What any graph behind the gateway was asked. */
function takeCalls(): unknown[] {
  return [...shop.takeCalls(), ...Object.values(subgraphs).flatMap(({ calls }) => calls.splice(0))];
}

type Question = Omit<ExplainAccessQueryVariables, "operation">;

const ask = (operation: string, question: Question = {}) =>
  gateway.send(ExplainAccessDocument, { operation, ...question }, { token: admin.accessToken });

async function explain(operation: string, question: Question = {}): Promise<readonly Explained[]> {
  return dataOf(await ask(operation, question)).explainAccess ?? [];
}

async function explainOne(coordinate: string, operation: string, question: Question = {}): Promise<Explained | undefined> {
  return (await explain(operation, question)).find((each) => each.coordinate === coordinate);
}

const outcomes = (explained: readonly Explained[]) => explained.map(({ coordinate, code }) => [coordinate, code ?? "allowed"]);

/** The problems of a refused operation. */
async function problemsOf(operation: string, question: Question = {}): Promise<unknown> {
  const { data, errors } = await ask(operation, question);
  expect(data).toEqual({ explainAccess: null });
  expect(errors).toMatchObject([{ path: ["explainAccess"], extensions: { code: "BAD_USER_INPUT" } }]);
  const { operation: problems } = (errors[0]?.extensions.fields ?? {}) as { operation?: unknown };
  return problems;
}

describe("each coordinate that an operation selects", () => {
  test("comes with what it needs and what the caller lacks, and no graph is asked", async () => {
    const explained = await explain("{ products { name cost supplier { account } } me { email } }");
    expect(outcomes(explained)).toEqual([
      ["Query.products", "allowed"],
      ["Product.name", "allowed"],
      ["Product.cost", "UNAUTHENTICATED"],
      ["Product.supplier", "UNAUTHENTICATED"],
      ["Supplier.account", "UNAUTHENTICATED"],
      ["Query.me", "UNAUTHENTICATED"],
      ["User.email", "allowed"],
    ]);
    expect(explained[0]).toEqual({ coordinate: "Query.products", needs: null, sources: [], allowed: true, code: null, missing: [] });
    expect(explained[2]).toMatchObject({ needs: { scopes: [["products:cost"]], roles: null }, missing: ["products:cost"] });
    expect(takeCalls()).toEqual([]);
  });

  test("comes with all that is missing, of several kinds at once", async () => {
    const account = await explainOne("Supplier.account", "{ suppliers { account } }", { as: { roles: ["user"] } });
    expect(account).toMatchObject({
      needs: { authenticated: false, scopes: [["suppliers:read"]], roles: [["admin"]] },
      allowed: false,
      code: "FORBIDDEN",
      missing: ["suppliers:read", "admin"],
    });
  });

  test("names the graph that asks, and the policy beside it", async () => {
    expect((await explainOne("Supplier.account", "{ suppliers { account } }"))?.sources).toEqual([
      {
        coordinate: "Supplier.account",
        source: "products",
        via: null,
        needs: { authenticated: false, scopes: null, roles: [["admin"]] },
      },
      {
        coordinate: "Supplier.account",
        source: "policy",
        via: null,
        needs: { authenticated: false, scopes: [["suppliers:read"]], roles: null },
      },
    ]);
    expect((await explainOne("Product.price", "{ products { price } }"))?.sources).toMatchObject([
      { source: "policy", needs: { authenticated: true } },
    ]);
    expect((await explainOne("Query.me", "{ me { id } }"))?.sources).toMatchObject([{ source: "auth", coordinate: "Query.me" }]);
  });

  test("names the field that it pulls its requirement from", async () => {
    expect(await explainOne("Item.postage", "{ items { postage } }", { as: { roles: [] } })).toMatchObject({
      needs: { roles: [["packer"]] },
      sources: [{ coordinate: "Item.postage", source: "shipping", via: "Item.weight", needs: { roles: [["packer"]] } }],
      missing: ["packer"],
    });
  });

  test("counts every implementation of an interface, and tells each object that it may turn out to be", async () => {
    const explained = await explain("{ warehouse { places { code } } }", { as: { roles: ["user"] } });
    expect(outcomes(explained)).toEqual([
      ["Query.warehouse", "allowed"],
      ["Warehouse.places", "allowed"],
      ["Vault", "FORBIDDEN"],
      ["Place.code", "FORBIDDEN"],
    ]);
    expect(explained[3]?.sources).toMatchObject([{ coordinate: "Vault", source: "stock" }]);
  });
});

describe("the caller who is imagined", () => {
  const cost = "{ products { cost } }";

  test("has the scopes that their roles bring along by configuration, unless others are given", async () => {
    expect(await explainOne("Product.cost", cost, { as: { roles: ["buyer"] } })).toMatchObject({ allowed: true, code: null, missing: [] });
    expect(await explainOne("Product.cost", cost, { as: { roles: ["buyer"], scopes: [] } })).toMatchObject({ code: "FORBIDDEN" });
    expect(await explainOne("Product.cost", cost, { as: { scopes: ["products:cost"] } })).toMatchObject({ allowed: true });
  });

  test("is as the execution finds a caller with the same roles", async () => {
    const operation = "{ products { name cost price supplier { name account } reviews { body draft } } me { email } items { postage } }";
    for (const held of [["user"], ["user", "buyer"], ["user", "admin"], ["user", "packer"]]) {
      const { user } = await gateway.register();
      await gateway.database.sql`update users set roles = ${held} where id = ${user.id}`;
      const { accessToken } = await gateway.login(user.email);
      const { errors } = await gateway.post({ query: operation }, { token: accessToken });
      const denied = new Set(errors.map(({ extensions }) => extensions.coordinate));
      const explained = await explain(operation, { as: { roles: held } });
      // What stands below something denied is denied with it, and has no error of its own.
      const told = explained.filter(({ allowed }) => !allowed).map(({ coordinate }) => coordinate);
      expect(told).toEqual(expect.arrayContaining([...denied]));
      expect(told.filter((coordinate) => !denied.has(coordinate) && !/^Supplier\./.test(coordinate))).toEqual([]);
    }
  });
});

describe("whatever could be executed can be explained", () => {
  test("a mutation, which changes nothing", async () => {
    const { user } = await gateway.register();
    const explained = await explain(`mutation { disableUser(userId: "${user.id}") { status } rename(id: "1", name: "x") { name } }`);
    expect(outcomes(explained)).toEqual([
      ["Mutation.disableUser", "UNAUTHENTICATED"],
      ["User.status", "allowed"],
      ["Mutation.rename", "UNAUTHENTICATED"],
      ["Product.name", "allowed"],
    ]);
    const [row] = await gateway.database.sql`select status from users where id = ${user.id}`;
    expect(row?.status).toBe("ACTIVE");
    expect(takeCalls()).toEqual([]);
  });

  test("a subscription, which is not opened", async () => {
    const as = { roles: ["user"] };
    const explained = await explain("subscription { stockChanged { inStock } }", { as });
    expect(outcomes(explained)).toEqual([
      ["Subscription.stockChanged", "FORBIDDEN"],
      ["Product.inStock", "allowed"],
    ]);
    expect(takeCalls()).toEqual([]);
  });

  test("one operation of several, by its name", async () => {
    const several = "query A { me { id } } query B { products { ...P } } fragment P on Product { name }";
    expect(outcomes(await explain(several, { operationName: "B" })).map(([coordinate]) => coordinate)).toEqual([
      "Query.products",
      "Product.name",
    ]);
    for (const operationName of [undefined, "C"]) {
      expect(await problemsOf(several, { operationName })).toEqual(["Has no such operation, or several and no name was given."]);
    }
  });

  test("over a WebSocket, by admins alone", async () => {
    const user = await gateway.register();
    const documents = { operation: "{ me { id } }" };
    const [byAdmin, byUser] = await Promise.all(
      [admin, user].map(async ({ accessToken }) => {
        const live = await openSocket(gateway.url);
        await live.init({ accessToken });
        const reply = await live.ask(ExplainAccessDocument, documents);
        live.socket.close();
        return reply;
      }),
    );
    expect(byAdmin?.data?.explainAccess).toMatchObject([{ coordinate: "Query.me", code: "UNAUTHENTICATED" }, { coordinate: "User.id" }]);
    expect(byUser).toMatchObject({ data: { explainAccess: null }, errors: [{ extensions: { code: "FORBIDDEN" } }] });
  });
});

describe("the auth graph alone", () => {
  const byAdmin = (operation: string, question: Question = {}) =>
    alone.send(ExplainAccessDocument, { operation, ...question }, { token: adminAlone.accessToken });

  test("is explained as it is served", async () => {
    const explained = dataOf(await byAdmin("{ me { email } users { totalCount } }", { as: { roles: ["user"] } })).explainAccess;
    expect(explained).toMatchObject([
      { coordinate: "Query.me", needs: { authenticated: true, scopes: null, roles: null }, allowed: true },
      { coordinate: "User.email", needs: null, sources: [] },
      {
        coordinate: "Query.users",
        needs: { authenticated: false, roles: [["admin"]] },
        sources: [{ coordinate: "Query.users", source: "auth", via: null }],
        code: "FORBIDDEN",
        missing: ["admin"],
      },
      { coordinate: "UserConnection.totalCount" },
    ]);
  });

  test("knows nothing of graphs that are not behind it", async () => {
    const { errors } = await byAdmin("{ products { id } }");
    expect(errors).toMatchObject([{ extensions: { fields: { operation: ['Cannot query field "products" on type "Query".'] } } }]);
  });

  test("suggests names where introspection tells them as well", async () => {
    const { errors } = await byAdmin("{ me { emai } }");
    expect(errors).toMatchObject([{ extensions: { fields: { operation: [expect.stringMatching(/Did you mean "email"\?$/)] } } }]);
  });
});
