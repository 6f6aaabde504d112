import type { Sql } from "postgres";
import { type Tracing, traced } from "./tracing.ts";

const MAXIMUM_TEXT = 2000;

/** A statement of postgres.js, as far as it matters here: it is sent when somebody first waits for it. */
interface PendingStatement {
  then: Promise<unknown>["then"];
}

/** A pool whose statements have spans. Of each only the text, in which every value is a parameter. */
export function traceStatements(sql: Sql, tracing: Tracing): Sql {
  const { constructor: name } = sql("name");

  function trace(text: string, statement: unknown): unknown {
    if (!isStatement(statement)) return statement;
    const send = statement.then.bind(statement);
    let outcome: Promise<unknown> | undefined;
    // biome-ignore lint/suspicious/noThenProperty: this is where postgres.js sends it, and the only way to see it answered.
    statement.then = (onFulfilled, onRejected) => {
      outcome ??= traced(tracing, describe(text), () => new Promise((resolve, reject) => void send(resolve, reject)));
      return outcome.then(onFulfilled, onRejected);
    };
    return statement;
  }

  return new Proxy(sql, {
    apply(target, self, args) {
      const statement = Reflect.apply(target, self, args);
      return isTemplate(args[0]) ? trace(textOf(args[0], args.slice(1)), statement) : statement;
    },
    get(target, property, receiver) {
      const value = Reflect.get(target, property, receiver);
      if (property === "unsafe") return (text: string, ...rest: never[]) => trace(text, Reflect.apply(value, target, [text, ...rest]));
      if (property === "begin" || property === "savepoint")
        return (...args: unknown[]) => Reflect.apply(value, target, args.map(withTracing));
      return value;
    },
  });

  /** The text of a statement, with the names of tables and without values. */
  function textOf(strings: readonly string[], values: readonly unknown[]): string {
    const shown = values.map((value) => (value instanceof name ? String(Reflect.get(value, "value")) : "$?"));
    return strings.map((part, index) => part + (shown[index] ?? "")).join("");
  }

  /** A transaction's own connection is given to what runs inside it. */
  function withTracing(argument: unknown): unknown {
    return typeof argument === "function" ? (inner: Sql) => argument(traceStatements(inner, tracing)) : argument;
  }
}

function describe(text: string) {
  const shown = text.replace(/\s+/g, " ").trim().slice(0, MAXIMUM_TEXT);
  const [verb = ""] = shown.split(" ", 1);
  const facts = { "db.system.name": "postgresql", "db.operation.name": verb.toUpperCase(), "db.query.text": shown };
  return { name: `postgresql ${verb.toLowerCase()}`, kind: "client", facts } as const;
}

function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && "raw" in value;
}

function isStatement(value: unknown): value is PendingStatement {
  return value instanceof Promise;
}
