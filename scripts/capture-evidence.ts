/**
 * Captures the output of real failing programs into test/errors/captured: `node scripts/capture-evidence.ts [PREFIX...]`.
 *
 * Needs Linux, root, Docker with the image local/debian:bookworm-slim, and the programs that it names. Run it by hand
 * when a program has changed its words; the captured files are committed and read by tests.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerAs } from '../test/support/evidence/answer.ts';
import { capture } from '../test/support/evidence/capture.ts';
import { CAPTURED } from '../test/support/evidence/captured.ts';
import { listCases } from '../test/support/evidence/cases.ts';
import { makeCertificates } from '../test/support/evidence/certificates.ts';
import { fillSite } from '../test/support/evidence/fill-site.ts';
import { startPeers } from '../test/support/evidence/peers.ts';

const prefixes = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'evidence-site-'));
const tls = makeCertificates(folder);
const site = fillSite(join(folder, 'site'));
const peers = await startPeers(answerAs(site), tls);
try {
  for (const one of listCases(peers)) {
    if (prefixes.length > 0 && !prefixes.some((prefix) => one.name.startsWith(prefix))) continue;
    const text = await capture(one, tls.ca).catch((thrown: unknown) => {
      console.error(String(thrown));
      process.exitCode = 1;
      return undefined;
    });
    if (text === undefined) continue;
    writeFileSync(new URL(`${one.name}.txt`, CAPTURED), text);
    console.log(one.name);
  }
} finally {
  await peers.close();
  rmSync(folder, { recursive: true, force: true });
}
