import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";
import { PASSWORD } from "../support/sign-in.ts";

/* An upstream has a type of the auth graph's name, and means its own objects. */

const author = { id: "1", email: "author@example.com", phone: "112", roles: ["x"], lastLoginAt: "2026-01-01T00:00:00.000Z" };

function servePosts(user: string): Promise<ServedGraph> {
  return serveGraph({
    server: "yoga",
    sdl: `scalar DateTime type Query { posts: [Post!] _sdl: String! } type Post { title: String author: User } ${user}`,
    resolvers: { Query: { posts: () => [{ title: "one", author }] } },
  } as never);
}

const ownUser = "type User { id: ID! email: String! phone: String roles: [String!]! lastLoginAt: DateTime }";
const upstreams = (url: string) => `upstreams: [{ name: posts, url: "${url}", sdl: { query: _sdl } }]\n`;

describe("with access: { default: authenticated }", () => {
  let posts: ServedGraph;
  let gateway: TestGateway;

  beforeAll(async () => {
    posts = await servePosts(ownUser);
    gateway = await startTestGateway({
      gatewayYaml: `${upstreams(posts.url)}access: { default: authenticated, rules: { Query.posts: public, Post.*: public } }\n`,
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await posts?.close();
  });

  test("every field of the upstream's own type is closed, whatever name it shares", async () => {
    for (const field of ["id", "email", "phone", "roles", "lastLoginAt"]) {
      const { data, errors, text } = await gateway.post({ query: `{ posts { title author { ${field} } } }` });
      expect(errors.map(({ extensions }) => [extensions.code, extensions.coordinate])).toEqual([["UNAUTHENTICATED", `User.${field}`]]);
      expect(data).toMatchObject({ posts: [{ title: "one" }] });
      expect(text).not.toContain(JSON.stringify(author[field as keyof typeof author]));
    }
    const { accessToken: token } = await gateway.register();
    const query = "{ posts { author { id email phone roles lastLoginAt } } }";
    expect(dataOf(await gateway.post({ query }, { token }))).toEqual({ posts: [{ author }] });
  });

  test("signing in answers its own user as before", async () => {
    const { user } = await gateway.register();
    const { login } = dataOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }));
    expect(login.user).toMatchObject({ id: user.id, email: user.email });
  });
});

describe("a type that is another one than the auth graph's stops the start, by its coordinate", () => {
  test.each([
    ["a field of another type", "type User { id: ID! email: Int }", 'User.email of "posts" is Int, in the auth graph String'],
    ["one value for a list", "type User { id: ID! roles: String }", 'User.roles of "posts" is String, in the auth graph [String]'],
    ["another kind of type", "enum User { A }", 'User of "posts" is another kind of type'],
    [
      "a value that is none",
      "type User { status: UserStatus } enum UserStatus { GONE }",
      'UserStatus.GONE of "posts" is no value in the auth graph',
    ],
  ])("%s", async (_name, user, problem) => {
    const posts = await servePosts(user);
    await expect(startTestGateway({ gatewayYaml: upstreams(posts.url) })).rejects.toThrow(problem);
    await posts.close();
  });

  test("what may be null may differ, and fields of its own are the upstream's", async () => {
    const posts = await servePosts("type User { id: ID email: String phone: String }");
    const gateway = await startTestGateway({ gatewayYaml: upstreams(posts.url) });
    expect((await gateway.post({ query: "{ posts { author { phone } } }" })).data).toEqual({ posts: [{ author: { phone: "112" } }] });
    await gateway.close();
    await posts.close();
  });
});
