import {
  doTypesOverlap,
  type GraphQLCompositeType,
  type GraphQLInterfaceType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isUnionType,
} from "graphql";
import { type Draw, pick } from "./random-graphs.ts";

const fragmentNames = ["F0", "F1", "F2"];

export interface DrawnOperation {
  readonly text: string;
  readonly variableValues: Readonly<Record<string, unknown>>;
}

/** An operation of the schema; mostly valid. */
export function drawOperation(draw: Draw, schema: GraphQLSchema): DrawnOperation {
  const composites = Object.values(schema.getTypeMap()).filter(
    (type) => isCompositeType(type) && !type.name.startsWith("__"),
  ) as GraphQLCompositeType[];
  const fragmentTypes = fragmentNames.map(() => pick(draw, composites));

  function condition(): string {
    if (draw(5) > 0) return "";
    const value = pick(draw, ["$v0", "$v1", "$v0", "$v1", "true", "false"]);
    return ` @${pick(draw, ["skip", "include"])}(if: ${value})`;
  }

  function field(type: GraphQLCompositeType, depth: number, firstFragment: number): string {
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    const fitting = depth > 0 ? fields : fields.filter((each) => !isCompositeType(getNamedType(each.type)));
    if (fitting.length === 0 || draw(8) === 0) return `${pick(draw, ["", "t: "])}__typename${condition()}`;
    const { name, type: returned } = pick(draw, fitting);
    const [alias, argument] = pick(draw, [
      ["", ""],
      ["", ""],
      [`${name}1: `, ""],
      [`${name}2: `, "(x: $n)"],
    ] as const);
    const inner = getNamedType(returned);
    return `${alias}${name}${argument}${condition()}${isCompositeType(inner) ? ` ${selections(inner, depth - 1, firstFragment)}` : ""}`;
  }

  /**
   * One response key, selected plainly on an interface and on an object that implements it: rare by chance, and the hardest to get right.
   */
  function pair(type: GraphQLInterfaceType, depth: number, firstFragment: number): string {
    const { name, type: returned } = pick(draw, Object.values(type.getFields()));
    const inner = getNamedType(returned);
    const below = () => (isCompositeType(inner) ? ` ${selections(inner, depth - 1, firstFragment)}` : "");
    const objects = schema.getPossibleTypes(type);
    if (objects.length === 0 || (isCompositeType(inner) && depth <= 0)) return "__typename";
    const typed = `... on ${pick(draw, objects).name}${condition()} { ${name}${condition()}${below()} }`;
    const both = [`${name}${condition()}${below()}`, typed];
    return (draw(2) === 0 ? both : both.toReversed()).join(" ");
  }

  function selection(type: GraphQLCompositeType, depth: number, firstFragment: number): string {
    const choice = draw(10);
    if (isInterfaceType(type) && draw(3) === 0) return pair(type, depth, firstFragment);
    if (choice < 5) return field(type, depth, firstFragment);
    if (choice === 5) return `...${condition()} ${selections(type, depth, firstFragment)}`;
    const around = composites.filter((each) => doTypesOverlap(schema, each, type));
    if (choice < 9) {
      const on = pick(draw, around);
      return `... on ${on.name}${condition()} ${selections(on, depth, firstFragment)}`;
    }
    const index = fragmentTypes.findIndex((each, position) => position >= firstFragment && doTypesOverlap(schema, each, type));
    return index < 0 ? field(type, depth, firstFragment) : `...F${index}${condition()}`;
  }

  let budget = 60;
  function selections(type: GraphQLCompositeType, depth: number, firstFragment: number): string {
    const count = 1 + draw(4);
    budget -= count;
    if (budget < 0) return "{ __typename }";
    return `{ ${Array.from({ length: count }, () => selection(type, depth, firstFragment)).join(" ")} }`;
  }

  const root = schema.getQueryType();
  if (!root) throw new Error("The schema has no query type.");
  const body = selections(root, 4, 0);
  const fragments = fragmentTypes.map((type, index) => `fragment F${index} on ${type.name} ${selections(type, 2, index + 1)}`);
  const used = new Set<number>();
  const use = (text: string) => {
    for (const [, digit] of text.matchAll(/\.\.\.F(\d)/g)) {
      if (!used.has(Number(digit))) use(fragments[Number(used.add(Number(digit)) && digit)] ?? "");
    }
  };
  use(body);
  const spread = fragments.filter((_, index) => used.has(index));
  const whole = [body, ...spread].join("\n");
  const definitions = [
    ["$v0", "Boolean!"],
    ["$v1", "Boolean = true"],
    ["$n", "Int"],
  ].filter(([name = ""]) => whole.includes(name));
  const header = definitions.length === 0 ? "" : `(${definitions.map((each) => each.join(": ")).join(", ")})`;
  const variableValues = { v0: draw(2) === 0, n: draw(3), ...(draw(2) === 0 && { v1: draw(2) === 0 }) };
  return { text: `query ${header} ${whole}`, variableValues };
}
