import { KINDS } from './kinds/all-kinds.ts';
import type { PlanSpec } from './plan-schema.ts';

type Check = (value: unknown) => boolean;

/** A DNS label. */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const isText: Check = (value) => typeof value === 'string';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isWords: Check = (value) => value !== '' && (isText(value) || (isTexts(value) && (value as []).length > 0));
const isDuration: Check = (value) => isText(value) || Number.isFinite(value);
const isLabel: Check = (value) => isText(value) && LABEL.test(value as string);
const isAnything: Check = () => true;
const isBetween =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const STEP: Readonly<Record<string, Check>> = {
  id: isText,
  title: isText,
  run: isWords,
  needs: isTexts,
  check: isWords,
  repair: isWords,
  rollback: isWords,
  optional: (value) => typeof value === 'boolean',
  timeout: isDuration,
  attempts: isBetween(1, 100),
  delay: isDuration,
  max_delay: isDuration,
  env: (value) => isRecord(value) && !Object.hasOwn(value, '__proto__') && Object.values(value).every(isText),
  secrets: isTexts,
  files: isTexts,
  // Settings of a kind are checked by the kind.
  ...Object.fromEntries(Object.keys(KINDS).map((key) => [key, isAnything])),
};

const PLAN: Readonly<Record<string, Check>> = {
  name: isLabel,
  cluster: isLabel,
  concurrency: isBetween(1, 256),
  steps: (value) => Array.isArray(value) && value.length > 0 && value.every((step) => isMadeOf(step, STEP, 'id')),
};

/**
 * Whether a plan is written as nearly all are. Its schema would take it as it is, and need not be asked: the library
 * takes longer to load than all else that a run needs. What is not usual may still be right.
 */
export function isUsualPlan(content: unknown): content is PlanSpec {
  return isMadeOf(content, PLAN, 'steps');
}

function isMadeOf(value: unknown, fields: Readonly<Record<string, Check>>, required: string): boolean {
  if (!isRecord(value) || !Object.hasOwn(value, required)) return false;
  return Object.entries(value).every(([key, field]) => Object.hasOwn(fields, key) && fields[key]?.(field) === true);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
