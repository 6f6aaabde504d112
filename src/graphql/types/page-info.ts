import { Field, ObjectType } from "type-graphql";

/** All that Relay's specification names: graphs that are composed share this type, and each has to know every field of it. */
@ObjectType({ simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "True behind a cursor; there is no paging backwards." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "What to pass as `after` for the next page." })
  endCursor!: string | null;
}

interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/** A page of the domain, the one behind `after`, as a connection. */
export function toConnection<Item, Node>(
  page: { readonly edges: readonly Edge<Item>[]; readonly hasNextPage: boolean },
  toNode: (item: Item) => Node,
  after: string | null | undefined,
): { edges: Edge<Node>[]; pageInfo: PageInfo } {
  const edges = page.edges.map(({ cursor, node }) => ({ cursor, node: toNode(node) }));
  const [startCursor = null, endCursor = null] = [edges.at(0)?.cursor, edges.at(-1)?.cursor];
  return { edges, pageInfo: { hasNextPage: page.hasNextPage, hasPreviousPage: typeof after === "string", startCursor, endCursor } };
}
