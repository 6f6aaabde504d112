import { parse } from "yaml";
import { z } from "zod";
import { fileSchema, sections } from "./sections.ts";

type Json = Readonly<Record<string, unknown>>;

/** In development, where more is allowed: an editor does not know what the server is told beside the file. */
const surroundings = { folder: ".", inProduction: false, ourIssuer: "", ourRoles: new Set<string>() };

/** A supergraph has all graphs. Both may be there with nothing below. */
const notBoth = {
  required: ["supergraph", "upstreams"],
  properties: { supergraph: { type: "object" }, upstreams: { type: "array", minItems: 1 } },
};

/** What gateway.yaml may say, as JSON Schema (draft 2020-12), for editors. It refuses no file that a server takes. */
export function printFileSchema(): string {
  const { $schema, ...schema } = toJsonSchema(fileSchema(surroundings));
  const properties = schema.properties as Readonly<Record<string, Json>>;
  const described = Object.entries(sections).map(([name, { example }]) => [name, describeSection(properties[name] ?? {}, name, example)]);
  const title = "gateway.yaml of the GraphQL auth gateway";
  return `${JSON.stringify({ $schema, title, ...schema, properties: Object.fromEntries(described), not: notBoth }, undefined, 2)}\n`;
}

/** Null is a section that has nothing below its name. */
function describeSection({ type, ...schema }: Json, name: string, example: string): Json {
  return { type: [type, "null"], ...schema, examples: [(parse(example) as Json)[name]] };
}

function toJsonSchema(schema: z.core.$ZodType): Json {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: ({ zodSchema }) => describeMap(zodSchema) ?? "throw",
    override: ({ zodSchema, jsonSchema }) => requireKeys(zodSchema, jsonSchema),
  }) as Json;
}

/** What a mapping from chosen names is read into. */
function describeMap({ _zod: { def } }: z.core.$ZodTypes): z.core.JSONSchema.BaseSchema | undefined {
  if (def.type !== "map") return undefined;
  const [propertyNames = {}, additionalProperties = {}] = [def.keyType, def.valueType].map((each) => {
    const { $schema, ...schema } = toJsonSchema(each);
    return schema;
  });
  return { type: "object", propertyNames, additionalProperties };
}

/** Those that may not be left out. zod takes every key for optional that has something done before it is checked. */
function requireKeys({ _zod: { def } }: z.core.$ZodTypes, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  if (def.type !== "object") return;
  const required = Object.entries(def.shape).filter(([, schema]) => !z.safeParse(schema, undefined).success);
  if (required.length > 0) jsonSchema.required = required.map(([key]) => key);
}
