import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../free-port.ts';
import { type RunningServer, startServer } from '../servers/start-server.ts';
import { pythonTools } from './tools.ts';

const RUN = 'import sys; sys.path.insert(0, sys.argv.pop(1)); from pypiserver.__main__ import main; main(sys.argv[1:])';

/** A real PyPI server on a free port that has these files. @returns with the address of its index */
export async function startPypiServer(files: readonly string[]): Promise<RunningServer & { index: string }> {
  const port = await findFreePort();
  const server = await startServer({
    programs: ['python3'],
    port,
    args: (folder) => {
      const packages = join(folder, 'packages');
      mkdirSync(packages);
      for (const path of files) copyFileSync(path, join(packages, basename(path)));
      const options = ['--port', `${port}`, '--interface', '127.0.0.1', '--disable-fallback', '--hash-algo', 'sha256'];
      return ['-c', RUN, pythonTools, 'run', ...options, packages];
    },
    ready: '/simple/',
  });
  onTestFinished(() => server.stop());
  return { ...server, index: `${server.url}/simple/` };
}
