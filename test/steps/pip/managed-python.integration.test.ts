import { describe, expect, it } from 'vitest';
import { type Debian, startDebian } from '../../support/apt/debian.ts';
import { prepareDebian } from '../../support/apt/prepared-debian.ts';
import { startIndex } from '../../support/pip/index-site.ts';
import { obtainPythonTools, uvFolder } from '../../support/pip/tools.ts';
import { missingPrograms } from '../../support/programs.ts';

const debian = prepareDebian();
const missing = debian.missing ?? missingPrograms('python3') ?? obtainPythonTools();
const LIMIT_MS = 400_000;
const REFUSED = /✗ this Python is managed by the system, which packages of pip may break \(PEP 668\)\n/;

/** All that is below the system's Python. */
const SYSTEM = 'find /usr/lib/python3* /usr/local/lib -not -name "*.pyc" -not -name __pycache__ | sort | sha256sum';

/** Debian's own Python, which is marked as managed. Function there: `pip_install ARGS`. */
async function startManaged(tool: 'pip' | 'uv'): Promise<Debian> {
  const { index } = await startIndex();
  const ground = startDebian({ image: debian.image, folders: [uvFolder] });
  const path = tool === 'uv' ? `export PATH="$PATH:${uvFolder}"` : '';
  await ground.run(`cat >>/tmp/functions <<'END'
export PIP_INDEX_URL=${index} UV_DEFAULT_INDEX=${index} PIP_ROOT_USER_ACTION=ignore HOME=/root
${path}
cd /root
pip_install() { installer pip install --delay 10ms "$@"; }
END`);
  return ground;
}

describe.skipIf(missing !== undefined)(
  `pip and a Python that the system manages${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    it.each(['pip', 'uv'] as const)(
      'refuses by %s at once, changes nothing, and names the ways that there are',
      async (tool) => {
        const { run } = await startManaged(tool);
        const before = (await run(SYSTEM)).output;
        const refused = await run('pip_install hello-py');
        expect([refused.exitCode, refused.output]).toEqual([tool === 'uv' ? 2 : 1, expect.stringMatching(REFUSED)]);
        expect(refused.output).toContain('--venv DIR');
        expect(refused.output).not.toContain('attempt 1 failed');
        const into = await run("pip_install --venv env hello-py && env/bin/python -c 'import hello_py'");
        expect([into.exitCode, into.output]).toEqual([0, expect.anything()]);
        expect((await run(SYSTEM)).output).toBe(before);
      },
      LIMIT_MS,
    );

    it.each(['pip', 'uv'] as const)(
      'installs into it by %s when told so, and takes that back',
      async (tool) => {
        const { run } = await startManaged(tool);
        await run(
          `printf 'steps:\\n  - id: python\\n    pip: { packages: [hello-py], break_system_packages: true }\\n' >plan.yaml`,
        );
        const done = await run("installer run plan.yaml --yes && python3 -c 'import hello_py'");
        expect([done.exitCode, done.output]).toEqual([0, expect.anything()]);
        const back = await run('installer rollback plan.yaml --yes');
        expect([back.exitCode, back.output]).toEqual([0, expect.anything()]);
        expect((await run("python3 -c 'import hello_py'")).exitCode).toBe(1);
        expect((await run('python3 -m pip --version')).exitCode).toBe(0);
      },
      LIMIT_MS,
    );

    it(
      'says what is missing where Python cannot make an environment, and leaves none behind',
      async () => {
        const { run } = await startManaged('pip');
        await run('dpkg --purge --force-depends python3-venv python3.11-venv python3-pip-whl python3-pip');
        const venv = await run('pip_install --venv env hello-py; code=$?; ls; exit $code');
        expect([venv.exitCode, venv.output]).toEqual([
          3,
          expect.stringContaining('✗ this Python cannot make virtual environments with pip\n'),
        ]);
        expect(venv.output).toContain('apt-get install python3-pip python3-venv');
        expect(venv.output).not.toMatch(/^env$/m);
        const system = await run('pip_install hello-py');
        expect([system.exitCode, system.output]).toEqual([1, expect.stringContaining('✗ this Python has no pip\n')]);
      },
      LIMIT_MS,
    );

    it(
      'finishes an environment whose making was ended in the middle',
      async () => {
        const { run } = await startManaged('pip');
        // What `python3 -m venv` has made when it begins to put pip there.
        await run('python3 -m venv --without-pip env');
        const done = await run("pip_install --venv env hello-py && env/bin/python -c 'import hello_py'");
        expect([done.exitCode, done.output]).toEqual([0, expect.anything()]);
      },
      LIMIT_MS,
    );
  },
);
