import { ApolloServer, type ApolloServerOptionsWithGateway } from "@apollo/server";
import fastifyApollo from "@as-integrations/fastify";
import { fastify } from "fastify";
import { buildSchema } from "graphql";
import { catalogue } from "./catalogue.ts";
import { connect } from "./post-json.ts";

/* Apollo Server whose executor sends the whole document to its one upstream, as it came. */

type Gateway = NonNullable<ApolloServerOptionsWithGateway<object>["gateway"]>;

const post = connect(process.env.PRODUCTS_URL ?? "");
const apiSchema = buildSchema(catalogue.products.stitchingSdl);

const gateway: Gateway = {
  onSchemaLoadOrUpdate(callback) {
    callback({ apiSchema, coreSupergraphSdl: "" });
    return () => undefined;
  },
  load: async () => ({
    executor: async ({ request: { query, variables } }) => JSON.parse((await post(JSON.stringify({ query, variables }))).text),
  }),
  stop: async () => undefined,
};

const server = new ApolloServer({ gateway });
await server.start();
const app = fastify();
await app.register(fastifyApollo(server));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
