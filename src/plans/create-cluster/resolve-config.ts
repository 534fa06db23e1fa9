import type { Notifications } from '../../dashboards/alerts/notifications.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Component, Provider } from '../../providers/provider.ts';

/** What the user asked for; absent: not said. */
export interface Wishes {
  components?: readonly string[];
  without: readonly string[];
  ports: Readonly<Record<string, number>>;
  nodeImage?: string;
  imageMirror?: string;
}

/** The choices of an installation, as the state document keeps them under `options`. */
export interface Choices {
  components: Component[];
  ports: Record<string, number>;
  node_image?: string;
  image_mirror?: string;
  notifications?: Notifications;
}

/**
 * The components to install: what was asked for, else what is recorded, else all that the provider has.
 *
 * @throws InstallerError `usage` for one that the provider does not have (those it has are listed)
 */
export function resolveComponents(
  provider: Provider,
  wishes: Wishes,
  recorded: readonly string[] | undefined,
): readonly Component[] {
  for (const [flag, names] of [
    ['--components', wishes.components ?? []],
    ['--without', wishes.without],
  ] as const) {
    const unknown = names.find((name) => !provider.components.includes(name as Component));
    if (unknown !== undefined) {
      throw new InstallerError('usage', `${flag} ${unknown}: provider ${provider.name} does not have it`, {
        hint: `it has: ${provider.components.join(', ')}`,
      });
    }
  }
  const wanted = wishes.components ?? recorded ?? provider.components;
  const chosen = provider.components.filter((name) => wanted.includes(name) && !wishes.without.includes(name));
  if (chosen.length === 0) throw new InstallerError('usage', 'no component is left to install');
  return chosen;
}

/**
 * The host port of each port of the chosen components: by `--port`, else as recorded, else the default, else, when
 * another installation of this user has that, the next free one.
 *
 * @param taken ports of other installations of this user
 * @param isFree whether nothing listens on a port; asked only when a default is taken
 * @throws InstallerError `usage` for an unknown port name
 */
export async function resolvePorts(
  provider: Provider,
  components: readonly Component[],
  wishes: Wishes,
  recorded: Readonly<Record<string, number>>,
  taken: ReadonlySet<number>,
  isFree: (port: number) => Promise<boolean>,
): Promise<Record<string, number>> {
  const specs = provider.ports.filter((spec) => components.includes(spec.component));
  for (const name of Object.keys(wishes.ports)) {
    if (specs.some((spec) => spec.name === name)) continue;
    throw new InstallerError('usage', `--port ${name}=${wishes.ports[name]}: there is no such port`, {
      hint: `there is: ${specs.map((spec) => spec.name).join(', ')}`,
    });
  }
  const ports: Record<string, number> = {};
  const used = new Set([...taken, ...Object.values(wishes.ports), ...Object.values(recorded)]);
  for (const { name, defaultPort } of specs) {
    let port = wishes.ports[name] ?? recorded[name];
    if (port === undefined) {
      port = defaultPort;
      while (used.has(port) || (port !== defaultPort && !(await isFree(port)))) port += 1;
    }
    used.add(port);
    ports[name] = port;
  }
  return ports;
}
