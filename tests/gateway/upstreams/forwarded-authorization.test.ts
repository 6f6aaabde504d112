import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LogoutDocument, RefreshDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { openShop, type Shop } from "../../support/graphs/shop.ts";

/* `headers: [authorization]`: the token that made the caller travels, or none. */

let shop: Shop;
let gateway: TestGateway;

beforeAll(async () => {
  shop = await openShop();
  gateway = await startTestGateway({ gatewayYaml: shop.yaml("headers: [authorization]") });
});
afterAll(async () => {
  await gateway?.close();
  await shop?.close();
});
beforeEach(() => void shop.takeCalls());

const query = "{ products(first: 1) { name reviews { body } } }";
const sent = () => [...new Set(shop.takeCalls().map(({ headers }) => headers.authorization))];

describe("over HTTP", () => {
  test("the caller's own token travels to every graph that is asked", async () => {
    const { accessToken: token } = await gateway.register();
    dataOf(await gateway.post({ query }, { token }));
    expect(sent()).toEqual([`Bearer ${token}`]);
  });

  test("a token that is refused does not: of a session that has ended, expired, forged, of another scheme, or none", async () => {
    const ended = await gateway.register();
    await gateway.send(LogoutDocument, { input: { refreshToken: ended.refreshToken } }, { token: ended.accessToken });
    const expired = await gateway.register();
    gateway.clock.advance(3600);
    const valid = await gateway.register();
    const headers = [
      { authorization: `Bearer ${ended.accessToken}` },
      { authorization: `Bearer ${expired.accessToken}` },
      { authorization: `Bearer ${valid.accessToken}x` },
      { authorization: `Bearer ${valid.accessToken}, Bearer ${valid.accessToken}` },
      { authorization: "Basic dTpw" },
      {},
    ];
    for (const each of headers) dataOf(await gateway.post({ query }, { headers: each }));
    expect(sent()).toEqual([undefined]);
  });
});

describe("on a WebSocket", () => {
  test("the token of connection_init travels, and not that of the upgrade", async () => {
    const [upgrading, caller] = [await gateway.register(), await gateway.register()];
    const socket = await openSocket(gateway.url, { headers: { authorization: `Bearer ${upgrading.accessToken}` } });
    await socket.init({ accessToken: caller.accessToken });
    expect((await socket.ask(query)).errors).toEqual([]);
    expect((await socket.ask("subscription { reviewAdded(count: 1) { body product { name } } }")).errors).toEqual([]);
    expect(sent()).toEqual([`Bearer ${caller.accessToken}`]);
    socket.socket.close();
  });

  test("after reauthenticate the new one does", async () => {
    const { accessToken, refreshToken } = await gateway.register();
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken });
    gateway.clock.advance(2);
    const next = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh.accessToken;
    expect((await socket.ask(`mutation { reauthenticate(accessToken: "${next}") { __typename } }`)).errors).toEqual([]);
    await socket.ask(query);
    expect(sent()).toEqual([`Bearer ${next}`]);
    socket.socket.close();
  });

  test("without a token none does, whatever the upgrade had", async () => {
    const { accessToken } = await gateway.register();
    const socket = await openSocket(gateway.url, { headers: { authorization: `Bearer ${accessToken}` } });
    await socket.init();
    expect((await socket.ask(query)).errors).toEqual([]);
    expect(sent()).toEqual([undefined]);
    socket.socket.close();
  });
});
