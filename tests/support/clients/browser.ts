import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { isInstalled } from "../installed.ts";

/** Whether there is a Chromium on this machine. */
export const hasBrowser = isInstalled("chromium");

export interface BrowserPage {
  /** The value of an expression in the page, once its promise is settled. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true there. */
  until(expression: string): Promise<void>;
  /** As somebody has it who prefers light, or dark. */
  prefer(colours: "light" | "dark"): Promise<void>;
  /** A PNG. */
  screenshot(): Promise<Buffer>;
}

export interface Browser {
  /** `language`: what the browser asks for, else English. */
  open(url: string, options?: { language?: string }): Promise<BrowserPage>;
  close(): Promise<void>;
}

type Send = (method: string, params?: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** Beside busy loops on every core its first page has taken more than 20 seconds. */
const LONGEST_WAIT_MILLISECONDS = 120_000;

/** What a browser does beside showing pages, and a process for each page: the half of its work. */
const lean = [
  ...["background-networking", "component-update", "default-apps", "extensions", "sync", "breakpad", "domain-reliability"],
  ...["component-extensions-with-background-pages", "site-isolation-trials", "software-rasterizer"],
].map((name) => `--disable-${name}`);
const oneRenderer = ["--renderer-process-limit=1", "--process-per-site", "--disable-features=IsolateOrigins,site-per-process,Translate"];

/** A real one, driven by its own protocol (Chrome DevTools). */
export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "browser-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=390,700"];
  const child = spawn("chromium", [...flags, ...lean, ...oneRenderer, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const origin = await debuggingOrigin(child);
  const sockets = new Set<WebSocket>();
  return {
    async open(url, { language = "en" } = {}) {
      const response = await fetch(`${origin}/json/new?about:blank`, { method: "PUT" });
      const { webSocketDebuggerUrl } = (await response.json()) as { webSocketDebuggerUrl: string };
      const socket = new WebSocket(webSocketDebuggerUrl);
      sockets.add(socket);
      await once(socket, "open");
      const send = createSend(socket);
      await send("Network.enable");
      await send("Network.setExtraHTTPHeaders", { headers: { "accept-language": language } });
      await send("Page.enable");
      // In place of the empty page, as a click in a mail program opens it.
      await send("Runtime.evaluate", { expression: `location.replace(${JSON.stringify(url)})` });
      const page = createPage(send);
      await page.until("document.readyState === 'complete' && location.href !== 'about:blank'");
      return page;
    },
    async close() {
      for (const socket of sockets) socket.close();
      const exited = once(child, "exit");
      child.kill();
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function debuggingOrigin(child: ChildProcess): Promise<string> {
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  for (;;) {
    const address = /DevTools listening on ws:\/\/([^/]+)\//.exec(output)?.[1];
    if (address !== undefined) return `http://${address}`;
    if (child.exitCode !== null) throw new Error(`the browser did not start: ${output}`);
    await Promise.race([once(child, "exit"), once(child.stderr ?? child, "data")]);
  }
}

function createSend(socket: WebSocket): Send {
  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  let last = 0;
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result ?? {});
  });
  return (method, params = {}) => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => waiting.set(id, resolve));
  };
}

function createPage(send: Send): BrowserPage {
  async function evaluate(expression: string): Promise<unknown> {
    const { result } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    return (result as { value?: unknown } | undefined)?.value;
  }
  return {
    evaluate,
    async until(expression) {
      const endsAt = Date.now() + LONGEST_WAIT_MILLISECONDS;
      while ((await evaluate(expression).catch(() => false)) !== true) {
        if (Date.now() > endsAt) throw new Error(`never true: ${expression}; ${await evaluate("document.body.innerText")}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async prefer(colours) {
      await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: colours }] });
    },
    async screenshot() {
      const { data } = await send("Page.captureScreenshot", { format: "png" });
      return Buffer.from(String(data), "base64");
    },
  };
}
