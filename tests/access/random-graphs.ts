import { buildSchema, type GraphQLSchema, getNamedType, isAbstractType, isObjectType } from "graphql";
import { directiveDefinitions } from "./guarded-graph.ts";

/** A number below `bound`. */
export type Draw = (bound: number) => number;

/** Mulberry32: what is drawn follows from the seed, which a failing property shows. */
export function createDraw(seed: number): Draw {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((more ^ (more >>> 14)) >>> 0) % bound;
  };
}

export const pick = <Item>(draw: Draw, items: readonly Item[]): Item => items[draw(items.length)] as Item;
const subset = (draw: Draw, items: readonly string[]) => items.filter(() => draw(2) === 0);
const wraps = ["*", "*", "*!", "[*]", "[*!]", "[*!]!", "[[*]!]"];
const leaves = ["String", "Int", "S0", "S1", "E0"];
const objects = ["O0", "O1", "O2", "O3"];
const interfaces = ["I0", "I1", "I2"];
const unions = ["U0", "U1"];
const fieldNames = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

const requirements = [
  "@authenticated",
  '@requiresScopes(scopes: [["s0"]])',
  '@requiresScopes(scopes: [["s0", "s1"], ["s2"]])',
  '@hasRole(roles: ["r0", "r1"])',
  '@hasRole(roles: ["r1"]) @requiresScopes(scopes: [["s1"]])',
];

/** Field types are the same wherever a name is used, but for objects in place of what is abstract: else few documents would be valid. */
export function drawSdl(draw: Draw): string {
  const guard = (oneIn: number) => (draw(oneIn) === 0 ? ` ${pick(draw, requirements)}` : "");
  const composites = [...objects, ...interfaces, ...unions];
  const named = new Map(fieldNames.map((name, index) => [name, index < 4 ? pick(draw, leaves) : pick(draw, composites)]));
  const wrap = new Map(fieldNames.map((name) => [name, pick(draw, wraps)]));

  const parents = new Map([
    ["I0", new Set<string>()],
    ["I1", new Set(draw(3) === 0 ? ["I0"] : [])],
    ["I2", new Set(draw(3) === 0 ? ["I0"] : [])],
  ]);
  const fieldsOfInterface = new Map<string, Set<string>>();
  for (const name of interfaces) {
    const inherited = [...(parents.get(name) ?? [])].flatMap((parent) => [...(fieldsOfInterface.get(parent) ?? [])]);
    fieldsOfInterface.set(name, new Set([...inherited, pick(draw, fieldNames), pick(draw, fieldNames)]));
  }
  const implemented = new Map(
    [...objects, "Query"].map((name) => {
      const direct = name === "Query" && draw(4) > 0 ? [] : subset(draw, interfaces);
      return [name, new Set(direct.flatMap((each) => [each, ...(parents.get(each) ?? [])]))];
    }),
  );
  const members = new Map(unions.map((name) => [name, [pick(draw, objects), ...subset(draw, objects)]]));
  const possible = (type: string) =>
    members.get(type) ?? [...implemented].filter(([name, all]) => name !== "Query" && all.has(type)).map(([name]) => name);

  function fieldOf(name: string, isObject: boolean): string {
    const declared = named.get(name) ?? "";
    const options = isObject && draw(4) === 0 ? possible(declared) : [];
    const type = options.length > 0 ? pick(draw, options) : declared;
    return `${name}(x: Int): ${(wrap.get(name) ?? "*").replace("*", type)}${guard(6)}`;
  }
  function definition(kind: "type" | "interface", name: string, supers: ReadonlySet<string>): string {
    const inherited = [...supers].flatMap((each) => [...(fieldsOfInterface.get(each) ?? [])]);
    const own =
      kind === "interface"
        ? (fieldsOfInterface.get(name) ?? [])
        : name === "Query"
          ? fieldNames
          : [pick(draw, fieldNames), ...subset(draw, fieldNames)];
    const fields = [...new Set([...inherited, ...own])].map((each) => fieldOf(each, kind === "type"));
    const list = supers.size === 0 ? "" : ` implements ${[...supers].join(" & ")}`;
    return `${kind} ${name}${list}${guard(name === "Query" ? 20 : 7)} {\n  ${fields.join("\n  ")}\n}`;
  }

  return [
    `scalar S0${guard(6)}`,
    `scalar S1${guard(6)}`,
    `enum E0${guard(6)} { A B }`,
    ...interfaces.map((name) => definition("interface", name, parents.get(name) ?? new Set())),
    ...[...objects, "Query"].map((name) => definition("type", name, implemented.get(name) ?? new Set())),
    ...unions.map((name) => `union ${name} = ${[...new Set(members.get(name))].join(" | ")}`),
  ].join("\n");
}

function hashOf(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  return (hash ^ (hash >>> 13)) >>> 1;
}

export interface Source {
  readonly __typename: string;
  readonly id: string;
}

export interface ObservedGraph {
  readonly schema: GraphQLSchema;
  /** The coordinates whose resolvers have run. */
  readonly resolved: Set<string>;
  /** Where a leaf's value came from, by value. */
  readonly origins: Map<unknown, string>;
}

/** Every value follows from the place it stands in, whoever asks: some are null, some resolvers fail. */
export function createObservedGraph(sdl: string): ObservedGraph {
  const schema = buildSchema(directiveDefinitions + sdl);
  const resolved = new Set<string>();
  const origins = new Map<unknown, string>();

  function leafOrObject(type: string, id: string, coordinate: string): unknown {
    const named = getNamedType(schema.getType(type));
    const hash = hashOf(id);
    if (type === "E0") return hash % 2 === 0 ? "A" : "B";
    if (isObjectType(named)) return { __typename: named.name, id };
    if (isAbstractType(named)) {
      const possible = schema.getPossibleTypes(named);
      return possible.length === 0 ? null : { __typename: possible[hash % possible.length]?.name ?? "", id };
    }
    const leaf = type === "Int" ? hash % 2 ** 31 : `${type} ${hash}`;
    origins.set(leaf, coordinate);
    return leaf;
  }

  function wrapped(type: string, id: string, coordinate: string): unknown {
    if (type.endsWith("!")) return wrapped(type.slice(0, -1), id, coordinate) ?? wrapped(type.slice(0, -1), `${id}'`, coordinate);
    if (hashOf(`null ${id}`) % 9 === 0) return null;
    if (!type.startsWith("[")) return leafOrObject(type, id, coordinate);
    const length = hashOf(`length ${id}`) % 3;
    return Array.from({ length }, (_, index) => wrapped(type.slice(1, -1), `${id}.${index}`, coordinate));
  }

  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = (value) => (value as Source).__typename;
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      field.resolve = (source: Source | undefined, args) => {
        resolved.add(coordinate);
        const id = `${source?.id ?? ""}/${field.name}(${args.x ?? ""})`;
        if (hashOf(`fail ${id}`) % 25 === 0) throw new Error("Failed.");
        return wrapped(String(field.type), id, coordinate);
      };
    }
  }
  return { schema, resolved, origins };
}
