import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serversOf } from '../../../src/providers/host/components.ts';
import { differenceOf, renderConfigs, writeConfig } from '../../../src/providers/host/config-files.ts';
import { isOwn, readMark, writeMark } from '../../../src/providers/host/mark.ts';
import { otlpFlagOf } from '../../../src/providers/host/programs.ts';
import { createHostProvider } from '../../../src/providers/host/provider.ts';
import type { Component } from '../../../src/providers/provider.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const manifestsDir = resolve(import.meta.dirname, '../../../k8s');

async function makeConfig(components: readonly Component[] = ['prometheus', 'alertmanager']) {
  const dataDir = await makeTempFolder();
  return {
    cluster: 'c',
    installId: 'i',
    dataDir,
    manifestsDir,
    components,
    ports: { prometheus: 1234, alertmanager: 4321 },
  };
}

describe('configuration of the servers', () => {
  it('names the ports that were chosen, and takes late samples', async () => {
    const config = await makeConfig();
    const [prometheus, , alertmanager] = await renderConfigs(config, serversOf(config));
    const text = parse(prometheus?.text ?? '');
    expect(text.storage.tsdb.out_of_order_time_window).toBe('24h');
    expect(text.alerting.alertmanagers[0].static_configs[0].targets).toEqual(['127.0.0.1:4321']);
    expect(text.scrape_configs[0].static_configs[0].targets).toEqual(['127.0.0.1:1234']);
    expect(text.rule_files).toContain('rules/*.yml');
    expect(parse(alertmanager?.text ?? '').route.receiver).toBe('none');
  });

  it('does not mention an alertmanager that is not there', async () => {
    const config = await makeConfig(['prometheus']);
    const [prometheus] = await renderConfigs(config, serversOf(config));
    const text = parse(prometheus?.text ?? '');
    expect(text.alerting).toBeUndefined();
    expect(text.scrape_configs).toHaveLength(1);
  });

  it('is written once, and what stood there is kept', async () => {
    const config = await makeConfig();
    const [file] = await renderConfigs(config, serversOf(config));
    if (file === undefined) throw new Error('nothing was rendered');
    expect(await differenceOf(file)).toBe('missing');
    expect(await writeConfig(file, new Date(0))).toBeUndefined();
    expect(await differenceOf(file)).toBeUndefined();
    const { mtimeMs } = await stat(file.path);
    expect(await writeConfig(file, new Date(0))).toBeUndefined();
    expect((await stat(file.path)).mtimeMs).toBe(mtimeMs);
    await writeFile(file.path, 'mine');
    expect(await differenceOf(file)).toBe('edited');
    const copy = await writeConfig(file, new Date(0));
    expect(copy).toBe(`${file.path}.19700101T000000000Z.bak`);
    expect(await readFile(copy ?? '', 'utf8')).toBe('mine');
  });

  it('says which template is missing', async () => {
    const config = { ...(await makeConfig()), manifestsDir: '/nonexistent/k8s' };
    await expect(renderConfigs(config, serversOf(config))).rejects.toMatchObject({
      code: 'config',
      message: 'the template /nonexistent/host/prometheus.yml cannot be read',
    });
  });
});

describe('the mark of the data folder', () => {
  it('proves who made it', async () => {
    const config = await makeConfig();
    expect((await readMark(config)).owner).toBe('absent');
    expect(await isOwn(config)).toBe(false);
    await writeMark(config, new Date(0));
    expect(await readMark(config)).toMatchObject({ owner: 'ours', installId: 'i' });
    expect(await isOwn(config)).toBe(true);
    await expect(isOwn({ ...config, installId: 'j' })).rejects.toMatchObject({ code: 'not_ours' });
    expect((await readMark({ ...config, cluster: 'd' })).owner).toBe('foreign');
  });

  it('is written anew where a run was killed as it wrote it, and only there', async () => {
    const config = await makeConfig();
    const left = join(config.dataDir, `.contextcore.json.${randomUUID()}.tmp`);
    await writeFile(left, '{"made_by":');
    expect((await readMark(config)).owner).toBe('absent');
    await writeMark(config, new Date(0));
    expect((await readMark(config)).owner).toBe('ours');
    expect(await readdir(config.dataDir)).toEqual(['.contextcore.json']);

    const other = await makeConfig();
    await writeFile(join(other.dataDir, '.contextcore.json.mine.tmp'), '');
    expect((await readMark(other)).owner).toBe('foreign');
  });

  it.each(['{}', 'no json', '{"made_by":"contextcore-installer"}'])('is not %s', async (text) => {
    const config = await makeConfig();
    await writeFile(join(config.dataDir, '.contextcore.json'), text);
    expect((await readMark(config)).owner).toBe('foreign');
  });

  it('cannot be told where the folder cannot be read', async () => {
    const config = await makeConfig();
    await mkdir(join(config.dataDir, 'sub'));
    await writeFile(join(config.dataDir, 'file'), '');
    expect((await readMark({ ...config, dataDir: join(config.dataDir, 'file') })).owner).toBe('unknown');
    expect((await readMark({ ...config, dataDir: join(config.dataDir, 'none') })).owner).toBe('absent');
  });
});

describe('the OTLP receiver', () => {
  it.each([
    ['3.x', '      --[no-]web.enable-otlp-receiver', '--web.enable-otlp-receiver'],
    ['2.53', 'Valid options: agent, otlp-write-receiver, exemplar-storage', '--enable-feature=otlp-write-receiver'],
    ['2.42', '--web.enable-remote-write-receiver', ''],
  ])('is switched on as Prometheus %s wants it', (_version, help, flag) => {
    expect(otlpFlagOf(help)).toBe(flag);
  });
});

it('tells its addresses for the chosen components and ports', () => {
  const provider = createHostProvider();
  const shown = { cluster: 'c', components: ['prometheus'] as const, ports: { prometheus: 1234 } };
  expect(provider.endpoints(shown)).toEqual([{ name: 'prometheus', url: 'http://127.0.0.1:1234' }]);
});
