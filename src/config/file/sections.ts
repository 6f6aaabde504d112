import type { z } from "zod";
import { limitsSection } from "../../auth/limits/limits-section.ts";
import { issuersSection } from "../../auth/tokens/other-issuers/issuers-section.ts";
import { rolesSection } from "../../auth/users/roles-section.ts";
import { accessSection } from "../../gateway/composition/access-section.ts";
import { supergraphSection } from "../../gateway/composition/supergraph-section.ts";
import { upstreamsSection } from "../../gateway/upstreams/upstreams-section.ts";
import { hooksSection } from "../../hooks/hooks-section.ts";
import { mailSection } from "../../mail/mail-section.ts";
import { webhooksSection } from "../../webhooks/webhooks-section.ts";
import { mapping } from "../values/schemas.ts";
import type { Section, Surroundings } from "../values/section.ts";

/** All that gateway.yaml can say, by the name of the section. */
export const sections = {
  roles: rolesSection,
  limits: limitsSection,
  upstreams: upstreamsSection,
  supergraph: supergraphSection,
  access: accessSection,
  issuers: issuersSection,
  hooks: hooksSection,
  webhooks: webhooksSection,
  mail: mailSection,
} as const satisfies Readonly<Record<string, Section>>;

type Sections = typeof sections;
type Schemas = { readonly [Name in keyof Sections]: ReturnType<Sections[Name]["schema"]> };

/** The schema of the whole file, read from a folder by a server. */
export function fileSchema(surroundings: Surroundings) {
  const schemas = Object.entries<Section>(sections).map(([name, section]) => [name, section.schema(surroundings)] as const);
  // The entries come from `sections` itself, which the type is made of; TypeScript cannot see that through `Object.entries`.
  return mapping(Object.fromEntries(schemas) as unknown as Schemas, "must be a mapping.");
}

/** What the file says, section by section. Paths are absolute. */
export type FileSections = Readonly<z.output<ReturnType<typeof fileSchema>>>;
