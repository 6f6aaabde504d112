import mercuriusGateway from "@mercuriusjs/gateway";
import { type FastifyPluginAsync, fastify } from "fastify";

/*
 * The Mercurius gateway in front of products as a Federation subgraph; `jit` is on, which is as fast as it gets. It is not asked for
 * reviews, too: with graphql 16.15 it cannot print the query for entities.
 */

// The module is the plugin; its types say that it has one.
const plugin = mercuriusGateway as unknown as FastifyPluginAsync<Record<string, unknown>>;

const app = fastify();
await app.register(plugin, { jit: 1, gateway: { services: [{ name: "products", url: process.env.PRODUCTS_URL ?? "" }] } });
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
