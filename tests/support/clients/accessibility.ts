import axe from "axe-core";
import type { BrowserPage } from "./browser.ts";

/**
 * What axe-core finds wrong with a page as it stands: the rule, and where. Run by the browser's debugger, whatever the page's policy
 * allows.
 */
export async function violationsOf(page: BrowserPage): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`,
  );
}
