import { coverSpans } from './find-spans.ts';
import { formsOf, SHORTEST_SECRET } from './secret-forms.ts';
import { createStreamMask, type StreamMask } from './stream-mask.ts';

/** Known secrets, and the hiding of them in any text or byte stream of ours. */
export interface Secrets {
  /** Value of a secret by name, as given to the steps that declare it. */
  value(name: string): string | undefined;
  readonly names: readonly string[];
  /** Hides every form of every secret in a text. */
  mask(text: string): string;
  /** Whether any of the values holds a secret, in any form. */
  isIn(values: Iterable<string>): boolean;
  /** A mask for a stream of bytes, which holds back what might be the beginning of a secret. */
  stream(): StreamMask;
}

/**
 * @param named secrets by name (`--secret NAME`, a plan's own, credential variables of the environment)
 * @param anonymous further values to hide: contents of 0600 files, passwords inside URLs
 */
export function createSecrets(named: Readonly<Record<string, string>>, anonymous: readonly string[] = []): Secrets {
  const values = [...Object.values(named), ...anonymous].filter((value) => value.length >= SHORTEST_SECRET);
  const forms = [...new Set(values.flatMap(formsOf))];
  const byteForms = forms.map((form) => Buffer.from(form, 'utf8').toString('latin1'));
  return {
    names: Object.keys(named),
    value: (name) => (Object.hasOwn(named, name) ? named[name] : undefined),
    mask: (text) => (forms.length === 0 ? text : coverSpans(text, forms)),
    isIn: (texts) => forms.length > 0 && [...texts].some((text) => forms.some((form) => text.includes(form))),
    stream: () => createStreamMask(byteForms),
  };
}
