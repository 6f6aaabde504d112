import { ApolloServer } from "@apollo/server";
import fastifyApollo from "@as-integrations/fastify";
import { stitchSchemas } from "@graphql-tools/stitch";
import { stitchingDirectives } from "@graphql-tools/stitching-directives";
import { fastify } from "fastify";
import { buildSchema } from "graphql";
import { catalogue } from "./catalogue.ts";
import { createUpstreamExecutor } from "./post-json.ts";

/* Apollo Server with both graphs stitched, as the documentation of @graphql-tools/stitch has it. */

const urls = { products: process.env.PRODUCTS_URL ?? "", reviews: process.env.REVIEWS_URL ?? "" };
const { stitchingDirectivesTransformer } = stitchingDirectives();
const schema = stitchSchemas({
  subschemas: (["products", "reviews"] as const).map((name) =>
    stitchingDirectivesTransformer({
      schema: buildSchema(catalogue[name].stitchingSdl),
      executor: createUpstreamExecutor(urls[name]),
      batch: true,
    }),
  ),
});

const server = new ApolloServer({ schema });
await server.start();
const app = fastify();
await app.register(fastifyApollo(server));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
