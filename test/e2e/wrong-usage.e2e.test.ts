import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGround, type Program } from '../support/cli.ts';
import { pathsBelow, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

const CREATE = 'create-cluster';
const INSTALL = 'contextcore-install';

/** Program, arguments, what the error must say. */
const WRONG: readonly [Program, string, RegExp][] = [
  [CREATE, '--resum', /unknown flag --resum\s+next did you mean --resume\?/],
  [CREATE, '--clutser x', /did you mean --cluster\?/],
  [CREATE, 'extra', /unknown command or argument: extra/],
  [CREATE, '--resume --reset', /--resume and --reset exclude each other/],
  [CREATE, '--repair --delete', /exclude each other/],
  [CREATE, '--status --resume', /exclude each other/],
  [CREATE, '--quiet --verbose', /exclude each other/],
  [CREATE, '--only preflight --from preflight', /exclude each other/],
  [CREATE, '--dry-run --delete', /--dry-run does not go with --delete/],
  [CREATE, '--accept-changes', /goes with --resume/],
  [CREATE, '--check', /goes with --status/],
  [CREATE, '--watch --resume', /goes with --status/],
  [CREATE, '--cluster A_B', /--cluster A_B: not a DNS label/],
  [CREATE, '--cluster a --cluster b', /--cluster is given more than once/],
  [CREATE, '--cluster ../../etc', /not a DNS label/],
  [CREATE, '--status --cluster', /--cluster needs a value/],
  [CREATE, '--provider vmware', /--provider takes one of auto, kind, host, not vmware/],
  [CREATE, '--provider host --components grafana', /--components grafana.*\s+next it has: prometheus, alertmanager/],
  [CREATE, '--provider host --without loki', /--without loki/],
  [CREATE, '--provider host --without prometheus,alertmanager', /no component is left/],
  [CREATE, '--provider host --components kafka --dry-run', /--components kafka/],
  [
    CREATE,
    '--provider host --port grafana=3001',
    /--port grafana=3001: there is no such port\s+next there is: prometheus/,
  ],
  [CREATE, '--port prometheus', /not NAME=PORT/],
  [CREATE, '--port prometheus=70000', /from 1 to 65535/],
  [CREATE, '--port a=1 --port b=1', /a has port 1 already/],
  [CREATE, '--port', /--port needs a value/],
  [CREATE, '--timeout 5', /--timeout 5.*not a duration/],
  [CREATE, '--timeout 0s', /must be more than 0/],
  [CREATE, '--secret 1x', /not the name of an environment variable/],
  [CREATE, '--secret NOT_SET_ANYWHERE', /the secret NOT_SET_ANYWHERE is not set/],
  [CREATE, '--preflight-profile huge --provider host', /--preflight-profile: there is no profile "huge"/],
  [CREATE, '--provider host --only warm_up', /--only warm_up: the plan has no such step/],
  [CREATE, '--yes=maybe', /--yes takes no value/],
  [CREATE, '--config', /--config needs a value/],
  [CREATE, '--config nowhere.yaml', /nowhere.yaml: no such file/],
  [INSTALL, '', /a command is needed/],
  [INSTALL, 'runn plan.yaml', /did you mean run\?/],
  [INSTALL, 'run', /contextcore-install run: PLAN is missing\s+next PLAN: YAML file/],
  [INSTALL, 'retry docker pull x', /stands behind --\s+next contextcore-install retry -- docker pull x/],
  [INSTALL, 'checkpoint users', /checkpoint needs a command behind --/],
  [INSTALL, 'checkpoint a/b -- true', /checkpoint "a\/b": a name has/],
  [INSTALL, 'images mirror create-cluster', /images mirror needs --to/],
  [INSTALL, 'dashboards push', /dashboards push needs --url/],
  [INSTALL, 'alerts push --url mimir:9009', /alerts push: --url is not an http\(s\) address\s+next .*127.0.0.1:9009/],
  [INSTALL, 'rebuild-state --from mimir', /--from: not an http\(s\) address\s+next such as http:\/\/127.0.0.1:9009/],
  [INSTALL, 'run nowhere.yaml', /nowhere.yaml: no such file/],
  [INSTALL, 'run plan.yaml --port a=1', /unknown flag --port/],
  [INSTALL, 'run plan.yaml more', /more/],
  [INSTALL, 'status plan.yaml --chekc', /did you mean --check\?/],
  [INSTALL, 'cluster', /create/],
  [INSTALL, 'cluster destroy', /destroy/],
  [INSTALL, 'unlock ../x', /plan name "\.\.\/x"/],
];

describe('wrong usage', () => {
  test(`is exit 2, one sentence and what to do; nothing is started ${covers('exit 2', '--provider', '--components', '--without', '--port', '--timeout', '--secret', '--config', '--cluster')}`, async () => {
    const { start, folder, home } = makeGround();
    writeFile(folder, 'plan.yaml', 'steps: [{ id: a, run: touch started }]\n');
    const wrong: string[] = [];
    const check = async ([program, line, said]: (typeof WRONG)[number], worker: number) => {
      const own = { home: join(home, `of-${worker}`) };
      const { exitCode, stdout, stderr } = await start(program, line.split(' ').filter(Boolean), own).ended;
      const isTold = said.test(stderr) && stderr.startsWith('✗ ') && !/\n\s+at .*:\d+/.test(stderr);
      if (exitCode !== 2 || stdout !== '' || !isTold) wrong.push(`${program} ${line}: ${exitCode} ${stdout}${stderr}`);
    };
    // Two at a time: these are many, and wait for nothing but their own start.
    const queue = [...WRONG];
    const work = async (worker: number) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(next, worker);
    };
    await Promise.all([work(1), work(2)]);
    expect(wrong).toEqual([]);
    expect(pathsBelow(folder).filter((path) => path.endsWith('started'))).toEqual([]);
    expect(pathsBelow(home).filter((path) => path.includes('data') || path.includes('bin'))).toEqual([]);
  });
});

/** A section with one contact point of one setting. */
function notify(setting: string): string {
  return `notifications:\n  contact_points:\n    - name: a\n      type: webhook\n      settings: { ${setting} }\n`;
}

/** Content of a configuration file, what the error must say. */
const BAD_CONFIGS: readonly [string, RegExp][] = [
  ['cluster: [', /c\.yaml:\d+: /],
  ['- cluster', /c\.yaml: must hold flag names/],
  ['yes: true\nclutser: x\n', /c\.yaml:2: unknown setting "clutser"\s+next did you mean "cluster"/],
  ['yes: perhaps\n', /c\.yaml:1: "yes" takes true or false/],
  ['json: false\n\nprovider: vmware\n', /c\.yaml:3: "provider" takes one of auto, kind, host/],
  ['resume: true\n', /c\.yaml:1: unknown setting "resume"/],
  ['only: preflight\n', /c\.yaml:1: unknown setting "only"/],
  ['cluster: { name: x }\n', /c\.yaml:1: "cluster" takes one value/],
  ['timeout: soon\n', /timeout soon.*not a duration/],
  ['port: { prometheus: many }\n', /prometheus=many: not NAME=PORT/],
  ['provider: host\npreflight:\n  disk_gb: lots\n', /c\.yaml.*disk_gb/],
  ['provider: host\npreflight:\n  dsik_gb: 1\n', /c\.yaml.*dsik_gb/],
  ['notifications: { contact_points: [] }\n', /c\.yaml: notifications\.contact_points: /],
  [notify('url: $CCX_NO_SUCH_HOOK'), /the secret CCX_NO_SUCH_HOOK is not set/],
  [notify('password: hush'), /c\.yaml: notifications\.\S+\.password: a secret does not stand here itself/],
  [notify('addresses: a@example.org'), /notifications: need the components grafana and mimir/],
  ['cluster: *nobody\n', /c\.yaml/],
  ['a: 1\na: 2\n', /c\.yaml:2: /],
];

describe('--config', () => {
  test(`names the file and the line of a mistake ${covers('--config', 'exit 2')}`, async () => {
    const { start, folder, home } = makeGround();
    const wrong: string[] = [];
    await Promise.all(
      [0, 1].map(async (half) => {
        for (const [index, [text, said]] of BAD_CONFIGS.entries()) {
          if (index % 2 !== half) continue;
          writeFile(folder, `${half}c.yaml`, text);
          const args = ['--config', `${half}c.yaml`, '--dry-run', '--provider', 'host'];
          const { exitCode, stderr } = await start(CREATE, text.includes('vmware') ? args.slice(0, 3) : args, {
            home: join(home, `${half}`),
          }).ended;
          if (exitCode !== 2 || !said.test(stderr) || /\n\s+at .*:\d+/.test(stderr))
            wrong.push(`${text}: ${exitCode} ${stderr}`);
        }
      }),
    );
    expect(wrong).toEqual([]);
  });

  test(`sets flags, and the command line wins ${covers('--config', '--cluster', '--quiet')}`, async () => {
    const { install, folder, home } = makeGround();
    const plan = writeFile(folder, 'plan.yaml', 'steps: [{ id: a, run: "true" }]\n');
    const config = writeFile(folder, 'c.yaml', 'cluster: from-file\nquiet: true\ntimeout: 1m\nyes: true\n');
    const quiet = await install(['run', plan, '--config', config]);
    expect(quiet).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    await install(['run', plan, '--config', config, '--cluster', 'from-line']);
    const states = pathsBelow(home).filter((path) => path.endsWith('install-state.json'));
    expect(states.map((path) => path.split('/').at(-3))).toEqual(['from-file', 'from-line']);
  });
});

/** Content of a plan, what the error must say. */
const BAD_PLANS: readonly [string, RegExp][] = [
  ['', /p\.yaml/],
  ['steps: []', /steps/],
  ['steps:\n  - id: a\n', /p\.yaml:2: steps\.0: the step "a" says not what to do/],
  ['steps:\n  - { id: a, run: x }\n  - { id: a, run: x }\n', /two steps have the id "a"/],
  ['steps:\n  - { id: a, run: x, needs: [b] }\n', /needs "b"/],
  ['steps:\n  - { id: "a b", run: x }\n', /step id "a b"/],
  ['steps:\n  - { id: a, run: x, colour: red }\n', /p\.yaml:2: .*colour/],
  ['steps:\n  - { id: a, run: x, timeout: soon }\n', /p\.yaml.*a\.timeout soon/],
  ['steps:\n  - { id: a, run: x, attempts: 0 }\n', /attempts/],
  ['steps:\n  - { id: a, run: x, files: [nowhere] }\n', /nowhere/],
  ['name: Not A Label\nsteps: [{ id: a, run: x }]\n', /p\.yaml:1: name: must be a DNS label/],
  ['name: create-cluster\nsteps: [{ id: a, run: x }]\n', /create-cluster/],
  ['steps: [{ id: a, run: x, secrets: [NOT_SET_ANYWHERE] }]\n', /NOT_SET_ANYWHERE/],
];

test(`a wrong plan is exit 2 and never starts ${covers('validate', 'run', 'exit 2')}`, async () => {
  const { install, folder, home } = makeGround();
  const wrong: string[] = [];
  for (const [text, said] of BAD_PLANS) {
    const plan = writeFile(folder, 'p.yaml', text);
    const { exitCode, stderr } = await install(['run', plan]);
    if (exitCode !== 2 || !said.test(stderr) || /\n\s+at .*:\d+/.test(stderr))
      wrong.push(`${text}: ${exitCode} ${stderr}`);
  }
  expect(wrong).toEqual([]);
  expect(pathsBelow(home).filter((path) => path.endsWith('install-state.json'))).toEqual([]);
});
