import type { Row } from './row.ts';
import type { Workspace } from './workspace.ts';

/** One target of the product's performance, measured with its peers in one go. */
export interface Target {
  id: string;
  measure(workspace: Workspace): Promise<readonly Row[]>;
}
