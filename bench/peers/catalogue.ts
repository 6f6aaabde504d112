/*
 * Two graphs, as whoever puts them behind a gateway describes them: products of a page, 20 at a time, and their reviews. A page is a number
 * of seven digits, and no other number in an answer has as many.
 */

export interface Graph {
  /** As @graphql-tools/stitching-directives reads it, with requirements. */
  readonly stitchingSdl: string;
  /** As Apollo Federation reads it. */
  readonly federationSdl: string;
  /** What it executes. */
  readonly schema: string;
  readonly root: Readonly<Record<string, unknown>>;
}

const ITEMS = 20;

const directives = `
  directive @authenticated on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
  directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
  directive @key(selectionSet: String!) on OBJECT
  directive @merge(keyField: String) on FIELD_DEFINITION
`;
const federationFields = "_sdl: String! _service: _Service! _entities(representations: [_Any!]!): [_Entity]!";
const federationTypes = "scalar _Any  union _Entity = Product  type _Service { sdl: String! }";

const productFields = "id: ID! name: String! price: Float! stock: Int! category: String! rating: Float! margin: Float!";
const productRoot = "products(page: Int!): [Product!]!";
const reviewType = "type Review { id: ID! stars: Int! body: String! }";

function productOf(id: string) {
  const number = Number(id.split("-")[1]);
  return {
    __typename: "Product",
    id,
    name: `Product number ${number} of its page`,
    price: 10 + number / 4,
    stock: number * 3,
    category: number % 2 === 0 ? "garden" : "kitchen",
    rating: 3.5,
    margin: 0.25,
  };
}

function reviewedOf(id: string) {
  const reviews = [1, 2].map((number) => ({
    id: `${id}-${number}`,
    stars: 3 + number,
    body: "Does what it says, and has done so for a year.",
  }));
  return { __typename: "Product", id, reviews };
}

const productsOf = ({ page }: { page: number }) => Array.from({ length: ITEMS }, (_, index) => productOf(`${page}-${index}`));
const ofIds =
  (toProduct: (id: string) => unknown) =>
  ({ ids }: { ids: string[] }) =>
    ids.map(toProduct);
const ofKeys =
  (toProduct: (id: string) => unknown) =>
  ({ representations }: { representations: { id: string }[] }) =>
    representations.map(({ id }) => toProduct(id));

const products = {
  stitchingSdl: `${directives}
    type Query { ${productRoot} productsById(ids: [ID!]!): [Product]! @merge(keyField: "id") }
    type Product @key(selectionSet: "{ id }") {
      id: ID! name: String! price: Float! @authenticated stock: Int! @hasRole(roles: ["user"]) category: String! rating: Float!
      margin: Float @hasRole(roles: ["admin"])
    }`,
  federationSdl: `extend type Query { ${productRoot} } type Product @key(fields: "id") { ${productFields} }`,
  schema:
    `type Query { ${productRoot} productsById(ids: [ID!]!): [Product]! ${federationFields} } type Product { ` +
    `${productFields} } ${federationTypes}`,
  root: { products: productsOf, productsById: ofIds(productOf), _entities: ofKeys(productOf) },
};

const reviews = {
  stitchingSdl: `${directives}
    type Query { reviewedProducts(ids: [ID!]!): [Product]! @merge(keyField: "id") }
    type Product @key(selectionSet: "{ id }") { id: ID! reviews: [Review!]! @authenticated }
    ${reviewType}`,
  federationSdl: `
    extend type Query { reviewed(id: ID!): Product }
    extend type Product @key(fields: "id") { id: ID! @external reviews: [Review!]! } ${reviewType}`,
  schema: `
    type Query { reviewed(id: ID!): Product reviewedProducts(ids: [ID!]!): [Product]! ${federationFields} }
    type Product { id: ID! reviews: [Review!]! } ${reviewType} ${federationTypes}`,
  root: { reviewed: ({ id }: { id: string }) => reviewedOf(id), reviewedProducts: ofIds(reviewedOf), _entities: ofKeys(reviewedOf) },
};

export const catalogue: Readonly<Record<"products" | "reviews", Graph>> = { products, reviews };
