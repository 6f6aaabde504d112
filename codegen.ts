import type { CodegenConfig } from "@graphql-codegen/cli";

/** Typed operations for the tests: what they send is checked against the schema when they are compiled. */
const config: CodegenConfig = {
  schema: "schema/auth.graphql",
  documents: "tests/operations/*.graphql",
  generates: {
    "tests/generated/operations.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        avoidOptionals: { field: true },
        scalars: { DateTime: "string", ID: "string", Scope: "string" },
        documentMode: "documentNode",
      },
    },
  },
};
export default config;
