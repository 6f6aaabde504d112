import type postgres from "postgres";
import { createClient, isStatement, type Statement } from "./driver.ts";

/** Builds the statements of every facade. One will do: what it builds is sent elsewhere, and to make one takes longer than a statement. */
const template = createClient(undefined, { preparesStatements: true, hear: undefined });
const build = template as unknown as (...args: unknown[]) => unknown;
const unsafe = template.unsafe.bind(template) as unknown as (...args: unknown[]) => unknown;

type Begin = (work: (connection: postgres.Sql) => Promise<unknown>) => Promise<unknown>;

/**
 * A client as callers know it, which connects to nothing: statements and pieces of them are built by the driver, and go where `run`
 * sends them once somebody waits for them.
 */
export function createFacade(run: (statement: Statement) => void, begin: Begin | undefined): postgres.Sql {
  function direct(built: unknown): unknown {
    if (isStatement(built)) built.handler = run;
    return built;
  }
  const facade = (...args: unknown[]) => direct(build(...args));
  const refuse = () => Promise.reject(new Error("This client begins no transactions."));
  return Object.assign(facade, template, {
    unsafe: (...args: unknown[]) => direct(unsafe(...args)),
    begin: begin ?? refuse,
  }) as unknown as postgres.Sql;
}
