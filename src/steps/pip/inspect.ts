import type { PackageGround } from '../packages/ground.ts';

/**
 * Asks an interpreter for its packages, without pip: a virtual environment that uv has made has none. With pip's own
 * reader of requirements where there is one; else exact versions and names only.
 */
const SCRIPT = `
import importlib.metadata, json, re, sys
norm = lambda name: re.sub(r'[-_.]+', '-', name).lower()
there = {}
for dist in importlib.metadata.distributions():
    name = dist.metadata['Name']
    if name: there.setdefault(norm(name), dist.version)
try:
    from packaging.requirements import Requirement
except ImportError:
    try:
        from pip._vendor.packaging.requirements import Requirement
    except ImportError:
        Requirement = None
missing = []
for text in json.loads(sys.argv[1]):
    if Requirement is None:
        match = re.fullmatch(r'([A-Za-z0-9][\\w.-]*)(?:\\[[^]]*\\])?\\s*(?:==\\s*([\\w.+!-]+))?', text)
        if match is None:
            missing.append('whether ' + text + ' is installed cannot be told')
            continue
        name, fits = match[1], lambda version: match[2] is None or match[2] == version
        needed = True
    else:
        try:
            wanted = Requirement(text)
        except Exception:
            missing.append('whether ' + text + ' is installed cannot be told')
            continue
        name, fits = wanted.name, lambda version: wanted.specifier.contains(version, prereleases=True)
        needed = wanted.marker is None or wanted.marker.evaluate()
    version = there.get(norm(name))
    if not needed: continue
    if version is None: missing.append(name + ' is not installed')
    elif not fits(version): missing.append(name + ' is ' + version + ', not ' + text)
print(json.dumps({'installed': sorted(there), 'missing': missing}))
`;

export interface Inspected {
  /** Names of all packages, normalized. */
  installed: readonly string[];
  /** What of the requirements is not met: one line each. */
  missing: readonly string[];
}

/** @returns undefined when there is no such interpreter */
export async function inspectPython(
  ground: Pick<PackageGround, 'query'>,
  python: string,
  requirements: readonly string[],
): Promise<Inspected | undefined> {
  const args = ['-c', SCRIPT, JSON.stringify(requirements)];
  const { exitCode, stdout } = await ground.query({ file: python, args }).catch(() => ({ exitCode: null, stdout: '' }));
  return exitCode === 0 ? (JSON.parse(stdout) as Inspected) : undefined;
}
