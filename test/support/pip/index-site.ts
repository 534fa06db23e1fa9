import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type HttpSite, startSite } from '../http-site.ts';
import { makeTempFolder } from '../temp-folder.ts';

const WHEEL = 'hello_py-1.0-py3-none-any.whl';

/** https://packaging.python.org/en/latest/specifications/binary-distribution-format */
const MAKE_WHEEL = `
import sys, zipfile
path, name, version, text = sys.argv[1:]
info = f'{name}-{version}.dist-info'
with zipfile.ZipFile(path, 'w') as wheel:
    wheel.writestr(f'{name}.py', (text + '\\n') * 2000)
    wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')
    wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(f'{info}/RECORD', '')
`;

export interface IndexSite {
  /** Address of the index (https://packaging.python.org/en/latest/specifications/simple-repository-api). */
  index: string;
  site: HttpSite;
  sha256: string;
  /** Path of the wheel on the site. */
  path: string;
  /** The wheel itself. */
  wheel: string;
}

/** The text is that of its module. @returns path of `hello_py` 1.0 in that folder */
export function buildWheel(folder: string, text = 'x = 1'): string {
  const file = join(folder, WHEEL);
  execFileSync('python3', ['-c', MAKE_WHEEL, file, 'hello_py', '1.0', text]);
  return file;
}

export function hashFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** An index that has `hello_py` 1.0, which may be kept in caches. */
export async function startIndex(): Promise<IndexSite> {
  const file = buildWheel(await makeTempFolder());
  const wheel = readFileSync(file);
  const sha256 = hashFile(file);
  const path = `/files/${WHEEL}`;
  const site = await startSite({
    '/simple/hello-py/': (_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!DOCTYPE html><html><body><a href="${path}#sha256=${sha256}">${WHEEL}</a></body></html>`);
    },
    [path]: (_request, response) => {
      response.setHeader('cache-control', 'max-age=3600');
      response.setHeader('etag', '"one"');
      response.end(wheel);
    },
  });
  onTestFinished(() => site.close());
  return { index: `${site.url}/simple/`, site, sha256, path, wheel: file };
}
