import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Says which tests were skipped and why, and ends the output with one line that scripts read. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const test of tests) {
      const { state } = test.result();
      if (state === 'passed' || state === 'failed') counts[state]++;
      else counts.skipped++;
    }
    // A file that cannot be loaded, or a hook outside any test, fails without a failed test.
    counts.failed += modules.filter((module) => module.errors().length > 0).length;

    // The default reporter writes its own summary after this event.
    process.once('exit', () => {
      for (const line of explainSkipped(tests)) console.log(line);
      if (counts.passed + counts.failed === 0) {
        console.log('No test ran.');
        process.exitCode = 1;
      }
      if (counts.failed > 0) process.exitCode = 1;
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    });
  }
}

/** One line for each reason, with the names of the tests. */
function explainSkipped(tests: readonly TestCase[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const test of tests) {
    const result = test.result();
    if (result.state !== 'skipped') continue;
    const reason = result.note ?? 'no reason given';
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${test.module.relativeModuleId} > ${test.fullName}`]);
  }
  return [...byReason].flatMap(([reason, names]) => [`skipped: ${reason}`, ...names.map((name) => `  ${name}`)]);
}
