import type { GraphQLError } from "graphql";
import { type ImaginedCaller, imagine } from "../../graphql/access-explainer.ts";
import { describeRefusal } from "../../graphql/documents/document-messages.ts";
import { explainOperation, isExplained } from "../../graphql/explain-operation.ts";
import { readOperatorsFile } from "../../start/files/operators-file.ts";
import type { Command, Given } from "../parts/command.ts";
import { CommandError } from "../parts/command-error.ts";
import { readConfiguredGraph } from "../parts/configured-graph.ts";
import { describeExplanation } from "../parts/describe-explanation.ts";

export const explain: Command = {
  name: "explain",
  arguments: ["OPERATION"],
  options: {
    roles: { value: "ROLES", summary: "Of the caller, comma separated." },
    scopes: { value: "SCOPES", summary: "Of the caller, comma separated; else those that come with the roles in gateway.yaml." },
    "operation-name": { value: "NAME", summary: "Which operation, where the document has several." },
  },
  flags: { anonymous: "A caller without an access token, as it is without --roles and --scopes." },
  summary: "Tells what each coordinate of an operation takes, and what a caller lacks.",
  description: `OPERATION is a GraphQL document, or the path of a file that holds one: what has no { is a path. For each coordinate that it
selects you are told what it needs, which graph or policy asks for that, and what is missing. Nothing is executed. Of
gateway.yaml it takes the roles, the policies and the graphs behind the gateway, which are asked for their SDL; it needs no
database, and no secret.`,
  takesPassword: false,
  async run({ arguments: [operation = ""], ...given }) {
    const caller = readCaller(given);
    const text = operation.includes("{") ? operation : readOperatorsFile("OPERATION", operation);
    const { graph, roles } = await readConfiguredGraph();
    const as = imagine(caller, roles);
    const asked = { text, operationName: given.options.get("operation-name"), as };
    const explained = explainOperation(graph, asked, { introspection: true });
    if (!isExplained(explained)) throw new CommandError(["The operation cannot be executed:", ...explained.map(describe)].join("\n"));
    return describeExplanation(explained, as);
  },
};

function readCaller({ flags, options }: Pick<Given, "flags" | "options">): ImaginedCaller | undefined {
  const [roles, scopes] = [options.get("roles"), options.get("scopes")];
  if (roles === undefined && scopes === undefined) return undefined;
  if (flags.has("anonymous")) throw new CommandError("A caller is either anonymous or has roles and scopes.");
  return { roles: readNames(roles ?? ""), scopes: scopes === undefined ? undefined : readNames(scopes) };
}

function readNames(list: string): string[] {
  return list.split(/[\s,]+/).filter((name) => name !== "");
}

function describe(error: GraphQLError): string {
  const places = (error.locations ?? []).map(({ line, column }) => `${line}:${column} `);
  return `  - ${places[0] ?? ""}${describeRefusal(error)}`;
}
