import postgres from "postgres";
import { createAccountDirectory } from "../../src/auth/admin/account-directory.ts";
import { createAccountDirectoryStore } from "../../src/auth/admin/account-directory-store.ts";
import { createCountOtherRoles } from "../../src/auth/admin/held-roles-store.ts";
import { createAuditTrail } from "../../src/auth/audit/audit-trail.ts";
import { createAuditTrailStore } from "../../src/auth/audit/audit-trail-store.ts";
import { createAccountStore } from "../../src/auth/users/account-store.ts";
import { createDatabase } from "../../src/database/database.ts";
import { SCHEMA } from "../../tests/support/raw-client.ts";
import type { PageCase } from "./page-cases.ts";

export interface PagePlans {
  /** What the plans of a case's statements read, statement by statement. */
  explain(pageCase: PageCase): Promise<string>;
  close(): Promise<void>;
}

interface Plan {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Plan[];
}

/** Asks the domain for the page, listens to its statements, and has PostgreSQL explain each of them with its own values. */
export function openPagePlans(databaseUrl: string): PagePlans {
  let statements: { text: string; values: unknown[] }[] = [];
  const client = postgres(databaseUrl, {
    max: 1,
    onnotice: () => undefined,
    debug: (_connection, text, values) => statements.push({ text, values }),
  });
  const database = createDatabase(client, SCHEMA);
  const auditTrail = createAuditTrail({ store: createAuditTrailStore(database), clock: () => new Date(), refreshGraceSeconds: 30 });
  const directory = createAccountDirectory({
    accounts: createAccountStore(database),
    store: createAccountDirectoryStore(database),
    countOtherRoles: createCountOtherRoles(database),
  });

  async function ask({ list, request }: PageCase): Promise<unknown> {
    if (list === "auditEvents") return auditTrail.page(request, undefined);
    const page = await directory.page(request);
    statements = list === "totalCount" ? [] : statements;
    return list === "totalCount" ? page.count() : page;
  }

  return {
    async explain(pageCase) {
      await client`select`;
      statements = [];
      await ask(pageCase);
      const described: string[] = [];
      for (const { text, values } of [...statements]) {
        const [row] = await client.unsafe(`explain (format json) ${text}`, values as string[]);
        described.push([...new Set(readsOf(row?.["QUERY PLAN"][0].Plan))].join(" and "));
      }
      return described.join(", then ");
    },
    close: () => client.end(),
  };
}

function readsOf(plan: Plan): string[] {
  const own = plan["Index Name"] ?? (plan["Node Type"] === "Seq Scan" ? `all of ${plan["Relation Name"]}` : undefined);
  return [...(own === undefined ? [] : [own]), ...(plan.Plans ?? []).flatMap(readsOf)];
}
