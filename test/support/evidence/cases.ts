import type { Case } from './case.ts';
import { aptCases } from './cases-apt.ts';
import { containerCases } from './cases-containers.ts';
import { gitCases } from './cases-git.ts';
import { nodeCases } from './cases-node.ts';
import { packageCases } from './cases-packages.ts';
import { shellCases } from './cases-shell.ts';
import { webCases } from './cases-web.ts';
import type { Peers } from './peers.ts';

/** Every failure that is captured. */
export function listCases(peers: Peers): readonly Case[] {
  return [webCases, nodeCases, shellCases, aptCases, packageCases, containerCases, gitCases].flatMap((list) =>
    list(peers),
  );
}
