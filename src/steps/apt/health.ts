import { InstallerError } from '../../errors/installer-error.ts';
import type { PackageGround } from '../packages/ground.ts';
import type { AptCommands } from './apt-command.ts';

/** What can be wrong with the package system before anything is installed. */
export type Ailment =
  /** dpkg was interrupted, or a package's own script has failed. */
  | 'unfinished'
  /** An installed package lacks what it depends on. */
  | 'dependencies'
  /** apt's lists or its cache of them cannot be read. */
  | 'lists'
  /** dpkg's record of what is installed cannot be read. */
  | 'database';

export interface Diagnosis {
  ailment: Ailment;
  /** What the program said that found it, one line. */
  evidence: string;
}

/** What apt-get says about each, the most telling first. */
const AILMENTS: readonly (readonly [RegExp, Ailment])[] = [
  [/dpkg was interrupted/i, 'unfinished'],
  [/MergeList \/var\/lib\/dpkg|parsing file '\/var\/lib\/dpkg|\/var\/lib\/dpkg\/status/, 'database'],
  [/unmet dependencies|held broken packages|fix-?broken|apt --fix|-f install/i, 'dependencies'],
  [/package lists|parse package file|cache file|MergeList|no Package: header|\/var\/lib\/apt\/lists/i, 'lists'],
];

/**
 * Looks whether packages can be installed here at all; changes nothing and takes no lock.
 *
 * @returns what is wrong; undefined when nothing is
 * @throws InstallerError for what no repair of ours can mend, such as a mistake in the user's sources
 */
export async function diagnose(
  ground: Pick<PackageGround, 'query'>,
  { root }: Pick<AptCommands, 'root'>,
): Promise<Diagnosis | undefined> {
  // As root, because dpkg reports what is unfinished to nobody else. Who may not ask knows nothing of its health.
  const ask = async (file: string, ...args: readonly string[]) => {
    const answer = await ground.query(root(file, ...args));
    if (answer.exitCode === 0 || !/^sudo: |permission denied/im.test(answer.stderr)) return answer;
    throw new InstallerError('step_failed', `${file}: ${firstLine(answer.stderr)}`, { class: 'unauthorized' });
  };
  // dpkg is a package like any other, so a record without it is not this system's.
  const own = await ask('dpkg-query', '-W', '-f', `\${db:Status-Status}`, 'dpkg');
  if (own.exitCode !== 0) {
    const evidence = firstLine(own.stderr);
    return { ailment: 'database', evidence: /error/.test(evidence) ? evidence : `dpkg has no record of itself` };
  }
  const audit = await ask('dpkg', '--audit');
  if (audit.exitCode !== 0) return { ailment: 'database', evidence: firstLine(audit.stderr) };
  const unfinished = packagesIn(audit.stdout);
  if (unfinished.length > 0) {
    return { ailment: 'unfinished', evidence: `dpkg --audit: not fully installed: ${unfinished.join(', ')}` };
  }
  // Simulated, because the real one wants the lock.
  const check = await ask('apt-get', '-s', 'check');
  if (check.exitCode === 0) return undefined;
  const said = `${check.stderr}\n${check.stdout}`;
  const found = AILMENTS.find(([pattern]) => pattern.test(said));
  if (found !== undefined) return { ailment: found[1], evidence: `apt-get check: ${firstError(said)}` };
  throw new InstallerError('step_failed', `apt-get check: ${firstError(said)}`, {
    class: 'cancelled',
    tail: said.trim().split('\n').slice(-20),
    hint: 'mend what it names, usually /etc/apt/sources.list or a file below /etc/apt/sources.list.d',
  });
}

/** dpkg's report names one package a line, indented by a blank. */
function packagesIn(report: string): readonly string[] {
  return report.split('\n').flatMap((line) => /^ ([a-z0-9][a-z0-9+.:-]*)/.exec(line)?.[1] ?? []);
}

function firstLine(text: string): string {
  return text.trim().split('\n').slice(0, 2).join(' ').trim();
}

function firstError(text: string): string {
  return /^E: (.*)$/m.exec(text)?.[1]?.trim() ?? firstLine(text);
}
