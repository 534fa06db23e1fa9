import { appendFileSync } from 'node:fs';
import { failuresOf, type StatisticsByTarget } from '../resilience/statistics.ts';
import { formatDuration } from './format-time.ts';

export interface SummaryFacts {
  title: string;
  /** How it ended, in a few words. */
  result?: string;
  steps?: readonly { id: string; status: string; attempts: number; durationMs?: number; error?: string }[];
  targets: StatisticsByTarget;
}

/** The report of a run or command for the page of a CI job, in GitHub's Markdown. */
export function renderStepSummary({ title, result, steps = [], targets }: SummaryFacts): string {
  const lines = [`### ${cellText(title)}`, ''];
  if (result !== undefined) lines.push(cellText(result), '');
  if (steps.length > 0) {
    lines.push('| step | status | attempts | time | error |', '|---|---|---:|---:|---|');
    for (const { id, status, attempts, durationMs, error } of steps) {
      const time = durationMs === undefined ? '' : formatDuration(durationMs);
      lines.push(`| ${cellText(id)} | ${status} | ${attempts} | ${time} | ${cellText(error ?? '')} |`);
    }
    lines.push('');
  }
  const asked = Object.entries(targets).sort(([, a], [, b]) => failuresOf(b) - failuresOf(a));
  if (asked.length > 0) {
    lines.push('| service | calls | at once | retries | given up | mean recovery | errors |');
    lines.push('|---|---:|---:|---:|---:|---:|---|');
    for (const [id, seen] of asked) {
      const recovery = seen.recovered === 0 ? '' : formatDuration(seen.recovery_ms / seen.recovered);
      const errors = Object.entries(seen.errors).map(([name, count]) => `${name} ${count}`);
      lines.push(
        `| ${cellText(id)} | ${seen.calls} | ${seen.first} | ${seen.retries} | ${seen.exhausted} | ${recovery} | ${errors.join(', ')} |`,
      );
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Appends the report to the file that a CI job names in GITHUB_STEP_SUMMARY. Best effort: a report is never what fails.
 *
 * @param path undefined or empty outside such a job
 */
export function appendStepSummary(path: string | undefined, facts: SummaryFacts): void {
  if (path === undefined || path === '') return;
  try {
    appendFileSync(path, renderStepSummary(facts));
  } catch {
    // The job's page lacks a table.
  }
}

/** Text of a table's cell: no new cell, no markup, no line. */
function cellText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\|<>*_`[\]]/g, '\\$&');
}
