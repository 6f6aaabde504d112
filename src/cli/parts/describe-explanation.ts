import type { Caller } from "../../access/denials.ts";
import type { AccessExplanation } from "../../access/explain-access.ts";
import { describeName, describeRequirement } from "../../access/requirements/describe-requirement.ts";
import type { LocatedSource } from "../../access/requirements/requirement-sources.ts";
import { isAnonymous } from "../../core/permissions.ts";

/** A block for each coordinate, between who is asking and how many are denied. */
export function describeExplanation(explained: readonly AccessExplanation[], as: Caller): string {
  const width = Math.max(0, ...explained.map(({ coordinate }) => coordinate.length));
  const denied = explained.filter(({ denial }) => denial !== undefined).length;
  const count = `${denied} of ${explained.length} denied.`;
  return `${[describeCaller(as), ...explained.map((each) => describeOne(each, width)), count].join("\n\n")}\n`;
}

function describeCaller(as: Caller): string {
  if (isAnonymous(as)) return "For a caller without an access token:";
  const describeNames = (names: ReadonlySet<string>) => [...names].join(", ") || "none";
  return `For a signed-in caller with the roles: ${describeNames(as.roles)}; scopes: ${describeNames(as.scopes)}`;
}

function describeOne({ coordinate, requirement, sources, denial, missing }: AccessExplanation, width: number): string {
  const lines: [string, string][] = [["needs", describeRequirement(requirement)]];
  if (missing.length > 0) lines.push(["missing", missing.map(describeName).join(", ")]);
  describeSources(sources).forEach((source, index) => {
    lines.push([index === 0 ? "from" : "", source]);
  });
  const head = `${coordinate.padEnd(width)}  ${denial === undefined ? "allowed" : denial.code}`;
  return [head, ...lines.map(([name, value]) => `  ${name.padEnd(7)}  ${value}`)].join("\n");
}

/** In columns: who asks, where, for what. */
function describeSources(sources: readonly LocatedSource[]): string[] {
  const rows = sources.map(({ source, coordinate, via, requirement }) => {
    const place = via === undefined ? coordinate : `${coordinate} via ${via}`;
    return [source, place, describeRequirement(requirement)] as const;
  });
  const [sourceWidth, placeWidth] = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([source, place, needed]) => `${source.padEnd(sourceWidth ?? 0)}  ${place.padEnd(placeWidth ?? 0)}  ${needed}`);
}
