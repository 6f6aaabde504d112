import type { Holder, Sought } from "./import-store.ts";
import type { FieldProblem } from "./line-members.ts";

/** What a line wants to be the only one to have. */
export interface Claim {
  readonly line: number;
  /** Undefined: any. */
  readonly id: string | undefined;
  readonly emailKey: string;
}

/** What stands against claims, or has fulfilled them. */
export interface Findings {
  readonly fileHash: string;
  readonly holders: readonly Holder[];
  /** Addresses that accounts can still go back to. */
  readonly reserved: ReadonlySet<string>;
}

/** `imported`: by this very line. `present`: the same account was here before. */
export type Verdict = "free" | "imported" | "present" | FieldProblem;

export function soughtBy(claims: readonly Claim[]): Sought {
  return { ids: claims.flatMap(({ id }) => id ?? []), emailKeys: claims.map(({ emailKey }) => emailKey) };
}

/** In the order of the claims. */
export function judgeClaims(claims: readonly Claim[], { fileHash, holders, reserved }: Findings): Verdict[] {
  const byId = new Map(holders.map((holder) => [holder.id, holder]));
  const byEmailKey = new Map(holders.map((holder) => [holder.emailKey, holder]));
  return claims.map((claim) => {
    const sameId = claim.id === undefined ? undefined : byId.get(claim.id);
    const sameEmail = byEmailKey.get(claim.emailKey);
    if (isOf(claim, sameId, fileHash) || isOf(claim, sameEmail, fileHash)) return "imported";
    // The same line twice in one file is a mistake, the same user in two files is not.
    if (sameEmail !== undefined && sameEmail === sameId && sameEmail.file !== fileHash) return "present";
    if (sameEmail !== undefined) return { field: "email", reason: `Is the address of ${describe(sameEmail, fileHash)} already.` };
    if (sameId !== undefined) return { field: "id", reason: `Is the id of ${describe(sameId, fileHash)} already.` };
    if (!reserved.has(claim.emailKey)) return "free";
    return { field: "email", reason: "Was the address of an account that can still go back to it." };
  });
}

function isOf({ line }: Claim, holder: Holder | undefined, fileHash: string): boolean {
  return holder?.file === fileHash && holder.line === line;
}

function describe({ file, line }: Holder, fileHash: string): string {
  return file === fileHash && line !== null ? `line ${line}` : "another account";
}

/** The first of each address and of each id, and against which of them the others stand. */
export function separateRepeated<Claiming extends Claim>(claims: readonly Claiming[]) {
  const [ids, emailKeys] = [new Map<string, Claiming>(), new Map<string, Claiming>()];
  const [first, repeated]: [Claiming[], { claim: Claiming; before: Claiming }[]] = [[], []];
  for (const claim of claims) {
    const before = emailKeys.get(claim.emailKey) ?? (claim.id === undefined ? undefined : ids.get(claim.id));
    if (before !== undefined) {
      repeated.push({ claim, before });
      continue;
    }
    first.push(claim);
    emailKeys.set(claim.emailKey, claim);
    if (claim.id !== undefined) ids.set(claim.id, claim);
  }
  return { first, repeated };
}

/** A claim as others meet it once it is fulfilled. */
export function heldBy({ line, id = "", emailKey }: Claim, fileHash: string): Holder {
  return { id, emailKey, file: fileHash, line };
}
