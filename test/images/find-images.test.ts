import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findImages } from '../../src/images/find/find-images.ts';
import { imagesOf, readSources } from '../../src/images/find/read-sources.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const find = (text: string, file = 'x.yaml', env: Record<string, string> = {}) => {
  const found = findImages({ file, text, isYaml: file.endsWith('.yaml') }, env);
  return found?.images.map(({ range, file: _file, ...image }) => ({
    ...image,
    ...(range === undefined ? {} : { source: text.slice(...range) }),
  }));
};

const COMPOSE = `# a stack
x-base: &base
  image: "redis:7"
  platform: linux/amd64
services:
  cache:
    <<: *base
  web: { image: nginx:1.27 } # pinned
  db:
    image: 'postgres:\${PG:-16}'
  api:
    image: \${REGISTRY}/api:1
  made-here:
    image: us/made:1
    build: .
`;

const KUBERNETES = `apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web }
    spec:
      template:
        spec:
          initContainers:
            - { name: a, image: busybox:1 }
          containers:
            - name: b
              image: "nginx:1"
          volumes:
            - name: data
              image: { reference: quay.io/data:2 }
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - image: debian:12
---
apiVersion: v1
kind: ConfigMap
data:
  pod.yaml: "containers: [{ image: not-an-image }]"
`;

describe('the images of a file', () => {
  it('are those of a compose file’s services, through anchors, merges and variables', () => {
    expect(find(COMPOSE, 'x.yaml', { REGISTRY: 'reg.example' })).toEqual([
      { text: 'redis:7', line: 3, by: 'service cache', service: 'cache', platform: 'linux/amd64', source: '"redis:7"' },
      { text: 'nginx:1.27', line: 8, by: 'service web', service: 'web', source: 'nginx:1.27' },
      { text: 'postgres:16', line: 10, by: 'service db', service: 'db' },
      { text: 'reg.example/api:1', line: 12, by: 'service api', service: 'api' },
    ]);
    expect(find(COMPOSE)?.[3]).toMatchObject({ line: 12, problem: 'the variable REGISTRY is not set' });
  });

  it('are those of every pod template in any number of Kubernetes documents', () => {
    expect(find(KUBERNETES)).toEqual([
      { text: 'nginx:1', line: 14, by: 'Deployment web', source: '"nginx:1"' },
      { text: 'busybox:1', line: 11, by: 'Deployment web', source: 'busybox:1' },
      { text: 'quay.io/data:2', line: 17, by: 'Deployment web', source: 'quay.io/data:2' },
      { text: 'debian:12', line: 29, by: 'CronJob nightly', source: 'debian:12' },
    ]);
  });

  it('are the lines of a list', () => {
    const sha = `sha256:${'0'.repeat(64)}`;
    expect(find(`# ours\n\n  nginx:1 # web\r\nredis:7 ${sha}\n`, 'images.txt')).toEqual([
      { text: 'nginx:1', line: 3, by: '', source: 'nginx:1' },
      { text: `redis:7@${sha}`, line: 4, by: '' },
    ]);
    expect(find('- nginx:1\n- redis:7\n')?.map(({ text }) => text)).toEqual(['nginx:1', 'redis:7']);
  });

  it.each([
    ['%% %{A} %A', '$ 1 1'],
    ['%{B:-x}%{B-y}', 'xy'],
    ['%{E:-x}%{E-y}', 'x'],
    ['%{A:+z}%{B+z}', 'z'],
  ])('variables: %s becomes %s', (text, filled) => {
    const image = find(`services: { a: { image: '${text.replaceAll('%', '$')}' } }`, 'x.yaml', { A: '1', E: '' });
    expect(image).toEqual([expect.objectContaining({ text: filled })]);
  });

  it('are found once when YAML refers to itself', () => {
    const text =
      'apiVersion: v1\nkind: Pod\nspec: &s\n  containers: &c\n    - image: a:1\n  again: *s\n  more: [*c, *c]\n';
    expect(find(text)?.map((image) => image.text)).toEqual(['a:1']);
  });

  it('cannot be told of other YAML, and not of what is none', () => {
    expect(find('a: 1\n')).toBeUndefined();
    expect(find('')).toBeUndefined();
    expect(() => find('services:\n  a: [\n')).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringMatching(/^x\.yaml:\d/) }),
    );
  });
});

describe('files and folders', () => {
  it('are read with the variables of the .env beside them', async () => {
    const folder = await makeTempFolder();
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, '.env'), 'TAG="1.27"\n');
    await writeFile(join(folder, 'compose.yaml'), 'services: { web: { image: "nginx:$TAG" } }\n');
    await writeFile(join(folder, 'deep/values.yml'), 'replicas: 2\n');
    await writeFile(join(folder, 'deep/pod.yml'), 'apiVersion: v1\nkind: Pod\nspec: { containers: [{ image: a }] }\n');
    const images = imagesOf(await readSources([folder], {}));
    expect(images.map(({ text }) => text)).toEqual(['nginx:1.27', 'a']);
    await expect(readSources([join(folder, 'deep/values.yml')], {})).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('is no compose file'),
    });
    await expect(readSources([join(folder, 'missing.yaml')], {})).rejects.toThrow(/missing\.yaml: no such file/);
  });
});
