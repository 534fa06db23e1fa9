import { ALERT_RULES, comparisonOf } from '../alerts/render.ts';
import type { AlertRule } from '../alerts/rule.ts';

const BLOCK = /<!-- generated -->\n[\s\S]*?<!-- end -->/;

/**
 * The parts of docs/runbooks that follow from the rules; all else in them is written by hand.
 *
 * @returns tables by path, relative to the repository
 */
export function renderRunbookParts(): ReadonlyMap<string, string> {
  const parts = new Map(ALERT_RULES.map((rule) => [`docs/runbooks/${rule.name}.md`, pageTable(rule)]));
  parts.set('docs/runbooks/README.md', indexTable());
  return parts;
}

/** @throws Error when the page has no place for it */
export function insertPart(page: string, part: string): string {
  if (!BLOCK.test(page)) throw new Error('the page has no lines <!-- generated --> and <!-- end -->');
  return page.replace(BLOCK, () => `<!-- generated -->\n${part}\n<!-- end -->`);
}

function pageTable(rule: AlertRule): string {
  return `| ${rule.name} | ${rule.severity} |
| --- | --- |
| fires | ${rule.condition}${rule.hold === undefined ? '' : ` It must hold for ${rule.hold}.`} |
| ends with | ${rule.resolves} |
| threshold | ${comparisonOf(rule)} |`;
}

function indexTable(): string {
  const rows = ALERT_RULES.map(
    ({ name, severity, condition }) => `| [${name}](${name}.md) | ${severity} | ${condition} |`,
  );
  return ['| alert | severity | fires |', '| --- | --- | --- |', ...rows].join('\n');
}
