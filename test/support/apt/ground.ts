import { onTestFinished } from 'vitest';
import { type HttpSite, startSite } from '../http-site.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { type Debian, type DebianOptions, startDebian } from './debian.ts';
import { buildRepository, type TestPackage } from './repository.ts';

const PACKAGES: readonly TestPackage[] = [
  { name: 'tool', depends: 'library' },
  { name: 'library' },
  // Ends dpkg in the middle, as a power cut would, the first time.
  { name: 'interrupted', postinst: '[ -e /tmp/once ] || { touch /tmp/once; kill -9 $PPID; sleep 1; }' },
  { name: 'hopeless', postinst: 'echo "its script fails" >&2; exit 1' },
];

/** Shell words that tell of packages behind them how they are, one a line. */
export const IS_INSTALLED = `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n'`;

export interface AptGround extends Debian {
  /** Address of the repository. */
  url: string;
  /** What it serves, by path; to be broken. */
  pages: HttpSite['pages'];
  /** Makes an address the only source of the system. */
  use(url: string): Promise<unknown>;
}

/** A Debian system whose only source is a repository of the test's. */
export async function makeAptGround(options: DebianOptions = {}): Promise<AptGround> {
  const site = await startSite();
  onTestFinished(() => site.close());
  for (const [path, content] of buildRepository(await makeTempFolder(), PACKAGES)) site.pages[path] = content;
  const debian = startDebian(options);
  const use = (url: string) => debian.run(`echo 'deb [trusted=yes] ${url} ./' >/etc/apt/sources.list`);
  await use(site.url);
  return { ...debian, url: site.url, pages: site.pages, use };
}
