import { createServer } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { catalogue } from "./catalogue.ts";
import { createUpstreamExecutor } from "./post-json.ts";

/*
 * Hive Gateway's engine: in front of one graph as a proxy, or of both by a supergraph. @graphql-hive/gateway is the same with a command
 * line around it. Its own transport is @graphql-mesh/transport-http; here it has the quicker one that all peers have.
 */

const urls = { products: process.env.PRODUCTS_URL ?? "", reviews: process.env.REVIEWS_URL ?? "" };

function composeSupergraph(): string {
  const names = ["products", "reviews"] as const;
  const { supergraphSdl } = composeServices(
    names.map((name) => ({ name, url: urls[name], typeDefs: parse(catalogue[name].federationSdl) })),
  );
  if (supergraphSdl === undefined) throw new Error("the graphs do not compose");
  return supergraphSdl;
}

const graphs =
  process.env.MODE === "proxy"
    ? { proxy: { endpoint: urls.products }, schema: catalogue.products.stitchingSdl }
    : { supergraph: composeSupergraph() };
const http = { getSubgraphExecutor: ({ transportEntry: { location = "" } }) => createUpstreamExecutor(location) };
const gateway = createGatewayRuntime({ ...graphs, transports: { http }, logging: false, landingPage: false, graphiql: false });
createServer((request, response) => void gateway(request, response)).listen(Number(process.env.PORT), "127.0.0.1");
