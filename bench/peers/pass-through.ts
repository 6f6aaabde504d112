import { createServer } from "node:http";
import { connect } from "./post-json.ts";

/* What a gateway cannot do less than: the request's bytes to the upstream, and the answer's back. It reads neither. */

const post = connect(process.env.PRODUCTS_URL ?? "");

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", async () => {
    const { status, text } = await post(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
