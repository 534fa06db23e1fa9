import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runChild } from '../child.ts';
import type { Candidate } from '../measure.ts';
import type { Workspace } from '../workspace.ts';

/** GNU make, a target for each step; undefined where there is none. */
export function make(workspace: Workspace, steps: number, shape: 'chain' | 'wide'): Candidate | undefined {
  const program = findProgram('make');
  if (program === undefined) return undefined;
  const rules = Array.from({ length: steps }, (_, index) => {
    const need = shape === 'chain' && index > 0 ? ` step-${index - 1}` : '';
    return `step-${index}:${need}\n\t@true >$@\n`;
  });
  const all = Array.from({ length: steps }, (_, index) => `step-${index}`).join(' ');
  const text = `.PHONY: all\nall: ${all}\n${rules.join('')}`;
  return {
    name: `make -j${shape === 'chain' ? 1 : 4}`,
    run: async () => {
      const cwd = workspace.makeFolder();
      writeFileSync(join(cwd, 'Makefile'), text);
      return (await runChild(program, [`-j${shape === 'chain' ? 1 : 4}`, 'all'], { cwd })).ms;
    },
  };
}

/** just, a recipe for each step, each needing the one before. */
export function just(workspace: Workspace, steps: number, program: string): Candidate {
  const recipes = Array.from(
    { length: steps },
    (_, index) => `step-${index}:${index > 0 ? ` step-${index - 1}` : ''}\n    @true\n`,
  );
  return {
    name: 'just',
    run: async () => {
      const cwd = workspace.makeFolder();
      writeFileSync(join(cwd, 'justfile'), recipes.join(''));
      return (await runChild(program, [`step-${steps - 1}`], { cwd })).ms;
    },
  };
}

/** Ansible, a `command` task for each step, on this machine without a connection. */
export function ansible(workspace: Workspace, steps: number, program: string): Candidate {
  const tasks = Array.from({ length: steps }, (_, index) => `    - name: step-${index}\n      command: "true"\n`);
  return {
    name: `ansible, ${steps} steps`,
    run: async () => {
      const cwd = workspace.makeFolder();
      writeFileSync(join(cwd, 'play.yaml'), `- hosts: localhost\n  gather_facts: false\n  tasks:\n${tasks.join('')}`);
      const env = { ...process.env, ANSIBLE_HOME: cwd, ANSIBLE_LOCALHOST_WARNING: 'false', LC_ALL: 'C.UTF-8' };
      // The Python that Ansible itself runs with: one that it finds on the PATH may be a shim that does not start.
      const python = 'ansible_python_interpreter={{ ansible_playbook_python }}';
      return (await runChild(program, ['-c', 'local', '-i', 'localhost,', '-e', python, 'play.yaml'], { cwd, env })).ms;
    },
  };
}
