import { expect, test } from 'vitest';
import type { QueryResult, StepContext } from '../../../src/engine/step.ts';
import { compareStack } from '../../../src/providers/kind/compare-stack.ts';
import type { KubeObject } from '../../../src/providers/kind/kubectl.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';

const named = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'observability' },
});
const [rolling, edited, quiet] = [named('Service', 'rolling'), named('Service', 'edited'), named('Service', 'quiet')];
const config: Pick<ClusterConfig, 'cluster' | 'dataDir' | 'binDir' | 'env'> = {
  cluster: 'test',
  dataDir: '/none',
  binDir: '/none',
  env: {},
};

/** A kubectl that finds these differences, one list for each time that it is asked. */
function fakeKubectl(...answers: (readonly KubeObject[])[]) {
  const asked: number[] = [];
  const query: StepContext['query'] = async ({ args = [], input = '' }) => {
    const answer = (exitCode: number, stdout: string): QueryResult => ({ exitCode, stdout, stderr: '' });
    if (args.includes('get')) {
      const items = args.includes('--selector') ? [] : [rolling, edited, quiet];
      return answer(0, JSON.stringify({ kind: 'List', items }));
    }
    asked.push(input.split('---').length);
    const found = answers[asked.length - 1] ?? [];
    const lines = found.map(({ metadata }) => `+++ /tmp/MERGED-1/v1.Service.observability.${metadata.name}\n`);
    return answer(found.length === 0 ? 0 : 1, lines.join(''));
  };
  return { ctx: { query }, asked };
}

const compare = ({ ctx }: ReturnType<typeof fakeKubectl>) =>
  compareStack(ctx, config as ClusterConfig, [rolling, edited, quiet], 'id', false);

test('what differs only at the moment, since a controller writes its status, has not drifted', async () => {
  const kubectl = fakeKubectl([rolling, edited], [rolling, edited], [edited]);
  expect((await compare(kubectl)).drifted).toEqual([edited]);
  expect(kubectl.asked).toEqual([3, 2, 2]);
});

test('a second look is taken only where there is a difference', async () => {
  const kubectl = fakeKubectl([]);
  expect((await compare(kubectl)).drifted).toEqual([]);
  expect(kubectl.asked).toEqual([3]);
});
