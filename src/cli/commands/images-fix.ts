import { InstallerError } from '../../errors/installer-error.ts';
import { calmGuard } from '../../images/calm-guard.ts';
import { readChains } from '../../images/chains/chain-file.ts';
import { checkImages, lookUpImage } from '../../images/check-images.ts';
import { imagesOf, readSources } from '../../images/find/read-sources.ts';
import { describeFix, fixesToAskFor } from '../../images/fix/describe-fix.ts';
import { type Fix, planFixes, type Unfixed } from '../../images/fix/plan-fixes.ts';
import { planReversion, revert } from '../../images/fix/revert.ts';
import type { Change } from '../../images/fix/version-change.ts';
import { fixSources, writeFixed } from '../../images/fix/write-fixes.ts';
import { createPaint } from '../../ui/paint.ts';
import { createConsent } from '../../ui/prompt.ts';
import { listOf, openImageSession } from '../image-session.ts';
import type { Invocation } from '../program.ts';
import { consentOptions, type Terminal, viewOf } from '../terminal.ts';

const DEFAULT_ALLOWED: Change = 'patch';

/**
 * `images fix FILE...`: writes what can be had in the place of what is gone.
 *
 * @returns exit code
 * @throws InstallerError naming images for which there is nothing; `consent_needed`, `consent_declined` with nothing
 *   written, when a change is larger than allowed
 */
export async function imagesFix(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags, list } = invocation;
  if (flags.revert === true) return await revertFiles(invocation, terminal);
  const sources = await readSources(list, terminal.env);
  const chains = readChains(terminal.home, listOf(flags.chains));
  const session = await openImageSession('images fix', flags, terminal);
  try {
    const { api, guard, signal, platform, known } = session;
    const options = { api, guard, signal, platform, known, env: terminal.env, local: flags.local !== false };
    const checked = await checkImages(imagesOf(sources), options);
    const calm = { ...options, guard: calmGuard(guard) };
    const { fixes, unfixed } = await planFixes(checked, chains, (image, on) => lookUpImage(image, on, calm));
    const files = fixSources(sources, fixes);
    if (flags.quiet !== true) {
      showDifference(
        terminal,
        flags,
        files.flatMap(({ difference }) => difference),
      );
      for (const fix of fixes) terminal.stderr.write(`${describeFully(fix)}\n`);
    }
    const copies: { file: string; copy: string }[] = [];
    if (flags['dry-run'] !== true && files.length > 0) {
      await askFor(fixes, (flags.allow as Change | undefined) ?? DEFAULT_ALLOWED, flags.yes === true, terminal, signal);
      const now = new Date();
      for (const file of files) copies.push({ file: file.file, copy: await writeFixed(file, now) });
    }
    tell(terminal, flags, fixes, unfixed, copies);
    if (unfixed.length > 0) throw nothingFor(unfixed);
    return 0;
  } finally {
    await session.close();
  }
}

async function askFor(
  fixes: readonly Fix[],
  allowed: Change,
  yes: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const asked = fixesToAskFor(fixes, allowed);
  if (asked.length === 0) return;
  const consent = createConsent({ ...consentOptions(terminal, yes), signal });
  await consent('Write these changes?', asked.map(describeFully));
}

/** With its chain's note, and what was passed over. */
function describeFully(fix: Fix): string {
  const { mayNeedLogin, link, passedOver } = fix;
  const passed = passedOver.length === 0 ? '' : `; not to be had: ${passedOver.map((one) => one.image).join(', ')}`;
  const login = mayNeedLogin ? '; its registry wants a login, which may be all that is missing' : '';
  const note = link.note === undefined ? '' : ` (${link.note})`;
  return `${describeFix(fix)}${note}${passed}${login}`;
}

function showDifference(terminal: Terminal, flags: Invocation['flags'], lines: readonly string[]): void {
  const view = viewOf(terminal.stderr, terminal, flags.color as boolean | undefined);
  const paint = createPaint(view.color);
  for (const line of lines) {
    const shown = line.startsWith('-') ? paint.failed(line) : line.startsWith('+') ? paint.done(line) : paint.dim(line);
    terminal.stderr.write(`${shown}\n`);
  }
}

function tell(
  terminal: Terminal,
  flags: Invocation['flags'],
  fixes: readonly Fix[],
  unfixed: readonly Unfixed[],
  copies: readonly { file: string; copy: string }[],
): void {
  if (flags.json === true) {
    const answer = {
      written: copies.length > 0,
      fixes: fixes.map(({ image, to, change, unpins, passedOver }) => ({
        from: image.text,
        to,
        change,
        unpins,
        passed_over: passedOver.map((one) => one.image),
        places: image.places.map(({ file, line }) => ({ file, line })),
      })),
      unfixed: unfixed.map(({ image, why }) => ({ image: image.text, why })),
      copies,
    };
    terminal.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  if (flags.quiet === true) return;
  if (fixes.length + unfixed.length === 0) terminal.stderr.write('all images can be had, nothing to fix\n');
  for (const { file, copy } of copies) terminal.stderr.write(`written: ${file}\n  as it was: ${copy}\n`);
}

function nothingFor(unfixed: readonly Unfixed[]): InstallerError {
  const names = unfixed.map(({ image }) => image.text).join(', ');
  return new InstallerError('step_failed', `nothing can take the place of ${names}`, {
    lines: unfixed.flatMap(({ image, why }) => image.places.map(({ file, line }) => `${file}:${line}: ${why}`)),
    hint: 'add a chain for it to $CONTEXTCORE_HOME/image-chains.yaml (docs/images.md shows how)',
  });
}

/** `images fix --revert FILE...` */
async function revertFiles({ flags, list }: Invocation, terminal: Terminal): Promise<number> {
  const reversions = await Promise.all(list.map(planReversion));
  if (flags.quiet !== true)
    showDifference(
      terminal,
      flags,
      reversions.flatMap(({ difference }) => difference),
    );
  if (flags['dry-run'] === true) return 0;
  const lossy = reversions.filter(({ losesMore }) => losesMore);
  if (lossy.length > 0) {
    const consent = createConsent(consentOptions(terminal, flags.yes === true));
    await consent(
      `Take back all of this? More than images has changed since in ${lossy.map(({ file }) => file).join(', ')}`,
    );
  }
  for (const reversion of reversions) await revert(reversion);
  if (flags.json === true) {
    terminal.stdout.write(`${JSON.stringify({ reverted: reversions.map(({ file, copy }) => ({ file, copy })) })}\n`);
  } else if (flags.quiet !== true) {
    for (const { file } of reversions) terminal.stderr.write(`as it was before: ${file}\n`);
  }
  return 0;
}
