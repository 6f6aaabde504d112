/** Documents that cost far more than they look like, each beyond one limit; `fields.request` of the refusal says which. */
export interface Bomb {
  readonly name: string;
  readonly query: string;
  /** What the refusal speaks of. Undefined: refused by the parser. */
  readonly limit: RegExp | undefined;
}

function repeat(count: number, part: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(" ");
}

const password = '"hunter2"';
const login = (index: number) => `a${index}: login(input: { email: "a@example.com", password: ${password} }) { tokenType }`;

export const bombs: readonly Bomb[] = [
  { name: "aliases", query: `{ ${repeat(140, (index) => `a${index}: me { id }`)} }`, limit: /aliases/ },
  {
    name: "aliases in one fragment",
    query: `{ ...A ...A } fragment A on Query { ${repeat(20, (i) => `a${i}: __typename`)} }`,
    limit: /aliases/,
  },
  { name: "depth", query: `${"{ me ".repeat(400)}{ id }${" }".repeat(400)}`, limit: /nested/ },
  {
    name: "depth through fragments",
    query: `{ me { ...F0 } } ${repeat(30, (i) => `fragment F${i} on User { sessions { ...F${i + 1} } }`)} fragment F30 on User { id }`,
    limit: /nested/,
  },
  { name: "depth without end", query: "{ a".repeat(30_000), limit: undefined },
  { name: "inline fragments within each other", query: `{ ${"... { ".repeat(5000)} me { id } ${"} ".repeat(5000)} }`, limit: undefined },
  { name: "directives", query: `{ __typename ${"@skip(if: false) ".repeat(200)} }`, limit: /directives/ },
  { name: "directives nobody knows", query: `{ __typename ${"@a ".repeat(900)} }`, limit: /directives/ },
  { name: "directives on variables", query: `query (${repeat(60, (i) => `$a${i}: Int @a`)}) { __typename }`, limit: /directives/ },
  {
    name: "directives on fragments that nobody spreads",
    query: `{ __typename } fragment A on Query ${"@a ".repeat(900)} { me { id } }`,
    limit: /directives/,
  },
  { name: "tokens", query: `{ ${"__typename ".repeat(9000)} }`, limit: undefined },
  { name: "tokens of a list", query: `mutation { setUserRoles(userId: "1", roles: [${'"a" '.repeat(10_000)}]) { id } }`, limit: undefined },
  { name: "a tower of lists", query: `{ user(id: ${"[".repeat(45_000)}) { id } }`, limit: undefined },
  { name: "the same field again and again", query: `{ ${"me { id } ".repeat(450)} }`, limit: /fields/ },
  { name: "a fragment that spreads itself", query: "{ ...A } fragment A on Query { me { id } ...A }", limit: /itself/ },
  {
    name: "a ring of fragments",
    query: `{ ...F0 } ${repeat(200, (i) => `fragment F${i} on Query { ...F${(i + 1) % 200} }`)}`,
    limit: /itself/,
  },
  {
    name: "a ring that nobody spreads",
    query: "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
    limit: /itself/,
  },
  {
    name: "fragments that double each time",
    query: `{ ...F0 } ${repeat(100, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F100 on Query { __typename }`,
    limit: /fields/,
  },
  {
    name: "lists inside pages inside pages",
    query: "{ users(first: 100) { edges { node { sessions { events(first: 100) { id type } } } } } }",
    limit: /too much/,
  },
  {
    name: "pages as large as a variable says",
    query: "query ($first: Int) { users { edges { node { sessions { events(first: $first) { id type } } } } } }",
    limit: /too much/,
  },
  { name: "passwords tried under aliases", query: `mutation { ${repeat(2, login)} }`, limit: /login/ },
  {
    name: "passwords tried in fragments",
    query: `mutation { ...A ... { ${login(1)} } } fragment A on Mutation { ${login(2)} }`,
    limit: /login/,
  },
  {
    name: "one password tried, another set",
    query: `mutation { ${login(1)} changePassword(input: { currentPassword: ${password}, newPassword: ${password} }) { id } }`,
    limit: /login/,
  },
  {
    name: "passwords tried in the second operation",
    query: `mutation A { ${login(1)} } mutation B { ${repeat(2, login)} }`,
    limit: /login/,
  },
];
