import { Field, ObjectType } from "type-graphql";

@ObjectType({ simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: "What to pass as `after` for the next page." })
  endCursor!: string | null;
}

interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/** A page of the domain as a connection. */
export function toConnection<Item, Node>(
  page: { readonly edges: readonly Edge<Item>[]; readonly hasNextPage: boolean },
  toNode: (item: Item) => Node,
): { edges: Edge<Node>[]; pageInfo: PageInfo } {
  const edges = page.edges.map(({ cursor, node }) => ({ cursor, node: toNode(node) }));
  return { edges, pageInfo: { hasNextPage: page.hasNextPage, endCursor: edges.at(-1)?.cursor ?? null } };
}
